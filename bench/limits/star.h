/* A star: one bridge in a namespace of its own, and hosts on it, each a process in a network
 * namespace of its own. When star_make returns every link carries packets: the bridge forwards, and
 * both ends of each cable are up. */
#ifndef LIMITS_STAR_H
#define LIMITS_STAR_H

#include <stdint.h>
#include <sys/types.h>

struct star_host {
	pid_t pid;
	int fd;      /* a stream to the host's process */
	int ifindex; /* of its port */
	int is_up, forwards;
};

struct star {
	int count;
	int nl, events;
	struct star_host *host;
};

/* The address of a host, in host byte order: 10.7.0.1 for the first; all in one /16. */
uint32_t star_address(int host);
/* `play` runs in the host's process when its link is up; it returns at the end of `fd`. */
void star_make(struct star *star, int count, void (*play)(int host, int fd));
/* Ends all processes. The kernel takes their namespaces down afterwards, as it does lab's. */
void star_end(struct star *star);

void give(int fd, const void *data, size_t len);
/* 0 at end of file. */
int take(int fd, void *data, size_t len);

#endif
