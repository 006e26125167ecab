/* SSH host keys out of what an instance wrote on its console: cloud/console.c. */
#include "console.h"

#include "aws_server.h"
#include "base64.h"
#include "endpoint.h"

#define BEGIN "-----BEGIN SSH HOST KEY KEYS-----"
#define END "-----END SSH HOST KEY KEYS-----"
/* The first is RFC 8709's shape: a length, the type, a length, 32 bytes. */
#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIJDO5ZSZJp5sTBzFEfeqW8hKBQjOTPRT9ozCOHvb3PcY"
#define OTHER "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"

static size_t parse(const char *text, struct console_key key[CONSOLE_KEYS], struct arena *arena)
{
	return console_parse(text, strlen(text), arena, key);
}

static void check_blob(const struct console_key *key, const char *base64)
{
	struct buf blob = { 0 };

	assert_int_equal(base64_read(&blob, base64, strlen(base64)), 0);
	assert_int_equal(key->len, blob.len);
	assert_memory_equal(key->blob, blob.data, blob.len);
	buf_close(&blob);
}

static void keys_stand_between_the_marks(void **state)
{
	struct console_key key[CONSOLE_KEYS];
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(parse("[ 9.1] ssh-ed25519 " OTHER "\r\n" BEGIN "\r\n"
			       "ssh-ed25519 " ED25519 " root@ip-10-0-0-21\r\n" END "\r\n"
			       "ssh-ed25519 " OTHER "\r\n",
			       key, &arena),
			 1);
	assert_string_equal(key[0].type, "ssh-ed25519");
	check_blob(&key[0], ED25519);
	assert_int_equal(parse(BEGIN "\n[   12.34] cloud-init[1312]: ssh-ed25519 " ED25519
				     " root@x\n[   12.35] cloud-init[1312]: " END "\n",
			       key, &arena),
			 1);
	check_blob(&key[0], ED25519);
	arena_close(&arena);
}

/* A console keeps what earlier boots wrote, and may begin in the middle. */
static void the_last_whole_block_counts(void **state)
{
	struct console_key key[CONSOLE_KEYS];
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(parse(BEGIN "\nssh-ed25519 " OTHER "\n" END "\nboot\n" BEGIN
				     "\nssh-ed25519 " ED25519 "\n" END "\n",
			       key, &arena),
			 1);
	check_blob(&key[0], ED25519);
	assert_int_equal(parse(BEGIN "\nssh-ed25519 " ED25519 "\n" END "\n" BEGIN
				     "\nssh-ed25519 " OTHER "\n",
			       key, &arena),
			 1);
	check_blob(&key[0], ED25519);
	assert_int_equal(parse("ed25519 " OTHER "\n" END "\n" BEGIN "\nssh-ed25519 " ED25519
			       "\n" BEGIN "\nssh-ed25519 " OTHER "\n" END,
			       key, &arena),
			 1);
	check_blob(&key[0], OTHER);
	arena_close(&arena);
}

static void what_is_no_key_is_none(void **state)
{
	static const char *const text[] = {
		"",
		"no block",
		BEGIN,
		BEGIN "\nssh-ed25519 " ED25519 "\n",
		BEGIN "\n" END,
		BEGIN "\nssh-rsa " ED25519 "\n" END, /* of another type than it says */
		BEGIN "\nssh-ed25519 AAAA\n" END,
		BEGIN "\nssh-ed25519 !!!!\n" END,
		BEGIN "\nssh-ed25519\n" END,
		BEGIN "\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5\n" END, /* a type alone */
		BEGIN "\nx-ed25519 " ED25519 "\n" END,
	};
	struct console_key key[CONSOLE_KEYS];
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(text); i++)
		if (parse(text[i], key, &arena) != 0)
			fail_msg("a key out of %s", text[i]);
	arena_close(&arena);
}

static void no_more_keys_than_there_is_room_for(void **state)
{
	struct console_key key[CONSOLE_KEYS];
	struct arena arena = { 0 };
	struct buf text = { 0 };

	(void)state;
	buf_str(&text, BEGIN "\n");
	for (int i = 0; i < 3 * CONSOLE_KEYS; i++)
		buf_str(&text, "ssh-ed25519 " ED25519 "\n");
	buf_str(&text, END "\n");
	assert_int_equal(console_parse(text.data, text.len, &arena, key), CONSOLE_KEYS);
	buf_close(&text);
	arena_close(&arena);
}

#define ANSWER(body)                                                                               \
	"HTTP/1.1 200 OK\r\n\r\n<GetConsoleOutputResponse>" body "</GetConsoleOutputResponse>"

/* An instance that has no newest console has the one that EC2 kept. */
static void the_newest_console_is_asked_for_first(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 400 X\r\n\r\n<Response><Errors><Error><Code>UnsupportedOperation</Code>"
		"</Error></Errors></Response>",
		ANSWER(""), NULL
	};
	struct endpoint endpoint = endpoint_open(answers);
	struct console_key *key;
	struct arena arena = { 0 };
	struct buf got = { 0 };
	struct aws aws;
	struct err err;
	size_t count;

	(void)state;
	aws_at(&aws, endpoint.url);
	assert_int_equal(console_host_keys(&aws, "i-1", &arena, &key, &count, &err), 0);
	assert_int_equal(count, 0);
	endpoint_close(&endpoint, &got);
	const char *first = strstr(got.data ? got.data : "", "Latest=true");
	assert_non_null(first);
	assert_null(strstr(first + 1, "Latest="));
	buf_close(&got);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_stand_between_the_marks),
		cmocka_unit_test(the_last_whole_block_counts),
		cmocka_unit_test(what_is_no_key_is_none),
		cmocka_unit_test(no_more_keys_than_there_is_room_for),
		cmocka_unit_test(the_newest_console_is_asked_for_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
