/* run.pcapng: the merged file byte by byte, and as tcpdump and tshark read it. */
#include "t_report_fixture.h"

#include "folder.h"
#include "pcapng.h"
#include "proc.h"

/* A minimal pcap writer of the test's own: little-endian, nanoseconds, Ethernet. */
static void put32(struct buf *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		buf_u8(out, (uint8_t)(value >> 8 * i));
}

static void put_header(struct buf *out)
{
	put32(out, 0xa1b23c4d);
	put32(out, 2 | 4 << 16);
	put32(out, 0);
	put32(out, 0);
	put32(out, 65535);
	put32(out, 1);
}

static void put_packet(struct buf *out, uint32_t seconds, uint32_t ns, uint8_t mark)
{
	/* Ethernet, IPv4, TCP 10.7.0.2:40000 > 10.7.0.1:1234 [S] */
	static const uint8_t syn[] = {
		2, 0,    10,   7, 0,  1, 2, 0, 10, 7, 0,    2, 8,    0,    0x45, 0, 0,    40,
		0, 1,    0x40, 0, 64, 6, 0, 0, 10, 7, 0,    2, 10,   7,    0,    1, 0x9c, 0x40,
		4, 0xd2, 0,    0, 0,  1, 0, 0, 0,  0, 0x50, 2, 0xff, 0xff, 0,    0, 0,    0,
	};

	put32(out, seconds);
	put32(out, ns);
	put32(out, sizeof syn);
	put32(out, sizeof syn);
	buf_add(out, syn, sizeof syn);
	out->data[out->len - sizeof syn + 19] = (char)mark; /* IP id */
}

struct dir {
	char path[FOLDER_PATH];
	int fd;
};

static struct dir dir_make(const char *folder)
{
	struct dir dir;

	folder_inside(folder, dir.path);
	dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir.fd >= 0);
	assert_int_equal(mkdirat(dir.fd, "capture", 0700), 0);
	return dir;
}

static void dir_put(const struct dir *dir, const char *name, const struct buf *bytes)
{
	struct err err = { 0 };

	if (file_write(dir->fd, name, bytes->data, bytes->len, &err) < 0)
		fail_msg("%s", err.text);
}

static void dir_close(struct dir *dir)
{
	close(dir->fd);
}

/* client-1 holds 15 packets, server 23, taken in turns; the evidence of the fixture cites some. */
static void put_captures(const struct dir *dir)
{
	struct buf client = { 0 }, server = { 0 };

	put_header(&client);
	put_header(&server);
	for (uint8_t i = 1; i <= 15; i++)
		put_packet(&client, 1700000000, 1000u * i, i);
	for (uint8_t i = 1; i <= 23; i++)
		put_packet(&server, 1700000000, 1000u * i + 1, (uint8_t)(i + 100));
	dir_put(dir, "capture/client-1.lan.pcap", &client);
	dir_put(dir, "capture/server.lan.pcap", &server);
	buf_close(&client);
	buf_close(&server);
}

static struct buf merged(const struct dir *dir, const struct result *result)
{
	struct buf out = { 0 };
	struct err err = { 0 };

