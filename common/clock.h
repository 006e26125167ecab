/* Monotonic and wall time in ns; deadlines. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);
/* What is left until deadline_ns (CLOCK_MONOTONIC), for poll(2): rounded up, 0 when past. */
int clock_left_ms(int64_t deadline_ns);
static inline int64_t clock_after_ms(int64_t ms)
{
	return clock_mono_ns() + ms * 1000000;
}

#endif
