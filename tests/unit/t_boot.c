/* boot: the dialogue as bytes; what a hostile machine may say. With real shells: t_boot_shell. */
#include "unit.h"

#include "boot.h"

static const struct boot_agent agents[] = {
	{ .machine = "x86_64",
	  .bytes = "x86 program",
	  .len = 11,
	  .sha256 = "1111111111111111111111111111111111111111111111111111111111111111" },
	{ .machine = "aarch64",
	  .bytes = "arm program!",
	  .len = 12,
	  .sha256 = "2222222222222222222222222222222222222222222222222222222222222222" },
};

#define BOOT                                                                                       \
	{                                                                                          \
		.agent = agents, .nagent = COUNT(agents)                                           \
	}

struct said {
	struct boot boot;
	struct buf out;
	struct err err;
	int got;
};

static void hear(struct said *said, const void *bytes, size_t len)
{
	said->got = boot_take(&said->boot, bytes, len, &said->out, &said->err);
}

static void hear_text(struct said *said, const char *text)
{
	hear(said, text, strlen(text));
}

static void forget(struct said *said)
{
	boot_close(&said->boot);
	buf_close(&said->out);
}

static void the_command_holds_nothing_that_a_login_shell_reads(void **state)
{
	(void)state;
	for (int as_root = 0; as_root < 2; as_root++) {
		struct buf line = { 0 };
		char *quote;

		boot_command(&line, agents, COUNT(agents), as_root);
		assert_true(starts_with(line.data, "exec sh -c '"));
		quote = strchr(line.data, '\'');
		assert_ptr_equal(strchr(quote + 1, '\''), line.data + line.len - 1);
		assert_int_equal(strcspn(line.data, "\\!\n\r\t"), line.len);
		for (size_t i = 0; i < line.len; i++)
			assert_in_range((unsigned char)line.data[i], ' ', '~');
		assert_non_null(strstr(line.data, "Linux?x86_64) h=1111"));
		assert_non_null(strstr(line.data, "Linux?aarch64) h=2222"));
		assert_int_equal(strstr(line.data, "sudo") != NULL, as_root);
		/* Some shells of old hold no longer words. */
		assert_true(line.len < 4000);
		buf_close(&line);
	}
}

static void what_is_in_the_cache_runs_without_a_byte_sent(void **state)
{
	struct said said = { .boot = BOOT };

	(void)state;
	hear_text(&said, "\nlab-boot begin Linux x86_64\nlab-boot run -rsntc /var/a b\nframes");
	assert_int_equal(said.got, 1);
	assert_int_equal(said.out.len, 0);
	assert_string_equal(said.boot.line.data, "frames");
	assert_string_equal(said.boot.said.machine, "x86_64");
	assert_string_equal(said.boot.said.dir, "/var/a b");
	assert_true(said.boot.said.is_root && said.boot.said.has_sudo && said.boot.said.has_nft);
	assert_true(said.boot.said.has_tcpdump && said.boot.said.was_cached);
	hear_text(&said, "\nlab-boot none\n");
	assert_int_equal(said.got, 1);
	assert_string_equal(said.boot.line.data, "frames\nlab-boot none\n");
	forget(&said);
}

static void the_machine_gets_the_agent_of_its_kind(void **state)
{
	struct said said = { .boot = BOOT };

	(void)state;
	hear_text(&said, "lab-boot begin Linux aarch64\nlab-boot skip /home/a: full\n");
	assert_int_equal(said.got, 0);
	hear_text(&said, "lab-boot give\n");
	assert_int_equal(said.got, 0);
	assert_string_equal(said.out.data, "arm program!");
	hear_text(&said, "lab-boot run - /tmp/lab-1\n");
	assert_int_equal(said.got, 1);
	assert_false(said.boot.said.is_root || said.boot.said.has_sudo || said.boot.said.has_nft);
	assert_false(said.boot.said.has_tcpdump || said.boot.said.was_cached);
	forget(&said);
}

static void bytes_that_come_one_by_one_say_the_same(void **state)
{
	static const char text[] = "Welcome!\n\nlab-boot begin Linux x86_64\nlab-boot give\n"
				   "lab-boot run -n /d\n\0\1";
	struct said said = { .boot = BOOT };

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		hear(&said, text + i, 1);
	assert_int_equal(said.got, 1);
	assert_string_equal(said.out.data, "x86 program");
	assert_int_equal(said.boot.line.len, 2);
	assert_memory_equal(said.boot.line.data, "\0\1", 2);
	forget(&said);
}

static void noise_of_start_up_files_is_no_part_of_it(void **state)
{
	struct said said = { .boot = BOOT };

	(void)state;
	hear_text(&said, "motd\r\n say lab-boot none\n\x1b[1mlab-boot none\n");
	assert_int_equal(said.got, 0);
	hear_text(&said, "no newline");
	hear_text(&said, "\nlab-boot begin Linux x86_64\nbackground job\nlab-boot run -c /d\n");
	assert_int_equal(said.got, 1);
	forget(&said);
}

