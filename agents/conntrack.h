/* Connections that the kernel tracks, of the run's ports: who translated or forgot one. */
#ifndef CONNTRACK_H
#define CONNTRACK_H

#include <stddef.h>
#include <stdint.h>

#include "sink.h"

enum {
	CONNTRACK_ROWS = 256,
	CONNTRACK_LINES = 65536 /* of the whole machine, that are looked at */
};

/* `conntrack` for each entry with one of these ports, then `conntracks`; nothing at all where this
 * kernel tracks none, or tells it to nobody. Reads /proc, else runs conntrack(8). */
void conntrack_emit(int64_t snapshot, const uint16_t *ports, size_t nport, const struct sink *sink);
/* The same from text of that form; from PROC_KEPT bytes on it is not the whole. */
void conntrack_emit_text(int64_t snapshot, const char *text, const uint16_t *ports, size_t nport,
			 const struct sink *sink);

#endif
