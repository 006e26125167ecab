/* A capture file read by lab and by libpcap, side by side: where lab reads it itself, nothing may
 * differ. The unit test asks for it, and the fuzz target of captures. */
#ifndef PCAP_TWIN_H
#define PCAP_TWIN_H

#include <stdio.h>
#include <string.h>

#include "pcapfile.h"

static inline bool twin_is_same(const struct frame_seen *frame, const struct pcap_pkthdr *header,
				const unsigned char *bytes)
{
	int64_t t_ns = (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec;
	/* libpcap of Debian 12 reads both as signed; the year 2038 is no lie. */
	bool is_wrapped = header->ts.tv_sec < 0 || header->ts.tv_usec < 0;

	return frame->caplen == header->caplen && frame->len == header->len &&
	       (is_wrapped || frame->t_ns == t_ns) &&
	       memcmp(frame->bytes, bytes, frame->caplen) == 0;
}

/* NULL: the same, or a file that libpcap reads for lab; else what differs. */
static inline const char *pcap_twin(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcapfile file;
	struct frame_seen frame;
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	struct pcaplib lib;
	struct err err = { 0 };
	const char *differs = NULL;

	if (pcapfile_open(&file, AT_FDCWD, path, &err) < 0)
		return NULL;
	if (!file.stream || file.handle) {
		pcapfile_close(&file);
		return NULL;
	}
	FILE *stream = fopen(path, "rbe");
	pcap_t *twin = stream && pcaplib_open(&lib, &err) == 0
			   ? lib.fopen_offline(stream, PCAP_TSTAMP_PRECISION_NANO, why)
			   : NULL;
	if (!twin)
		return "libpcap does not open it";
	if (lib.datalink(twin) != file.linktype || (uint32_t)lib.snapshot(twin) != file.snaplen)
		differs = "the header";
	while (!differs && pcapfile_next(&file, &frame))
		if (lib.next_ex(twin, &header, &bytes) != 1 || !twin_is_same(&frame, header, bytes))
			differs = "a packet";
	if (!differs &&
	    lib.next_ex(twin, &header, &bytes) != (file.is_cut ? PCAP_ERROR : PCAP_ERROR_BREAK))
		differs = "the end";
	lib.close(twin);
	pcapfile_close(&file);
	return differs;
}

#endif
