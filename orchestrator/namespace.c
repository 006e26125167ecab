/* One process and its namespaces. An ordinary user is mapped to itself, not to 0, and keeps its
 * rights as ambient capabilities: then tcpdump, sshd and the like run as if nothing were special.
 */
#include "namespace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "file.h"

enum {
	CAP_WORDS = _LINUX_CAPABILITY_U32S_3
};

pid_t ns_fork(unsigned long flags)
{
	fflush(NULL); /* or buffered text is written twice */
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static int capabilities_get(struct __user_cap_data_struct caps[CAP_WORDS])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return (int)syscall(SYS_capget, &header, caps);
}

static bool has(const struct __user_cap_data_struct caps[CAP_WORDS], unsigned cap)
{
	return caps[cap / 32].effective & (UINT32_C(1) << (cap % 32));
}

bool ns_needs_user(void)
{
	struct __user_cap_data_struct caps[CAP_WORDS];

	if (capabilities_get(caps) < 0)
		return true;
	return !has(caps, CAP_SYS_ADMIN) || !has(caps, CAP_NET_ADMIN);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t done;
	do /* these files take one write */
		done = write(fd, text, strlen(text));
	while (done < 0 && errno == EINTR);
	int sys = errno;
	close(fd);
	errno = sys;
	return done < 0 ? -1 : 0;
}

int ns_map_ids(uid_t uid, gid_t gid, struct err *err)
{
	char map[64];

	if (write_text("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
		return err_sys(err, "/proc/self/setgroups");
	snprintf(map, sizeof map, "%u %u 1", (unsigned)uid, (unsigned)uid);
	if (write_text("/proc/self/uid_map", map) < 0)
		return err_sys(err, "/proc/self/uid_map");
	snprintf(map, sizeof map, "%u %u 1", (unsigned)gid, (unsigned)gid);
	if (write_text("/proc/self/gid_map", map) < 0)
		return err_sys(err, "/proc/self/gid_map");
	return 0;
}

int ns_keep_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[CAP_WORDS];

	if (capabilities_get(caps) < 0)
		return err_sys(err, "capget");
	for (size_t i = 0; i < CAP_WORDS; i++)
		caps[i].inheritable = caps[i].permitted;
	if (syscall(SYS_capset, &header, caps) < 0)
		return err_sys(err, "capset");
	for (unsigned long cap = 0; cap < 32 * CAP_WORDS; cap++) {
		if (!(caps[cap / 32].permitted & (UINT32_C(1) << (cap % 32))))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(err, "ambient capability %lu", cap);
	}
	return 0;
}

/* A new /proc over the tmpfs, or (old >= 0) the tree of the old one again. */
static int mount_proc(int old)
{
	if (old < 0)
		return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	int result = move_mount(old, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH);
	int sys = errno;
	close(old);
	errno = sys;
	return result;
}

int ns_mount(bool has_pid_ns, struct err *err)
{
	int old = -1;

	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "mount: private /");
	if (!has_pid_ns)
		old = open_tree(AT_FDCWD, "/proc",
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (!has_pid_ns && old < 0)
		return err_sys(err, "mount: the old /proc");
	/* The tmpfs goes below a /proc, so it hides nothing and needs no directory of its own;
	 * whoever has it as working directory reaches it, also in a copy of this mount namespace.
	 */
	if (mount("lab", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64m,mode=0755") <
	    0)
		return err_sys(err, "mount: tmpfs"); /* `old` ends with this process */
	if (chdir("/proc") < 0)
		return err_sys(err, "tmpfs");
	if (mount_proc(old) == 0)
		return 0;
	err_sys(err, "mount: /proc");
	return has_pid_ns && err->sys == EPERM ? 1 : -1;
}

int ns_put_text(const char *name, const char *text, struct err *err)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(err, "%s", name);
	/* Readable for all, whatever the umask. */
	int result = fchmod(fd, 0644) < 0 ? -1 : write_all(fd, text, strlen(text));
	if (result < 0)
		err_sys(err, "%s", name);
	close(fd);
	return result;
}

int ns_bind(const char *name, bool is_read_only, const char *target, struct err *err)
{
	const unsigned long same = MS_NOSUID | MS_NODEV | MS_NOEXEC; /* as the tmpfs is mounted */

	if (mount(name, target, "none", MS_BIND, NULL) < 0 ||
	    (is_read_only &&
	     mount("none", target, "none", MS_REMOUNT | MS_BIND | MS_RDONLY | same, NULL) < 0))
		return err_sys(err, "mount over %s", target);
	return 0;
}

/* "net.ipv4.conf.eth0/1.rp_filter" -> "/proc/sys/net/ipv4/conf/eth0.1/rp_filter" */
static int sysctl_path(const char *name, char *path, size_t size)
{
	int len = snprintf(path, size, "/proc/sys/%s", name);

	if (len < 0 || (size_t)len >= size || !starts_with(name, "net.") || strstr(name, "..") ||
	    strchr(name, '/') == name + 4 || name[strlen(name) - 1] == '.')
		return -1;
	for (char *at = path + strlen("/proc/sys/"); *at; at++) {
		if (*at == '.')
			*at = '/';
		else if (*at == '/')
			*at = '.';
		else if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
			return -1;
	}
	return strstr(path, "/../") || strstr(path, "/./") ? -1 : 0;
}

int ns_sysctl(const char *name, const char *value, struct err *err)
{
	char path[256];

	if (sysctl_path(name, path, sizeof path) < 0)
		return err_set(err, ERR_USAGE, "sysctl %s: only net.* can be set for a host", name);
	if (write_text(path, value) == 0)
		return 0;
	int sys = errno;
	if (sys == ENOENT && access("/proc/sys/net/ipv4", F_OK) == 0) {
		err_set(err, ERR_CANNOT, "sysctl %s: this kernel has no such setting", name);
		return 1;
	}
	errno = sys;
	return err_sys(err, "sysctl %s = %s", name, value);
}

bool ns_sysctl_is(const char *name, const char *value)
{
	char path[256], text[256];

	if (sysctl_path(name, path, sizeof path) < 0)
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, text, sizeof text - 1);
	close(fd);
	if (len < 1)
		return false;
	text[len - (text[len - 1] == '\n')] = 0;
	for (char *at = text; *at; at++)
		if (*at == '\t')
			*at = ' ';
	return streq(text, value);
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int ns_close_others(int *keep, size_t count, struct err *err)
{
	unsigned from = 3;

	qsort(keep, count, sizeof *keep, by_number);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)from)
			continue;
		if ((unsigned)keep[i] > from && close_range(from, (unsigned)keep[i] - 1, 0) < 0)
			return err_sys(err, "close_range");
		from = (unsigned)keep[i] + 1;
	}
	if (close_range(from, UINT_MAX, 0) < 0)
		return err_sys(err, "close_range");
	return 0;
}

