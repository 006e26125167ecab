/* A capture file as a stream of frames: classic pcap and pcapng, time in ns. What lab itself writes
 * is read here, all else through libpcap, which is loaded for it. A file that was cut is read as
 * far as it goes. */
#ifndef PCAPFILE_H
#define PCAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
	struct pcap *handle; /* NULL: lab's own form, or nothing to read */
	FILE *stream;        /* NULL: nothing to read */
	uint8_t *bytes;      /* [cap], of a packet in lab's own form */
	size_t cap;
	int linktype;
	uint32_t snaplen;
	uint32_t count;
	bool is_cut;    /* it ends inside a packet, or what follows is no packet */
	bool is_broken; /* ... because the disk could not be read */
};

/* dirfd as for openat(2). Only regular files: a FIFO would hang. A file cut within its own header
 * (of a run that a full disk ended) opens as an empty one with is_cut. Link types that packet_parse
 * does not know are an error. */
int pcapfile_open(struct pcapfile *file, int dirfd, const char *name, struct err *err);
/* The same with a descriptor, which is taken over; `name` is for errors. */
int pcapfile_take(struct pcapfile *file, int fd, const char *name, struct err *err);
/* False at the end; then is_cut says how it ended. */
bool pcapfile_next(struct pcapfile *file, struct frame_seen *out);
void pcapfile_close(struct pcapfile *file); /* safe twice */

#endif
