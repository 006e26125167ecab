/* A pcap stream as tcpdump's pipe brings it, in portions that the first byte chooses: what comes
 * out is what a second reader finds that gets all at once, and lies inside what was fed. */
/* Aims at: agents/pcapstream.c */
#include "fuzz.h"

#include "pcapstream.h"

struct seen {
	uint64_t count, bytes, times;
	int status;
	bool is_whole;
};

static struct seen read_in_portions(const uint8_t *bytes, size_t len, size_t portion)
{
	struct pcapstream stream = { 0 };
	struct pcapstream_record record;
	struct err err = { 0 };
	struct seen seen = { 0 };

	for (size_t at = 0; at < len && seen.status >= 0; at += portion) {
		size_t left = len - at;

		pcapstream_feed(&stream, bytes + at, left < portion ? left : portion);
		while ((seen.status = pcapstream_next(&stream, &record, &err)) == 1) {
			LAW(record.caplen <= record.len && record.caplen <= PCAPSTREAM_SNAPLEN);
			for (uint32_t i = 0; i < record.caplen; i++)
				seen.bytes = seen.bytes * 31 + record.bytes[i];
			seen.times = seen.times * 31 + record.time_ns;
			seen.count++;
		}
		LAW(seen.status == 0 || err.text[0] != '\0');
		LAW(stream.in.len - stream.at <= PCAPSTREAM_SNAPLEN + 16);
	}
	LAW(seen.count == stream.records && seen.count <= len / 16);
	seen.is_whole = pcapstream_is_whole(&stream);
	pcapstream_close(&stream);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return 0;
	struct seen whole = read_in_portions(bytes + 1, len - 1, len);
	struct seen parts = read_in_portions(bytes + 1, len - 1, bytes[0] + (size_t)1);

	LAW(whole.count == parts.count && whole.bytes == parts.bytes);
	LAW(whole.times == parts.times && whole.status == parts.status);
	LAW(whole.is_whole == parts.is_whole);
	return 0;
}
