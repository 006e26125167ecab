/* Blocks of the pcapng format (draft-ietf-opsawg-pcapng). Always little-endian, so that the file is
 * the same on every machine. */
#include "pcapng.h"

enum block {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6
};
enum option {
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_USERAPPL = 4,
	OPT_IF_NAME = 2,
	OPT_IF_TSRESOL = 9
};
enum {
	OPTION_MAX = 65532
};

static void le16(struct buf *out, uint16_t value)
{
	buf_u8(out, (uint8_t)value);
	buf_u8(out, (uint8_t)(value >> 8));
}

static void le32(struct buf *out, uint32_t value)
{
	le16(out, (uint16_t)value);
	le16(out, (uint16_t)(value >> 16));
}

static void pad(struct buf *out, size_t len)
{
	while (len++ % 4 != 0)
		buf_u8(out, 0);
}

static void option(struct buf *out, enum option code, const void *bytes, size_t len)
{
	if (len > OPTION_MAX)
		len = OPTION_MAX;
	le16(out, (uint16_t)code);
	le16(out, (uint16_t)len);
	buf_add(out, bytes, len);
	pad(out, len);
}

/* Type and length around a body: the length stands at both ends. */
static void block(struct buf *out, enum block type, const struct buf *body)
{
	uint32_t len = (uint32_t)body->len + 12;

	le32(out, (uint32_t)type);
	le32(out, len);
	buf_add(out, body->data, body->len);
	le32(out, len);
}

void pcapng_section(struct buf *out, const char *comment)
{
	struct buf body = { 0 };

	le32(&body, 0x1a2b3c4d);
	le16(&body, 1);
	le16(&body, 0);
	le32(&body, UINT32_MAX); /* section length: not given */
	le32(&body, UINT32_MAX);
	if (comment)
		option(&body, OPT_COMMENT, comment, strlen(comment));
	option(&body, OPT_USERAPPL, "lab " LAB_VERSION, strlen("lab " LAB_VERSION));
	option(&body, OPT_END, "", 0);
	block(out, BLOCK_SECTION, &body);
	buf_close(&body);
}

void pcapng_interface(struct buf *out, uint16_t link_type, uint32_t snaplen, const char *name)
{
	const uint8_t nanoseconds = 9; /* 10^-9 s */
	struct buf body = { 0 };

	le16(&body, link_type);
	le16(&body, 0);
	le32(&body, snaplen);
	option(&body, OPT_IF_NAME, name, strlen(name));
	option(&body, OPT_IF_TSRESOL, &nanoseconds, 1);
	option(&body, OPT_END, "", 0);
	block(out, BLOCK_INTERFACE, &body);
	buf_close(&body);
}

void pcapng_packet(struct buf *out, uint32_t interface, int64_t time_ns, const void *bytes,
		   uint32_t caplen, uint32_t len, const char *comment)
{
	struct buf body = { 0 };

	le32(&body, interface);
	le32(&body, (uint32_t)((uint64_t)time_ns >> 32));
	le32(&body, (uint32_t)time_ns);
	le32(&body, caplen);
	le32(&body, len);
	buf_add(&body, bytes, caplen);
	pad(&body, caplen);
	if (comment) {
		option(&body, OPT_COMMENT, comment, strlen(comment));
		option(&body, OPT_END, "", 0);
	}
	block(out, BLOCK_PACKET, &body);
	buf_close(&body);
}
