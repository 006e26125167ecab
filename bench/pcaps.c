/* Reads capture files with code of its own, so that what is measured does not judge itself:
 * classic pcap, either byte order, µs or ns, Ethernet with or without one VLAN tag, IPv4, TCP. */
#include <errno.h>
#include <fts.h>
#include <stdint.h>

#include "measure.h"

static uint32_t word(const uint8_t *p, bool is_swapped)
{
	uint32_t little =
	    (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

	return is_swapped ? __builtin_bswap32(little) : little;
}

static int tcp_flags(const uint8_t *p, size_t len)
{
	size_t at = 14;

	if (len >= 18 && p[12] == 0x81 && p[13] == 0)
		at = 18;
	if (len < at + 40 || p[at - 2] != 8 || p[at - 1] != 0 || p[at] >> 4 != 4 || p[at + 9] != 6)
		return -1;
	size_t tcp = at + 4 * (size_t)(p[at] & 15);
	return len >= tcp + 20 ? p[tcp + 13] : -1;
}

static int read_file(FILE *in, struct pcaps *out)
{
	static uint8_t packet[1 << 18];
	uint8_t head[24], record[16];
	bool has_syn = false, has_rst = false, is_empty = true;

	if (fread(head, 1, sizeof(head), in) != sizeof(head))
		return -1;
	uint32_t magic = word(head, false);
	bool is_swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	if (!is_swapped && magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
		return -1;
	while (fread(record, 1, sizeof(record), in) == sizeof(record)) {
		size_t len = word(record + 8, is_swapped);
		if (len > sizeof(packet) || fread(packet, 1, len, in) != len)
			return -1;
		int flags = tcp_flags(packet, len);
		is_empty = false;
		has_syn |= flags >= 0 && (flags & 0x12) == 0x02;
		has_rst |= flags >= 0 && (flags & 0x04);
	}
	out->files++;
	out->empty += is_empty;
	out->with_syn += has_syn;
	out->with_rst += has_rst;
	return 0;
}

int pcaps_read(const char *folder, struct pcaps *out, char *why)
{
	char *paths[] = { (char *)folder, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int result = 0;

	*out = (struct pcaps){ 0 };
	if (!tree)
		return snprintf(why, WHY_LEN, "%s: %s", folder, strerror(errno)), -1;
	for (FTSENT *at; result == 0 && (at = fts_read(tree));) {
		size_t len = strlen(at->fts_name);
		if (at->fts_info != FTS_F || len < 6 ||
		    strcmp(at->fts_name + len - 5, ".pcap") != 0)
			continue;
		FILE *in = fopen(at->fts_accpath, "re");
		result = in ? read_file(in, out) : -1;
		if (in)
			fclose(in);
		if (result < 0)
			snprintf(why, WHY_LEN, "%s cannot be read", at->fts_path);
	}
	fts_close(tree);
	return result;
}
