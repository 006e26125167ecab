/* A flow as a short text that is the same on every repetition: handshake, data as bytes per
 * direction and turn, how it ended. docs/wire.md describes the notation. */
#ifndef FOLD_H
#define FOLD_H

#include <stdint.h>

#include "arena.h"
#include "flow.h"

struct folded {
	const char *text;      /* "C>S [S] 2, S>C [R.]"; "" for no flow */
	const char *canonical; /* what is hashed: without counts of repetitions, with the end */
};

/* What closes after `until_ns` (the segments' clock) is left out: the flow counts as open.
 * flow NULL: nothing was seen. */
struct folded fold_flow(const struct flow *flow, int64_t until_ns, struct arena *arena);
/* tcpdump's flags: "[S.]", "[P.]"; ICMP: "icmp 3/3" (in the arena). */
const char *fold_flags(const struct segment *segment, struct arena *arena);

#endif
