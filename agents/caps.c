/* Drops and reads capabilities; no libcap. */
#include "caps.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int read_sets(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return (int)syscall(SYS_capget, &header, data);
}

int caps_drop(uint64_t keep, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "no_new_privs");
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* EPERM without CAP_SETPCAP: then there is nothing that the bounding set could bound. */
	for (int i = 0; i < 64; i++)
		if ((keep >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 &&
		    errno == EINVAL)
			break;
	if (read_sets(data) < 0)
		return err_sys(err, "capget");
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return err_sys(err, "capset");
	return 0;
}

int caps_pass(uint64_t keep, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (caps_drop(keep, err) < 0)
		return -1;
	if (read_sets(data) < 0)
		return err_sys(err, "capget");
	for (int i = 0; i < 2; i++)
		data[i].inheritable = data[i].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		return err_sys(err, "capset");
	for (int i = 0; i < 64; i++)
		if ((data[i / 32].permitted >> i % 32 & 1) != 0 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return err_sys(err, "ambient capability %d", i);
	return 0;
}

int caps_user(uid_t uid, gid_t gid, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(err, "keep_caps");
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_sys(err, "uid %u, gid %u", (unsigned)uid, (unsigned)gid);
	if (read_sets(data) < 0)
		return err_sys(err, "capget");
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted;
	return syscall(SYS_capset, &header, data) < 0 ? err_sys(err, "capset") : 0;
}

/* Does this process's user namespace, or one below it, own its network namespace? */
static bool owns_network(void)
{
	int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int owner = net >= 0 ? ioctl(net, NS_GET_USERNS) : -1;
	/* EPERM: the owner is out of our sight, above us. Without /proc believe the sets alone. */
	bool owns = net < 0 || owner >= 0 || errno != EPERM;

	if (owner >= 0)
		close(owner);
	if (net >= 0)
		close(net);
	return owns;
}

uint64_t caps_of_network(void)
{
	struct __user_cap_data_struct data[2];

	if (read_sets(data) < 0 || !owns_network())
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}
