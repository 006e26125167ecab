/* A network namespace for a test program or a child of it, and plain sockets in it. */
#ifndef NETSPACE_H
#define NETSPACE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline int netspace_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* The uid to itself, as the netns backend does, and the new rights for programs that are started.
 */
static inline int netspace_user(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -1;
	snprintf(map, sizeof map, "%u %u 1", uid, uid);
	if (netspace_write("/proc/self/setgroups", "deny") < 0 ||
	    netspace_write("/proc/self/uid_map", map) < 0)
		return -1;
	snprintf(map, sizeof map, "%u %u 1", gid, gid);
	return netspace_write("/proc/self/gid_map", map);
}

static inline int netspace_flags(const char *iface, short flags)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int status;

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", iface);
	request.ifr_flags = flags;
	status = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return status;
}

static inline int netspace_up(const char *iface)
{
	return netspace_flags(iface, IFF_UP | IFF_RUNNING);
}

/* Programs that are started keep the rights of the namespace (nft needs CAP_NET_ADMIN). */
static inline int netspace_ambient(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	data[0].inheritable = data[0].permitted;
	data[1].inheritable = data[1].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

/* No right is left to this process, root or not. */
static inline int netspace_no_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	return (int)syscall(SYS_capset, &header, none);
}

/* A network stack of our own with lo up, as root or through a user namespace; -1: not here. */
static inline int netspace_enter(void)
{
	bool is_root = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;

	if (!is_root && (netspace_user() < 0 || netspace_ambient() < 0))
		return -1;
	return netspace_up("lo");
}

/* /run and /var/tmp of this program's own, empty; after netspace_enter. -1: not here. */
static inline int netspace_own_dirs(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0)
		return -1;
	return mount("tmpfs", "/var/tmp", "tmpfs", 0, "mode=1777");
}

static inline struct sockaddr_in netspace_in(const char *ip, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &in.sin_addr);
	return in;
}

static inline int netspace_listen(const char *ip, uint16_t port)
{
	struct sockaddr_in in = netspace_in(ip, port);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 8) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The socket, or -errno. */
static inline int netspace_connect(const char *ip, uint16_t port)
{
	struct sockaddr_in in = netspace_in(ip, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&in, sizeof in) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

#endif
