/* openssh_words: what ssh is told of a target. Against a real sshd: t_openssh. */
#include "folder.h"

#include "openssh_words.h"
#include "ssh_pin.h"
#include "util.h"

static const struct target web = { .name = "web-1", .is_alias = true };

static bool has_word(const char *const *word, const char *wanted)
{
	while (*word && !streq(*word, wanted))
		word++;
	return *word != NULL;
}

static void what_a_shell_would_read_never_gets_into_a_proxy_command(void **state)
{
	const char *const bad[] = { "/keys/it's" }, *const good[] = { "/my keys/100%" };
	struct target jump = {
		.name = "jump", .address = "192.0.2.1", .port = 22, .nidentity = 1, .identity = bad
	};
	const struct target host = {
		.name = "host", .address = "2001:db8::1", .port = 2200, .jump = &jump
	};
	struct arena arena = { 0 };
	const char *const *word;
	struct err err;

	(void)state;
	assert_null(openssh_words(&arena, &host, "/bin/ssh", "true", &err));
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_non_null(strstr(err.text, "~/.ssh/config"));
	jump.identity = good;
	jump.jump = &web;
	assert_null(openssh_words(&arena, &host, "/bin/ssh", "true", &err));
	assert_non_null(strstr(err.text, "ProxyJump"));
	jump.jump = NULL;
	word = openssh_words(&arena, &host, "/bin/ssh", "true; rm -rf /", &err);
	assert_non_null(word);
	assert_true(has_word(word, "true; rm -rf /") &&
		    has_word(word, "StrictHostKeyChecking=yes"));
	for (; *word && !starts_with(*word, "ProxyCommand="); word++)
		;
	assert_non_null(*word);
	if (!*word)
		return;
	assert_non_null(strstr(*word, "'/my keys/100%%%%'"));
	assert_non_null(strstr(*word, "'-W' '[%h]:%p' '--' '192.0.2.1'"));
	arena_close(&arena);
}

static void the_way_of_the_inventory_is_the_only_one(void **state)
{
	const char *const over[] = { "-J", "none", "-p", "2222", NULL };
	const struct target alias = {
		.name = "host", .is_alias = true, .over = over, .jump = &web, .is_jump_over = true
	};
	struct arena arena = { 0 };
	const char *const *word;
	struct err err;

	(void)state;
	word = openssh_words(&arena, &alias, "/bin/ssh", "true", &err);
	assert_non_null(word);
	assert_true(has_word(word, "-J") && has_word(word, "web-1") && has_word(word, "2222"));
	assert_false(has_word(word, "none"));
	arena_close(&arena);
}

static void a_key_is_taken_at_first_sight_once_and_only_where_it_may_be_pinned(void **state)
{
	char pins[FOLDER_PATH + 16];
	const char *const known[] = { pins };
	struct target made = { .name = "a",
			       .address = "192.0.2.1",
			       .port = 22,
			       .host_key_name = "a.i-1",
			       .pins = pins,
			       .nknown_hosts = 1,
			       .known_hosts = known };
	struct arena arena = { 0 };
	const char *const *word;
	struct stat st;
	struct err err;

	snprintf(pins, sizeof pins, "%s/new/lab", (char *)*state);
	word = openssh_words(&arena, &made, "/bin/ssh", "true", &err);
	assert_non_null(word);
	assert_true(has_word(word, "StrictHostKeyChecking=accept-new") &&
		    has_word(word, "HostKeyAlias=a.i-1") && has_word(word, "HashKnownHosts=no"));
	assert_int_equal(stat(pins, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	made.host_key_name = "a.i-10"; /* of which the other is the beginning */
	assert_int_equal(ssh_pin_add(&made, "\0\0\0\3ssh", 7, &err), 0);
	assert_int_equal(ssh_pin_has(&made, &err), 1);
	word = openssh_words(&arena, &made, "/bin/ssh", "true", &err);
	assert_true(word && has_word(word, "StrictHostKeyChecking=yes"));
	made.host_key_name = "a.i-1";
	assert_int_equal(ssh_pin_has(&made, &err), 0);
	made.pins = *state; /* a folder */
	assert_null(openssh_words(&arena, &made, "/bin/ssh", "true", &err));
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_true(starts_with(err.text, "a: its host key cannot be pinned: "));
	made.pins = NULL;
	word = openssh_words(&arena, &made, "/bin/ssh", "true", &err);
	assert_true(word && has_word(word, "StrictHostKeyChecking=yes"));
	word = openssh_words_person(&arena, &made, "/bin/ssh", NULL, false, &err);
	assert_true(word && !has_word(word, "StrictHostKeyChecking=yes")); /* it may ask */
	arena_close(&arena);
}

static void an_alias_is_left_to_the_configuration(void **state)
{
	const char *const key[] = { "/key" };
	const struct target alias = { .name = "-oProxyCommand=bad",
				      .is_alias = true,
				      .address = "192.0.2.1",
				      .user = "somebody",
				      .nidentity = 1,
				      .identity = key };
	struct arena arena = { 0 };
	const char *const *word;
	struct err err;
	size_t count = 0;

	(void)state;
	word = openssh_words(&arena, &alias, "/bin/ssh", "true", &err);
	assert_non_null(word);
	assert_false(has_word(word, "-l") || has_word(word, "-p") || has_word(word, "-i"));
	while (word[count])
		count++;
	assert_string_equal(word[count - 3], "--");
	assert_string_equal(word[count - 2], "-oProxyCommand=bad");
	assert_string_equal(word[count - 1], "true");
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_shell_would_read_never_gets_into_a_proxy_command),
		cmocka_unit_test(the_way_of_the_inventory_is_the_only_one),
		cmocka_unit_test(
		    a_key_is_taken_at_first_sight_once_and_only_where_it_may_be_pinned),
		cmocka_unit_test(an_alias_is_left_to_the_configuration),
	};

	return cmocka_run_group_tests_name("openssh words", tests, folder_setup, folder_teardown);
}