static bool is_switch(const char *path, char value)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t len = read(fd, text, sizeof text - 1);
	close(fd);
	return len >= 1 && text[0] == value && (len == 1 || text[1] == '\n');
}

struct refusal {
	const char *path; /* a switch of the machine; NULL: none, the last row */
	char value;       /* its value that forbids */
	const char *text;
};

static const struct refusal refusals[] = {
	{ "/proc/sys/user/max_user_namespaces", '0',
	  "user.max_user_namespaces is 0; mend: sudo sysctl user.max_user_namespaces=15000" },
	{ "/proc/sys/user/max_net_namespaces", '0',
	  "user.max_net_namespaces is 0; mend: sudo sysctl user.max_net_namespaces=15000" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", '0',
	  "kernel.unprivileged_userns_clone is 0; mend: sudo sysctl "
	  "kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1',
	  "AppArmor restricts user namespaces; mend: sudo sysctl "
	  "kernel.apparmor_restrict_unprivileged_userns=0" },
};

int ns_explain(int sys, struct err *err)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		if (is_switch(refusals[i].path, refusals[i].value)) {
			/* The switch says more than the errno that it causes. */
			err_set(err, ERR_CANNOT, "no namespaces here: %s", refusals[i].text);
			err->sys = sys;
			return -1;
		}
	}
	const char *text;
	if (sys == ENOSPC)
		text =
		    "a limit on namespaces is reached (/proc/sys/user/max_*_namespaces, here or in "
		    "a "
		    "namespace around this one); mend: sudo sysctl user.max_user_namespaces=15000";
	else if (sys == EPERM || sys == EACCES)
		text = "a sandbox around this process forbids it (seccomp or a container; an "
		       "unmapped uid "
		       "or a chroot do too); mend: run lab as root, or outside the container";
	else if (sys == EINVAL || sys == ENOSYS || sys == EOPNOTSUPP || sys == EAFNOSUPPORT)
		text = "this kernel was built without it; mend: a kernel with CONFIG_NET_NS, "
		       "CONFIG_USER_NS, CONFIG_VETH and CONFIG_BRIDGE";
	else
		text = "unexpected here";
	err_set(err, ERR_CANNOT, "%.400s: %s", err->text, text);
	err->sys = sys;
	return -1;
}
