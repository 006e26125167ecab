/* run.pcapng: every capture of a run in one file that Wireshark opens, one interface a host and
 * link, with the evidence as packet comments. */
#ifndef PCAPNG_H
#define PCAPNG_H

#include "report.h"

/* Merges capture/FILE.pcap of the directory in time order into run.pcapng there (written beside and
 * renamed); where the run has no capture, none is there afterwards. The same input gives the same
 * bytes.
 */
int pcapng_write(int dirfd, const struct result *result, struct err *err);

/* One block each, little-endian; `comment` may be NULL. Times in ns since 1970. */
void pcapng_section(struct buf *out, const char *comment);
void pcapng_interface(struct buf *out, uint16_t link_type, uint32_t snaplen, const char *name);
void pcapng_packet(struct buf *out, uint32_t interface, int64_t time_ns, const void *bytes,
		   uint32_t caplen, uint32_t len, const char *comment);

#endif
