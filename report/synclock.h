/* When Linux sends a SYN again and when it gives up, computed from the host's sysctls: what a
 * person waits is a prediction, never a constant of ours. Pure. */
#ifndef SYNCLOCK_H
#define SYNCLOCK_H

#include <stddef.h>
#include <stdint.h>

enum {
	SYNS_MAX = 512
};

struct syn_schedule {
	size_t nsyn;             /* SYNs sent, the first included */
	int64_t at_ms[SYNS_MAX]; /* nominal time of each; at_ms[0] is 0 */
	int64_t least_ms;        /* connect() fails no sooner, */
	int64_t likely_ms; /* most likely here (timers fire late, by the timer wheel's grain), */
	int64_t most_ms;   /* and no later */
};

/* retries: net.ipv4.tcp_syn_retries or TCP_SYNCNT (1..127). linear: tcp_syn_linear_timeouts, 0 for
 * a kernel without it. jiffy_us: the kernel's tick in microseconds; 0: 4000 (250 Hz). */
void syn_schedule(struct syn_schedule *out, int retries, int linear, int64_t jiffy_us);

#endif
