/* The two clocks and what is left of a deadline. */
#include "clock.h"

#include <limits.h>
#include <time.h>

static int64_t now_ns(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

int64_t clock_real_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

int clock_left_ms(int64_t deadline_ns)
{
	int64_t now = clock_mono_ns(), ms;

	if (deadline_ns <= now)
		return 0;
	ms = (deadline_ns - now - 1) / 1000000 + 1; /* rounded up: poll never ends too early */
	return ms < INT_MAX ? (int)ms : INT_MAX;
}
