/* A network namespace for one test program, and a sink that keeps what it is given. */
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "buf.h"
#include "event.h"
#include "sink.h"
#include "util.h"

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

enum {
	KEPT_MAX = 1024
};

struct kept {
	struct buf encoded[KEPT_MAX];
	struct event event[KEPT_MAX];
	size_t count;
	struct buf records; /* of all PACKETS bodies, without their numbers */
	size_t bodies;
};

static inline void kept_event(void *to, const struct event *event)
{
	struct kept *kept = to;
	struct err err = { 0 };

	if (kept->count == KEPT_MAX)
		return;
	struct buf *buf = &kept->encoded[kept->count];
	event_encode(buf, event);
	if (event_decode(&kept->event[kept->count], buf->data, buf->len, &err) == 0)
		kept->count++;
}

static inline void kept_packets(void *to, const void *body, size_t len)
{
	struct kept *kept = to;

	buf_add(&kept->records, (const char *)body + 2, len - 2);
	kept->bodies++;
}

static inline struct sink kept_sink(struct kept *kept)
{
	return (struct sink){ .event = kept_event, .packets = kept_packets, .to = kept };
}

static inline void kept_clear(struct kept *kept)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		buf_close(&kept->encoded[i]);
	buf_close(&kept->records);
	kept->count = kept->bodies = 0;
}

/* The first event of this kind whose field `name` is `text` (NULL: any); NULL: none. */
static inline const struct event *kept_find(const struct kept *kept, const char *kind,
					    const char *name, const char *text)
{
	for (size_t i = 0; i < kept->count; i++) {
		const struct event *event = &kept->event[i];

		if (!event_is(event, kind))
			continue;
		if (name == NULL ||
		    (event_get(event, name) != NULL && streq(event_get(event, name), text)))
			return event;
	}
	return NULL;
}

static inline size_t kept_count(const struct kept *kept, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < kept->count; i++)
		count += event_is(&kept->event[i], kind) ? 1 : 0;
	return count;
}

#endif
