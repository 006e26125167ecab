/* A pcap stream as it arrives. No length that it tells is allocated or waited for before it was
 * checked: at most one record of the announced snaplen waits to become whole. */
#include "pcapstream.h"

#include "util.h"

enum {
	HEADER = 24,
	RECORD = 16,
	ETHERNET = 1,
	MAJOR = 2,
	MINOR = 4,
};

#define MAGIC_MICRO UINT32_C(0xa1b2c3d4)
#define MAGIC_NANO UINT32_C(0xa1b23c4d)

static size_t waiting(const struct pcapstream *stream)
{
	return stream->in.len - stream->at;
}

static const uint8_t *front(const struct pcapstream *stream)
{
	return (const uint8_t *)stream->in.data + stream->at;
}

static uint32_t u32_at(const struct pcapstream *stream, size_t offset)
{
	uint32_t value;

	memcpy(&value, front(stream) + offset, sizeof value);
	return stream->is_swapped ? __builtin_bswap32(value) : value;
}

static uint16_t u16_at(const struct pcapstream *stream, size_t offset)
{
	uint16_t value;

	memcpy(&value, front(stream) + offset, sizeof value);
	return stream->is_swapped ? __builtin_bswap16(value) : value;
}

void pcapstream_feed(struct pcapstream *stream, const void *bytes, size_t len)
{
	if (stream->is_broken || len == 0)
		return;
	buf_drop(&stream->in, stream->at);
	stream->at = 0;
	buf_add(&stream->in, bytes, len);
}

static int header_read(struct pcapstream *stream, struct err *err)
{
	uint32_t magic = u32_at(stream, 0);

	stream->is_swapped =
	    magic == __builtin_bswap32(MAGIC_MICRO) || magic == __builtin_bswap32(MAGIC_NANO);
	magic = u32_at(stream, 0);
	stream->is_nano = magic == MAGIC_NANO;
	if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
		return err_set(err, ERR_BROKE, "no pcap stream: it begins with %08x", magic);
	if (u16_at(stream, 4) != MAJOR || u16_at(stream, 6) != MINOR)
		return err_set(err, ERR_BROKE, "pcap stream of version %u.%u", u16_at(stream, 4),
			       u16_at(stream, 6));
	stream->snaplen = u32_at(stream, 16);
	if (stream->snaplen == 0 || stream->snaplen > PCAPSTREAM_SNAPLEN)
		return err_set(err, ERR_BROKE, "pcap stream with a snaplen of %u", stream->snaplen);
	if (u32_at(stream, 20) != ETHERNET)
		return err_set(err, ERR_BROKE, "pcap stream of link type %u, not Ethernet",
			       u32_at(stream, 20));
	stream->has_header = true;
	stream->at += HEADER;
	return 1;
}

/* The head of a record alone; -1: it cannot be one. */
static int record_read(const struct pcapstream *stream, struct pcapstream_record *record,
		       struct err *err)
{
	uint64_t fraction = u32_at(stream, 4);
	uint64_t number = stream->records + 1;

	*record = (struct pcapstream_record){
		.time_ns = (uint64_t)u32_at(stream, 0) * 1000000000u +
			   (stream->is_nano ? fraction : fraction * 1000),
		.caplen = u32_at(stream, 8),
		.len = u32_at(stream, 12),
	};
	if (fraction >= (stream->is_nano ? 1000000000u : 1000000u))
		return err_set(err, ERR_BROKE, "pcap stream: record %llu: %llu parts of a second",
			       (unsigned long long)number, (unsigned long long)fraction);
	if (record->caplen > stream->snaplen || record->caplen > record->len)
		return err_set(
		    err, ERR_BROKE, "pcap stream: record %llu: %u bytes of %u, snaplen %u",
		    (unsigned long long)number, record->caplen, record->len, stream->snaplen);
	return 0;
}

int pcapstream_next(struct pcapstream *stream, struct pcapstream_record *record, struct err *err)
{
	if (stream->is_broken)
		return err_set(err, ERR_BROKE, "pcap stream: broken before");
	if (!stream->has_header) {
		if (waiting(stream) < HEADER)
			return 0;
		if (header_read(stream, err) < 0)
			goto broken;
	}
	if (waiting(stream) < RECORD)
		return 0;
	if (record_read(stream, record, err) < 0)
		goto broken;
	if (waiting(stream) - RECORD < record->caplen)
		return 0;
	record->bytes = front(stream) + RECORD;
	stream->at += RECORD + record->caplen;
	stream->records++;
	return 1;
broken:
	stream->is_broken = true;
	buf_clear(&stream->in);
	stream->at = 0;
	return -1;
}

bool pcapstream_is_whole(const struct pcapstream *stream)
{
	return stream->has_header && !stream->is_broken && waiting(stream) == 0;
}

void pcapstream_close(struct pcapstream *stream)
{
	buf_close(&stream->in);
	*stream = (struct pcapstream){ 0 };
}