	if (pcapng_write(dir->fd, result, &err) < 0 ||
	    file_read(dir->fd, "run.pcapng", 1 << 20, &out, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

static uint32_t get32(const struct buf *bytes, size_t at)
{
	const uint8_t *b = (const uint8_t *)bytes->data;

	assert_true(at + 4 <= bytes->len);
	if (!b)
		return 0;
	b += at;
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void blocks_are_whole_and_packets_in_time_order(void **state)
{
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	size_t nblock[7] = { 0 };
	uint64_t before = 0;
	struct buf file;

	put_captures(&dir);
	file = merged(&dir, &result);
	assert_int_equal(get32(&file, 0), 0x0a0d0d0a);
	assert_int_equal(get32(&file, 8), 0x1a2b3c4d);
	for (size_t at = 0; at < file.len;) {
		uint32_t type = get32(&file, at), len = get32(&file, at + 4);

		assert_int_equal(len % 4, 0);
		assert_int_equal(get32(&file, at + len - 4), len);
		nblock[type < 7 ? type : 0]++;
		if (type == 6) {
			uint64_t time =
			    (uint64_t)get32(&file, at + 12) << 32 | get32(&file, at + 16);

			assert_true(time > before);
			assert_true(time / 1000000000 == 1700000000);
			before = time;
		}
		at += len;
	}
	assert_int_equal(nblock[0], 1);
	assert_int_equal(nblock[1], 2);
	assert_int_equal(nblock[6], 38);
	buf_close(&file);
	dir_close(&dir);
	arena_close(&arena);
}

static void written_again_it_is_the_same(void **state)
{
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	struct buf first, second;

	put_captures(&dir);
	first = merged(&dir, &result);
	assert_int_equal(unlinkat(dir.fd, "run.pcapng", 0), 0);
	second = merged(&dir, &result);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	buf_close(&first);
	buf_close(&second);
	dir_close(&dir);
	arena_close(&arena);
}

static void a_cut_or_missing_capture_gives_what_is_there(void **state)
{
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	struct buf cut = { 0 }, file;
	size_t npacket = 0;

	put_header(&cut);
	put_packet(&cut, 1700000000, 1, 1);
	put_packet(&cut, 1700000000, 2, 2);
	cut.len -= 5;
	dir_put(&dir, "capture/client-1.lan.pcap", &cut);
	file = merged(&dir, &result);
	for (size_t at = 0; at < file.len; at += get32(&file, at + 4))
		npacket += get32(&file, at) == 6;
	assert_int_equal(npacket, 1);
	buf_close(&cut);
	buf_close(&file);
	dir_close(&dir);
	arena_close(&arena);
}

/* A directory in a capture's place: it opens, and each read from it fails as a broken disk's. */
static void a_capture_that_cannot_be_read_is_an_error(void **state)
{
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	struct err err = { 0 };

	assert_int_equal(mkdirat(dir.fd, "capture/server.lan.pcap", 0700), 0);
	assert_int_equal(pcapng_write(dir.fd, &result, &err), -1);
	assert_non_null(strstr(err.text, "cannot read capture/server.lan.pcap"));
	assert_int_equal(faccessat(dir.fd, "run.pcapng", F_OK, 0), -1);
	dir_close(&dir);
	arena_close(&arena);
}

static void a_name_that_leaves_the_directory_is_refused(void **state)
{
	static const struct capture_info outside = { "x", "lan", "../../etc/x", 0, 0, false };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	struct err err = { 0 };

	result.analysis.capture = &outside;
	result.analysis.ncapture = 1;
	assert_int_equal(pcapng_write(dir.fd, &result, &err), -1);
	assert_non_null(strstr(err.text, "not the name of a capture"));
	dir_close(&dir);
	arena_close(&arena);
}

/* What PROGRAM prints about run.pcapng; skipped where it is not installed. */
static void read_with(struct proc_result *out, const char *const *argv)
{
	struct err err = { 0 };

	if (proc_run(argv, NULL, 20000, out, &err) < 0)
		fail_msg("%s", err.text);
	if (out->status != 0)
		fail_msg("%s: %s", argv[0], out->err.data);
}

static void tshark_shows_interfaces_and_comments(void **state)
{
	need_program("tshark");
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	char path[128];
	const char *const argv[] = { "tshark", "-n",
				     "-r",     path,
				     "-T",     "fields",
				     "-E",     "separator=|",
				     "-e",     "frame.interface_name",
				     "-e",     "frame.time_epoch",
				     "-e",     "frame.comment",
				     NULL };
	struct proc_result out;
	struct buf file;

	put_captures(&dir);
	file = merged(&dir, &result);
	snprintf(path, sizeof path, "%s/run.pcapng", dir.path);
	read_with(&out, argv);
	assert_non_null(strstr(
	    out.out.data, "client-1.lan|1700000000.000014000|carol: RST answers the SYN, ack = "
			  "ISN+1 (refused.no-listener)"));
	assert_non_null(strstr(out.out.data,
			       "server.lan|1700000000.000023001|carol: the RST left the server "
			       "itself (refused.no-listener)"));
	assert_non_null(strstr(out.out.data, "client-1.lan|1700000000.000001000|\n"));
	proc_result_close(&out);
	buf_close(&file);
	dir_close(&dir);
	arena_close(&arena);
}

static void tcpdump_reads_every_packet(void **state)
{
	need_program("tcpdump");
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct dir dir = dir_make(*state);
	char path[128];
	const char *const argv[] = { "tcpdump", "-nn", "-r", path, NULL };
	struct proc_result out;
	struct buf file;
	size_t lines = 0;

	put_captures(&dir);
	file = merged(&dir, &result);
	snprintf(path, sizeof path, "%s/run.pcapng", dir.path);
	read_with(&out, argv);
	for (const char *at = out.out.data; (at = strstr(at, "10.7.0.1.1234: Flags [S]")); at++)
		lines++;
	assert_int_equal(lines, 38);
	proc_result_close(&out);
	buf_close(&file);
	dir_close(&dir);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_whole_and_packets_in_time_order),
		cmocka_unit_test(written_again_it_is_the_same),
		cmocka_unit_test(a_cut_or_missing_capture_gives_what_is_there),
		cmocka_unit_test(a_capture_that_cannot_be_read_is_an_error),
		cmocka_unit_test(a_name_that_leaves_the_directory_is_refused),
		cmocka_unit_test(tshark_shows_interfaces_and_comments),
		cmocka_unit_test(tcpdump_reads_every_packet),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