static void noise_without_an_end_is_refused(void **state)
{
	(void)state;
	for (int has_lines = 0; has_lines < 2; has_lines++) {
		struct said said = { .boot = BOOT };
		char chunk[4096];
		int i;

		memset(chunk, 'y', sizeof chunk);
		chunk[sizeof chunk - 1] = has_lines ? '\n' : 'y';
		for (i = 0; i < 100 && said.got == 0; i++)
			hear(&said, chunk, sizeof chunk);
		assert_int_equal(said.got, -1);
		assert_int_equal(said.err.kind, ERR_BROKE);
		assert_non_null(strstr(said.err.text, "write on and on"));
		assert_in_range(i, 10, 20);
		forget(&said);
	}
}

static void a_machine_without_an_agent_is_told_what_there_is(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "lab-boot begin Linux riscv64\n", "no agent for a machine of kind riscv64: there "
						    "are those for x86_64, aarch64 (make agents)" },
		{ "lab-boot begin Darwin arm64\n", "the machine runs Darwin; agents need Linux" },
		{ "lab-boot begin Darwin x86_64\n", "the machine runs Darwin; agents need Linux" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct said said = { .boot = BOOT };

		hear_text(&said, cases[i].line);
		assert_int_equal(said.got, -1);
		assert_int_equal(said.err.kind, ERR_CANNOT);
		assert_string_equal(said.err.text, cases[i].text);
		forget(&said);
	}
}

static void each_directory_that_was_tried_is_named_with_its_reason(void **state)
{
	struct said said = { .boot = BOOT };

	(void)state;
	hear_text(&said, "lab-boot begin Linux x86_64\n"
			 "lab-boot skip /home/a/.cache/lab/agents: No space left on device\n"
			 "lab-boot skip /tmp/lab-1: programs may not run there: noexec\n"
			 "lab-boot none\n");
	assert_int_equal(said.got, -1);
	assert_int_equal(said.err.kind, ERR_CANNOT);
	assert_non_null(strstr(said.err.text, "/home/a/.cache/lab/agents: No space left"));
	assert_non_null(strstr(said.err.text, "/tmp/lab-1: programs may not run there: noexec"));
	assert_non_null(strstr(said.err.text, "XDG_CACHE_HOME"));
	forget(&said);
}

static void what_was_not_asked_for_is_refused(void **state)
{
	static const char up[] = "lab-boot begin Linux x86_64\n";
	static const struct {
		const char *first, *then;
		size_t len;
	} cases[] = {
		{ "", "lab-boot give\n", 0 },
		{ "", "lab-boot run - /d\n", 0 },
		{ "", "lab-boot \n", 0 },
		{ "", "lab-boot begin\n", 0 },
		{ "", "lab-boot begin Linux x86_64 more\n", 0 },
		{ up, "lab-boot begin Linux x86_64\n", 0 },
		{ up, "lab-boot runs - /d\n", 0 },
		{ up, "lab-boot run -z /d\n", 0 },
		{ up, "lab-boot run /d\n", 0 },
		{ up, "lab-boot run - d\n", 0 },
		{ up, "lab-boot skip a\0b\n", 18 },
		{ up, "lab-boot give\nlab-boot give\nlab-boot give\nlab-boot give\nlab-boot give\n",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct said said = { .boot = BOOT };

		hear_text(&said, cases[i].first);
		assert_int_equal(said.got, 0);
		hear(&said, cases[i].then, cases[i].len ? cases[i].len : strlen(cases[i].then));
		assert_int_equal(said.got, -1);
		assert_non_null(strstr(said.err.text, "not what was asked for"));
		assert_true(said.out.len <= 4 * agents[0].len);
		forget(&said);
	}
}

static void an_early_end_is_told_in_the_words_of_the_machine(void **state)
{
	static const struct {
		const char *heard, *said, *text;
	} cases[] = {
		{ "This account is currently not available.\n", "",
		  "it ended before sh was there: This account is currently not available." },
		{ "", NULL, "it ended before sh was there: it said nothing" },
		{ "lab-boot begin Linux x86_64\n", "Warning: x\n\nsh: 1: killed\n",
		  "it ended while the agent was looked for: Warning: x; sh: 1: killed" },
		{ "lab-boot begin Linux x86_64\nlab-boot skip /a: full\nlab-boot give\n", "@@@@\nz",
		  "it ended while the agent was sent: /a: full; z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct said said = { .boot = BOOT };

		hear_text(&said, cases[i].heard);
		assert_int_equal(said.got, 0);
		assert_int_equal(boot_ended(&said.boot, cases[i].said, &said.err), -1);
		assert_int_equal(said.err.kind, ERR_BROKE);
		assert_string_equal(said.err.text, cases[i].text);
		forget(&said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_holds_nothing_that_a_login_shell_reads),
		cmocka_unit_test(what_is_in_the_cache_runs_without_a_byte_sent),
		cmocka_unit_test(the_machine_gets_the_agent_of_its_kind),
		cmocka_unit_test(bytes_that_come_one_by_one_say_the_same),
		cmocka_unit_test(noise_of_start_up_files_is_no_part_of_it),
		cmocka_unit_test(noise_without_an_end_is_refused),
		cmocka_unit_test(a_machine_without_an_agent_is_told_what_there_is),
		cmocka_unit_test(each_directory_that_was_tried_is_named_with_its_reason),
		cmocka_unit_test(what_was_not_asked_for_is_refused),
		cmocka_unit_test(an_early_end_is_told_in_the_words_of_the_machine),
	};

	return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
