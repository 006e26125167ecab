/* A pcap stream as it arrives: bytes are fed in any portions, whole records come out. Strict: the
 * writer is a program that we started, so anything unusual means that the stream is not what it
 * should be. Magic of either byte order, µs or ns; version 2.4; Ethernet. */
#ifndef PCAPSTREAM_H
#define PCAPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
	PCAPSTREAM_SNAPLEN = 262144, /* the most that a header may announce */
};

struct pcapstream { /* zero is an empty one */
	struct buf in;
	size_t at; /* bytes of `in` that are read */
	bool has_header, is_swapped, is_nano, is_broken;
	uint32_t snaplen;
	uint64_t records;
};

struct pcapstream_record {
	uint64_t time_ns;
	uint32_t len, caplen; /* caplen <= len, <= snaplen */
	const uint8_t *bytes; /* until the next feed */
};

void pcapstream_feed(struct pcapstream *stream, const void *bytes, size_t len);
/* 1: a record; 0: more bytes are needed; -1: malformed, and so is all that follows. */
int pcapstream_next(struct pcapstream *stream, struct pcapstream_record *record, struct err *err);
/* Nothing is left half: what an end of file must find. */
bool pcapstream_is_whole(const struct pcapstream *stream);
void pcapstream_close(struct pcapstream *stream);

#endif
