/* What the backends of this machine share. */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdint.h>

#include "host.h"

extern const struct backend backend_netns, backend_loopback, backend_ssh, backend_aws;

/* A socketpair, close on exec, whose ends are never 0..2: those become the agent's own. */
int pair_open(int type, int fd[2], struct err *err);
/* A stream for each host; far_fd (room for lab->nhost, the caller's) gets the agents' ends. */
int streams_open(struct lab *lab, int *far_fd, struct err *err);
void streams_close(struct lab *lab); /* every agent reads end of file; safe twice */
/* As read(2) and write(2), without SIGPIPE. */
ssize_t stream_read(struct lab *lab, size_t host, void *buf, size_t len);
ssize_t stream_write(struct lab *lab, size_t host, const void *buf, size_t len);
/* Waits for the end of a child: 0 ended (and reaped), -1 still there at the deadline. */
int child_wait(pid_t pid, int64_t deadline_ns);
/* What a network stack of our own offers: everything, but rulesets only where nft is. */
unsigned private_offers(void);
/* Of these what programs of this machine are for: NEED_TCPDUMP. */
unsigned tool_offers(void);

#endif
