/* An argument vector through login shells, and what a survey of a machine says. */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "proc.h"
#include "survey.h"

static const char *const shells[] = { "sh", "bash", "dash", "zsh", "fish", "tcsh", "csh" };

/* What the shell's child gets, printed in hexadecimal. */
static void words_arrive(const char *shell, const char *const *word, size_t count)
{
	struct buf line = { 0 }, want = { 0 };
	const char *all[16] = { "printf", "<%s>" };
	struct proc_result result;
	struct err err = { 0 };

	buf_str(&want, "");
	for (size_t i = 0; i < count; i++) {
		all[2 + i] = word[i];
		buf_printf(&want, "<%s>", word[i]);
	}
	command_line(&line, all, 2 + count, false);
	const char *const argv[] = { shell, "-c", line.data, NULL };
	if (proc_run(argv, NULL, 10000, &result, &err) < 0)
		fail_msg("%s: %s", shell, err.text);
	assert_string_equal(result.out.data, want.data);
	proc_result_close(&result);
	buf_close(&line);
	buf_close(&want);
}

static void words_pass_every_login_shell_as_they_are(void **state)
{
	static const char *const word[] = {
		"",      "a b",    "it's", "$HOME `id` $(id)",   "\\n \\0101",
		"!x !!", "a\nb\n", "%s\"", "\t\x01\xff\xc3\xa9", "-n"
	};
	char path[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(shells); i++)
		if (proc_find(shells[i], path, sizeof path) == 0)
			words_arrive(shells[i], word, COUNT(word));
}

static int status_of(const char *const *word, size_t count)
{
	struct buf line = { 0 };
	struct proc_result result;
	struct err err = { 0 };

	command_line(&line, word, count, false);
	const char *const argv[] = { "sh", "-c", line.data, NULL };
	assert_int_equal(proc_run(argv, NULL, 10000, &result, &err), 0);
	int status = WEXITSTATUS(result.status);
	proc_result_close(&result);
	buf_close(&line);
	return status;
}

static void the_status_is_the_programs_or_says_why_there_is_none(void **state)
{
	(void)state;
	assert_int_equal(status_of((const char *const[]){ "sh", "-c", "exit 7" }, 3), 7);
	assert_int_equal(status_of((const char *const[]){ "/etc/passwd" }, 1), 126);
	assert_int_equal(status_of((const char *const[]){ "no-such-program" }, 1), 127);
}

static void a_survey_is_read_among_noise(void **state)
{
	static const char text[] = "Welcome!\nlab-survey uname Linux 6.1.0 x86_64\nlab-survey uid 0"
				   "\nlab-survey nft nftables v1.0.6\nlab-survey agent 17\n"
				   "lab-survey agent 18\nlab-survey table inet lab_ab12_cut\n"
				   "not lab-survey sudo\nlab-survey en";
	struct survey survey = { 0 };
	struct err err = { 0 };

	(void)state;
	for (const char *c = text; *c; c++)
		assert_int_equal(survey_take(&survey, c, 1, &err), 0);
	assert_false(survey.is_whole);
	assert_int_equal(survey_take(&survey, "d\n", 2, &err), 0);
	assert_true(survey.is_whole);
	assert_string_equal(survey.kernel, "6.1.0");
	assert_string_equal(survey.nft, "nftables v1.0.6");
	assert_string_equal(survey.agents.data, "17, 18");
	assert_int_equal(survey.ntable, 1);
	assert_string_equal(survey.tables.data, "inet lab_ab12_cut");
	assert_false(survey.has_sudo);
	survey_close(&survey);
}

static void a_survey_without_end_is_refused(void **state)
{
	struct survey survey = { 0 };
	struct err err = { 0 };
	char bytes[4096];
	int status = 0;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	for (int i = 0; i < 1000 && status == 0; i++)
		status = survey_take(&survey, bytes, sizeof bytes, &err);
	assert_int_equal(status, -1);
	survey_close(&survey);
}

static void a_real_shell_answers_the_survey(void **state)
{
	struct survey survey = { 0 };
	struct buf line = { 0 };
	struct proc_result result;
	struct err err = { 0 };
	char path[4096];

	(void)state;
	survey_command(&line, NULL, 0);
	for (size_t i = 0; i < COUNT(shells); i++) {
		const char *const argv[] = { shells[i], "-c", line.data, NULL };
		if (proc_find(shells[i], path, sizeof path) < 0)
			continue;
		survey = (struct survey){ 0 };
		assert_int_equal(proc_run(argv, NULL, 20000, &result, &err), 0);
		assert_int_equal(survey_take(&survey, result.out.data, result.out.len, &err), 0);
		assert_true(survey.is_whole);
		assert_string_equal(survey.os, "Linux");
		assert_int_equal(survey.uid, getuid());
		proc_result_close(&result);
		survey_close(&survey);
	}
	buf_close(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_pass_every_login_shell_as_they_are),
		cmocka_unit_test(the_status_is_the_programs_or_says_why_there_is_none),
		cmocka_unit_test(a_survey_is_read_among_noise),
		cmocka_unit_test(a_survey_without_end_is_refused),
		cmocka_unit_test(a_real_shell_answers_the_survey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
