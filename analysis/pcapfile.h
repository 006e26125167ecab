/* A capture file as a stream of frames, through libpcap: classic pcap and pcapng, time in ns.
 * A file that was cut is read as far as it goes. */
#ifndef PCAPFILE_H
#define PCAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "pcaplib.h"

enum {
	PCAPFILE_LEAST = 24 /* bytes of a classic header; the least pcapng has more */
};

struct frame_seen {
	const uint8_t *bytes; /* valid until the next read */
	size_t caplen, len;   /* any relation: the file may lie */
	int64_t t_ns;         /* realtime */
	uint32_t number;      /* as Wireshark counts, from 1 */
};

struct pcapfile {
	struct pcaplib lib;
	struct pcap *handle;
	int linktype;
	uint32_t count;
	bool is_cut; /* it ends inside a packet, or what follows is no packet */
};

/* dirfd as for openat(2). Only regular files: a FIFO would hang. A file cut within its own header
 * (of a run that a full disk ended) opens as an empty one with is_cut. Link types that packet_parse
 * does not know are an error. */
int pcapfile_open(struct pcapfile *file, int dirfd, const char *name, struct err *err);
/* False at the end; then is_cut says how it ended. */
bool pcapfile_next(struct pcapfile *file, struct frame_seen *out);
void pcapfile_close(struct pcapfile *file); /* safe twice */

#endif
