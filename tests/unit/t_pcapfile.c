/* Captures in lab's own form are read without libpcap, and exactly as libpcap reads them. */
#include "unit.h"

#include <dlfcn.h>
#include <fcntl.h>

#include "buf.h"
#include "file.h"
#include "folder.h"
#include "pcap_twin.h"

enum {
	SNAPLEN = 96,
	HEAD = 24,
	RECORD = 16
};

static void put_header(struct buf *out, uint32_t magic, uint32_t snaplen)
{
	const uint32_t head[] = { magic, 2 | 4 << 16, 0, 0, snaplen, 1 };

	buf_add(out, head, sizeof head);
}

static void put_packet(struct buf *out, uint32_t caplen, uint32_t len)
{
	const uint32_t head[] = { 1700000000, 999999999, caplen, len };

	buf_add(out, head, sizeof head);
	for (uint32_t i = 0; i < caplen && i < 1 << 20; i++)
		buf_u8(out, (uint8_t)i);
}

static const char *put_file(const char *folder, const struct buf *bytes, size_t len)
{
	static char path[FOLDER_PATH + 8];
	struct err err = { 0 };

	snprintf(path, sizeof path, "%s/x.pcap", folder);
	unlink(path);
	assert_int_equal(file_write(AT_FDCWD, path, bytes->data, len, &err), 0);
	return path;
}

static size_t count_frames(const char *path, bool *is_own, bool *is_cut)
{
	struct pcapfile file;
	struct frame_seen frame;
	struct err err = { 0 };

	assert_int_equal(pcapfile_open(&file, AT_FDCWD, path, &err), 0);
	while (pcapfile_next(&file, &frame))
		;
	*is_own = file.stream && !file.handle;
	*is_cut = file.is_cut;
	pcapfile_close(&file);
	return file.count;
}

/* The first test: none before it has loaded libpcap. */
static void what_lab_writes_needs_no_libpcap(void **state)
{
	struct buf bytes = { 0 };
	bool is_own, is_cut;

	put_header(&bytes, 0xa1b23c4d, SNAPLEN);
	put_packet(&bytes, 60, 60);
	put_packet(&bytes, SNAPLEN, 1500);
	assert_int_equal(count_frames(put_file(*state, &bytes, bytes.len), &is_own, &is_cut), 2);
	assert_true(is_own);
	assert_false(is_cut);
	assert_null(dlopen("libpcap.so.0.8", RTLD_LAZY | RTLD_NOLOAD));
	buf_close(&bytes);
}

static void wherever_it_is_cut_libpcap_agrees(void **state)
{
	struct buf bytes = { 0 };

	put_header(&bytes, 0xa1b23c4d, SNAPLEN);
	put_packet(&bytes, 60, 60);
	put_packet(&bytes, 0, 0);
	put_packet(&bytes, 61, 1500);
	for (size_t len = HEAD; len <= bytes.len; len++) {
		const char *differs = pcap_twin(put_file(*state, &bytes, len));
		if (differs)
			fail_msg("%zu bytes of %zu: %s", len, bytes.len, differs);
	}
	buf_close(&bytes);
}

static void lengths_that_lie_are_taken_as_libpcap_takes_them(void **state)
{
	static const uint32_t caplen[] = { SNAPLEN,         SNAPLEN + 1, 65536,     256 << 10,
					   (256 << 10) + 1, 1u << 31,    UINT32_MAX };

	for (size_t i = 0; i < COUNT(caplen); i++) {
		struct buf bytes = { 0 };
		put_header(&bytes, 0xa1b23c4d, SNAPLEN);
		put_packet(&bytes, caplen[i], 7);
		put_packet(&bytes, 60, 60);
		const char *differs = pcap_twin(put_file(*state, &bytes, bytes.len));
		if (differs)
			fail_msg("%u bytes claimed: %s", caplen[i], differs);
		buf_close(&bytes);
	}
}

static void any_other_form_is_libpcaps(void **state)
{
	const struct {
		uint32_t magic, snaplen;
	} form[] = { { 0xa1b2c3d4, SNAPLEN }, { 0xa1b23c4d, 0 }, { 0xa1b23c4d, 1 << 20 } };
	bool is_own, is_cut;

	for (size_t i = 0; i < COUNT(form); i++) {
		struct buf bytes = { 0 };
		put_header(&bytes, form[i].magic, form[i].snaplen);
		put_packet(&bytes, 60, 60);
		assert_int_equal(
		    count_frames(put_file(*state, &bytes, bytes.len), &is_own, &is_cut), 1);
		assert_false(is_own);
		buf_close(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lab_writes_needs_no_libpcap),
		cmocka_unit_test(wherever_it_is_cut_libpcap_agrees),
		cmocka_unit_test(lengths_that_lie_are_taken_as_libpcap_takes_them),
		cmocka_unit_test(any_other_form_is_libpcaps),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
