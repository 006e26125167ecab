/* The kernel's retransmit timer of a SYN, step by step: 1 s between SYNs, doubling once more than
 * `linear` timers have fired; connect() fails at the first timer at or after the time that
 * `retries` doublings would have taken (tcp_timer.c: tcp_write_timeout, tcp_model_timeout). */
#include "synclock.h"

enum {
	RTO_MS = 1000,
	RTO_MAX_MS = 120000,
	DOUBLINGS = 6
}; /* log2(120 s / 1 s), rounded down */

static int64_t patience_ms(int retries)
{
	if (retries <= DOUBLINGS)
		return ((int64_t)(2 << retries) - 1) * RTO_MS;
	return ((int64_t)(2 << DOUBLINGS) - 1) * RTO_MS +
	       (int64_t)(retries - DOUBLINGS) * RTO_MAX_MS;
}

/* The timer wheel keeps 64 slots a level, each level 8 times coarser, and rounds up. */
static int64_t grain_us(int64_t rto_ms, int64_t jiffy_us)
{
	int64_t jiffies = rto_ms * 1000 / jiffy_us, grain = 1;

	while (jiffies >= 63 * grain && grain < 1 << 24)
		grain *= 8;
	return grain * jiffy_us;
}

void syn_schedule(struct syn_schedule *out, int retries, int linear, int64_t jiffy_us)
{
	int64_t now_ms = 0, rto_ms = RTO_MS, late_us = 0;
	int64_t patience;
	int fired = 0;

	if (jiffy_us <= 0)
		jiffy_us = 4000;
	if (retries < 1)
		retries = 1;
	if (retries > 127)
		retries = 127;
	patience = patience_ms(retries);
	*out = (struct syn_schedule){ .nsyn = 1 };
	for (;;) {
		late_us += grain_us(rto_ms, jiffy_us);
		now_ms += rto_ms;
		if (now_ms >= patience || out->nsyn == SYNS_MAX)
			break;
		out->at_ms[out->nsyn++] = now_ms;
		if (++fired > linear)
			rto_ms = rto_ms * 2 < RTO_MAX_MS ? rto_ms * 2 : RTO_MAX_MS;
	}
	out->least_ms = now_ms;
	out->likely_ms = now_ms + late_us / 2000;
	out->most_ms = now_ms + late_us / 1000 + 50;
}
