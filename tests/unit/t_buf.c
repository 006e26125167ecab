/* arena, buf, cursor: memory and its ends. */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "mem.h"

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena arena = { 0 };
	unsigned char *last = NULL;
	size_t last_len = 0;

	(void)state;
	for (size_t len = 0; len < 9000; len += 37) {
		unsigned char *at = arena_alloc(&arena, len);

		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xee, len);
		assert_true(!last || at + len <= last || last + last_len <= at);
		last = at;
		last_len = len;
	}
	arena_close(&arena);
	arena_close(&arena);
	assert_null(arena.block);
}

static void arena_texts_survive_what_comes_after(void **state)
{
	struct arena arena = { 0 };
	char *texts[3000];

	(void)state;
	for (int i = 0; i < 3000; i++)
		texts[i] = arena_printf(&arena, "text %d of many, many words", i);
	arena_alloc(&arena, 1 << 20);
	for (int i = 0; i < 3000; i++) {
		char want[64];

		snprintf(want, sizeof(want), "text %d of many, many words", i);
		assert_string_equal(texts[i], want);
	}
	assert_string_equal(arena_ndup(&arena, "abcdef", 3), "abc");
	assert_string_equal(arena_dup(&arena, ""), "");
	arena_close(&arena);
}

static void arena_arrays_grow_and_keep_their_items(void **state)
{
	struct arena arena = { 0 };
	size_t count = 0, cap = 0;
	int *items = NULL;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		items = arena_grow(&arena, items, count, &cap, sizeof(*items));
		items[count++] = i;
	}
	for (int i = 0; i < 10000; i++)
		assert_int_equal(items[i], i);
	arena_close(&arena);
}

/* The exit status of a child that asks for too much. */
static int status_of(void (*ask)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		close(STDERR_FILENO);
		ask();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ask_array(void)
{
	struct arena arena = { 0 };

	arena_array(&arena, SIZE_MAX / 4, 8);
}

static void ask_resize(void)
{
	mem_resize(NULL, SIZE_MAX / 2, 3);
}

static void ask_reserve(void)
{
	struct buf buf = { 0 };

	buf_add(&buf, "x", 1);
	buf_reserve(&buf, SIZE_MAX);
}

static void products_that_overflow_end_the_process(void **state)
{
	(void)state;
	assert_int_equal(status_of(ask_array), ERR_BROKE);
	assert_int_equal(status_of(ask_resize), ERR_BROKE);
	assert_int_equal(status_of(ask_reserve), ERR_BROKE);
}

static void buf_is_text_at_every_length(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		buf_char(&buf, 'a');
		assert_int_equal(strlen(buf.data), i + 1);
	}
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
	buf_printf(&buf, "%s-%d", "port", 1234);
	buf_str(&buf, "!");
	assert_string_equal(buf.data, "port-1234!");
	buf_drop(&buf, 5);
	assert_string_equal(buf.data, "1234!");
	buf_drop(&buf, 5);
	assert_string_equal(buf.data, "");
	buf_close(&buf);
	buf_close(&buf);
	buf_drop(&buf, 0);
	buf_clear(&buf);
	assert_null(buf.data);
}

static void buf_printf_takes_more_than_it_has_room_for(void **state)
{
	static char lots[100000];
	struct buf buf = { 0 };

	(void)state;
	memset(lots, 'y', sizeof(lots) - 1);
	buf_printf(&buf, "<%s>", lots);
	assert_int_equal(buf.len, sizeof(lots) + 1);
	assert_int_equal(buf.data[buf.len - 1], '>');
	buf_close(&buf);
}

static void numbers_are_big_endian_and_come_back(void **state)
{
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct cursor cursor;
	struct buf buf = { 0 };

	(void)state;
	buf_u8(&buf, 0x01);
	buf_u16(&buf, 0x0203);
	buf_u32(&buf, 0x04050607);
	buf_u64(&buf, 0x08090a0b0c0d0e0f);
	assert_int_equal(buf.len, sizeof(want));
	assert_memory_equal(buf.data, want, sizeof(want));
	cursor = cursor_of(buf.data, buf.len);
	assert_int_equal(cursor_u8(&cursor), 0x01);
	assert_int_equal(cursor_u16(&cursor), 0x0203);
	assert_int_equal(cursor_u32(&cursor), 0x04050607);
	assert_true(cursor_u64(&cursor) == 0x08090a0b0c0d0e0f);
	assert_int_equal(cursor_left(&cursor), 0);
	assert_false(cursor.is_failed);
	buf_close(&buf);
}

static void cursor_fails_at_the_end_and_stays_failed(void **state)
{
	struct cursor cursor = cursor_of("\x01\x02\x03", 3);

	(void)state;
	assert_int_equal(cursor_u16(&cursor), 0x0102);
	assert_int_equal(cursor_u32(&cursor), 0);
	assert_true(cursor.is_failed);
	assert_int_equal(cursor_u8(&cursor), 0);
	assert_int_equal(cursor_left(&cursor), 0);
	assert_null(cursor_take(&cursor, 0));
}

static void cursor_takes_no_length_beyond_memory(void **state)
{
	struct cursor cursor = cursor_of("abc", 3), empty = cursor_of(NULL, 0);

	(void)state;
	assert_null(cursor_take(&cursor, SIZE_MAX));
	assert_true(cursor.is_failed);
	assert_int_equal(cursor_left(&empty), 0);
	assert_int_equal(cursor_u8(&empty), 0);
	assert_true(empty.is_failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(arena_texts_survive_what_comes_after),
		cmocka_unit_test(arena_arrays_grow_and_keep_their_items),
		cmocka_unit_test(products_that_overflow_end_the_process),
		cmocka_unit_test(buf_is_text_at_every_length),
		cmocka_unit_test(buf_printf_takes_more_than_it_has_room_for),
		cmocka_unit_test(numbers_are_big_endian_and_come_back),
		cmocka_unit_test(cursor_fails_at_the_end_and_stays_failed),
		cmocka_unit_test(cursor_takes_no_length_beyond_memory),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
