/* pcapstream: records out of any portions, and every way in which a stream can be none. */
#include "unit.h"

#include "pcapstream.h"
#include "util.h"

struct form {
	bool is_swapped, is_nano;
};

static void put(struct buf *out, const struct form *form, uint32_t value, size_t bytes)
{
	uint8_t raw[4];

	for (size_t i = 0; i < bytes; i++)
		raw[form->is_swapped ? bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
	buf_add(out, raw, bytes);
}

static void put_header(struct buf *out, const struct form *form, uint32_t snaplen, uint32_t link)
{
	put(out, form, form->is_nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put(out, form, 2, 2);
	put(out, form, 4, 2);
	put(out, form, 0, 4);
	put(out, form, 0, 4);
	put(out, form, snaplen, 4);
	put(out, form, link, 4);
}

static void put_head(struct buf *out, const struct form *form, uint32_t fraction, uint32_t caplen,
		     uint32_t len)
{
	put(out, form, 1700000000, 4);
	put(out, form, fraction, 4);
	put(out, form, caplen, 4);
	put(out, form, len, 4);
}

/* This machine is little-endian where the tests run; the other order is is_swapped then. */
static const struct form forms[] = {
	{ false, false }, { false, true }, { true, false }, { true, true }
};

static struct buf three_records(const struct form *form)
{
	struct buf out = { 0 };

	put_header(&out, form, 100, 1);
	for (uint32_t i = 0; i < 3; i++) {
		put_head(&out, form, 5 + i, i * 50, 50 + i * 50);
		for (uint32_t b = 0; b < i * 50; b++)
			buf_u8(&out, (uint8_t)(b + i));
	}
	return out;
}

static void check_record(const struct pcapstream_record *record, const struct form *form,
			 uint32_t i)
{
	uint64_t fraction = form->is_nano ? 5 + i : (5 + i) * 1000;

	assert_int_equal(record->time_ns, UINT64_C(1700000000000000000) + fraction);
	assert_int_equal(record->caplen, i * 50);
	assert_int_equal(record->len, 50 + i * 50);
	for (uint32_t b = 0; b < record->caplen; b++)
		assert_int_equal(record->bytes[b], (uint8_t)(b + i));
}

static void records_come_out_of_any_portions_in_either_byte_order(void **state)
{
	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		struct buf bytes = three_records(&forms[f]);

		for (size_t portion = 1; portion <= bytes.len; portion++) {
			struct pcapstream stream = { 0 };
			struct pcapstream_record record;
			struct err err = { 0 };
			uint32_t count = 0;

			for (size_t at = 0; at < bytes.len; at += portion) {
				size_t left = bytes.len - at;

				pcapstream_feed(&stream, bytes.data + at,
						left < portion ? left : portion);
				while (pcapstream_next(&stream, &record, &err) == 1)
					check_record(&record, &forms[f], count++);
			}
			assert_int_equal(count, 3);
			assert_int_equal(stream.records, 3);
			assert_true(pcapstream_is_whole(&stream));
			pcapstream_close(&stream);
		}
		buf_close(&bytes);
	}
}

static void a_stream_that_was_cut_is_not_whole(void **state)
{
	struct buf bytes = three_records(&forms[1]);

	(void)state;
	for (size_t len = 0; len < bytes.len; len++) {
		struct pcapstream stream = { 0 };
		struct pcapstream_record record;
		struct err err = { 0 };
		int status;
		/* Behind the header and each record it could have ended. */
		bool is_border = len == 24 || len == 24 + 16 || len == 24 + 2 * 16 + 50;

		pcapstream_feed(&stream, bytes.data, len);
		while ((status = pcapstream_next(&stream, &record, &err)) == 1)
			;
		assert_int_equal(status, 0);
		assert_int_equal(pcapstream_is_whole(&stream), is_border);
		pcapstream_close(&stream);
	}
	buf_close(&bytes);
}

/* The stream is refused with these words, and stays so whatever follows. */
static void refused(struct buf *bytes, const char *words)
{
	struct pcapstream stream = { 0 };
	struct pcapstream_record record;
	struct err err = { 0 };

	pcapstream_feed(&stream, bytes->data, bytes->len);
	assert_int_equal(pcapstream_next(&stream, &record, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("%s: not %s", err.text, words);
	struct buf good = three_records(&forms[0]);
	pcapstream_feed(&stream, good.data, good.len);
	assert_int_equal(pcapstream_next(&stream, &record, &err), -1);
	assert_false(pcapstream_is_whole(&stream));
	assert_int_equal(stream.in.len, 0);
	pcapstream_close(&stream);
	buf_close(&good);
	buf_close(bytes);
}

static void header_refused(const struct form *form, uint32_t snaplen, uint32_t link,
			   const char *words)
{
	struct buf bytes = { 0 };

	put_header(&bytes, form, snaplen, link);
	refused(&bytes, words);
}

static void what_is_no_pcap_of_ethernet_is_refused(void **state)
{
	struct buf bytes = { 0 };

	(void)state;
	buf_str(&bytes, "tcpdump: listening on eth0");
	refused(&bytes, "no pcap stream");
	put(&bytes, &forms[0], 0x0a0d0d0a, 4); /* pcapng */
	put_header(&bytes, &forms[0], 100, 1);
	refused(&bytes, "no pcap stream");
	put(&bytes, &forms[0], 0xa1b2cd34, 4); /* Kuznetzov's */
	put_header(&bytes, &forms[0], 100, 1);
	refused(&bytes, "no pcap stream");
	header_refused(&forms[0], 100, 113, "link type 113"); /* -i any */
	header_refused(&forms[2], 0, 1, "snaplen of 0");
	header_refused(&forms[2], PCAPSTREAM_SNAPLEN + 1, 1, "snaplen of 262145");
	header_refused(&forms[0], 0x7fffffff, 1, "snaplen of 2147483647");
	put_header(&bytes, &forms[0], 100, 1);
	bytes.data[4] = 3;
	refused(&bytes, "version 3.4");
}

static void a_record_with_absurd_numbers_is_refused_before_its_bytes_come(void **state)
{
	static const struct {
		size_t form;
		uint32_t fraction, caplen, len;
		const char *words;
	} rows[] = {
		{ 0, 0, 101, 101, "record 1: 101 bytes of 101, snaplen 100" },
		{ 2, 0, 0xffffffff, 0xffffffff, "4294967295 bytes" },
		{ 0, 0, 60, 59, "60 bytes of 59" },
		{ 0, 1000000, 0, 0, "1000000 parts of a second" },
		{ 1, 1000000000, 0, 0, "1000000000 parts of a second" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf bytes = { 0 };

		put_header(&bytes, &forms[rows[i].form], 100, 1);
		put_head(&bytes, &forms[rows[i].form], rows[i].fraction, rows[i].caplen,
			 rows[i].len);
		refused(&bytes, rows[i].words);
	}
}

static void nothing_waits_longer_than_one_record(void **state)
{
	struct pcapstream stream = { 0 };
	struct pcapstream_record record;
	struct err err = { 0 };
	struct buf bytes = { 0 };
	char packet[60] = { 0 };

	(void)state;
	put_header(&bytes, &forms[0], 262144, 1);
	for (int i = 0; i < 10000; i++) {
		put_head(&bytes, &forms[0], 0, sizeof packet, 1500);
		buf_add(&bytes, packet, sizeof packet);
		pcapstream_feed(&stream, bytes.data, bytes.len);
		assert_int_equal(pcapstream_next(&stream, &record, &err), 1);
		assert_int_equal(pcapstream_next(&stream, &record, &err), 0);
		buf_clear(&bytes);
	}
	assert_true(stream.in.cap < 4096);
	pcapstream_close(&stream);
	buf_close(&bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_of_any_portions_in_either_byte_order),
		cmocka_unit_test(a_stream_that_was_cut_is_not_whole),
		cmocka_unit_test(what_is_no_pcap_of_ethernet_is_refused),
		cmocka_unit_test(a_record_with_absurd_numbers_is_refused_before_its_bytes_come),
		cmocka_unit_test(nothing_waits_longer_than_one_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
