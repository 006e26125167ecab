/* What dead agents left is undone by the next, once, and nothing of the living or of others is
 * touched. Network, /run and /var/tmp are this program's own. */
#include "own_net.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "agent_driver.h"
#include "file.h"
#include "journal.h"
#include "proc.h"
#include "ruleset.h"

static char place[64]; /* of the journals */

static int tables(const char *name)
{
	struct err err = { 0 };

	return ruleset_tables(name, &err);
}

static void nft(const char *what, const char *table)
{
	const char *const argv[] = { "nft", what, "table", "inet", table, NULL };
	struct proc_result result;
	struct err err = { 0 };

	assert_int_equal(proc_run(argv, NULL, 5000, &result, &err), 0);
	assert_int_equal(result.status, 0);
	proc_result_close(&result);
}

/* In a process that is gone when this returns. */
static void die_after(const char *run, const char *const *names, size_t count, int undone)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct journal journal = { 0 };
		struct err err = { 0 };

		for (size_t i = 0; i < count; i++)
			if (journal_add(&journal, run, "table", names[i], &err) != (int)i + 1)
				_exit(1);
		journal_undone(&journal, undone);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static int sweep(void)
{
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };
	int failed;

	kept_clear(&kept);
	failed = journal_sweep(&sink, &err);
	if (failed < 0)
		fail_msg("%s", err.text);
	return failed;
}

static const char *state_of(const char *name)
{
	const struct event *event = kept_find(&kept, "leftover", "name", name);

	return event != NULL ? event_get(event, "state") : "not told";
}

static void write_journal(const char *name, const char *text)
{
	char path[128];

	assert_true(mkdir(place, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof path, "%s/%s", place, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool is_empty(void)
{
	return access(place, F_OK) < 0 && errno == ENOENT;
}

static void need(void)
{
	need_namespace();
	need_program("nft");
	snprintf(place, sizeof place, "/run/lab-%u", (unsigned)geteuid());
	assert_true(is_empty());
}

static void what_a_dead_agent_left_is_undone_once(void **state)
{
	static const char *const names[] = { "lab_ab12_one", "lab_ab12_two", "lab_ab12_three" };

	(void)state;
	need();
	nft("add", names[0]);
	nft("add", names[1]);
	die_after("ab12", names, COUNT(names), 2);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of(names[0]), "undone");
	assert_string_equal(state_of(names[1]), "not told"); /* the agent undid it itself */
	assert_string_equal(state_of(names[2]), "gone");
	assert_int_equal(tables(names[0]), 0);
	assert_int_equal(tables(names[1]), 1);
	/* The last change is undone first. */
	assert_string_equal(event_get(&kept.event[0], "name"), names[2]);
	assert_true(is_empty());
	assert_int_equal(sweep(), 0);
	assert_int_equal(kept.count, 0);
	nft("delete", names[1]);
}

static void the_living_are_told_and_left_alone(void **state)
{
	struct journal journal = { 0 };
	struct err err = { 0 };

	(void)state;
	need();
	nft("add", "lab_ab12_x");
	assert_int_equal(journal_add(&journal, "ab12", "table", "lab_ab12_x", &err), 1);
	assert_int_equal(sweep(), 0);
	assert_int_equal(kept.count, 1);
	assert_string_equal(event_get(&kept.event[0], "state"), "alive");
	assert_int_equal(event_num(&kept.event[0], "pid", 0), getpid());
	assert_int_equal(tables("lab_ab12_x"), 1);
	nft("delete", "lab_ab12_x");
	journal_undone(&journal, 1);
	journal_close(&journal);
	assert_true(is_empty());
}

static void a_line_without_its_end_was_no_change(void **state)
{
	(void)state;
	need();
	nft("add", "lab_ab12_x");
	write_journal("a", "lab-journal 1 ab12 7 - 1\n+ 1 table lab_ab12_x");
	assert_int_equal(sweep(), 0);
	assert_int_equal(kept.count, 0);
	assert_int_equal(tables("lab_ab12_x"), 1);
	write_journal("b", "");
	write_journal("c", "lab-journ");
	assert_int_equal(sweep(), 0);
	assert_true(is_empty());
	nft("delete", "lab_ab12_x");
}

/* A full disk: what was written of a line must not swallow the next. */
static void a_line_that_found_no_room_spoils_no_other(void **state)
{
	struct rlimit room, none;
	int status;

	(void)state;
	need();
	nft("add", "lab_ab12_two");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &room), 0);
	none = room;
	pid_t child = fork();
	if (child == 0) {
		struct journal journal = { 0 };
		struct err err = { 0 };
		struct stat st = { 0 };
		bool is_good = journal_add(&journal, "ab12", "table", "lab_ab12_one", &err) == 1;

		(void)signal(SIGXFSZ, SIG_IGN);
		is_good = is_good && fstat(journal.fd, &st) == 0;
		none.rlim_cur = (rlim_t)st.st_size + 9;
		is_good = is_good && setrlimit(RLIMIT_FSIZE, &none) == 0 &&
			  journal_add(&journal, "ab12", "table", "lab_ab12_none", &err) == -1 &&
			  setrlimit(RLIMIT_FSIZE, &room) == 0 &&
			  journal_add(&journal, "ab12", "table", "lab_ab12_two", &err) == 2;
		_exit(is_good ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of("lab_ab12_two"), "undone");
	assert_string_equal(state_of("lab_ab12_one"), "gone");
	assert_true(is_empty());
}

/* Anybody may make a folder in /var/tmp: it keeps nobody from the journals that are ours. */
static void a_strangers_folder_is_no_hindrance(void **state)
{
	static const char *const names[] = { "lab_ab12_one" };
	char theirs[64];

	(void)state;
	need();
	snprintf(theirs, sizeof theirs, "/var/tmp/lab-journal-%u", (unsigned)geteuid());
	assert_int_equal(symlink("/etc", theirs), 0);
	assert_int_equal(sweep(), 0);
	nft("add", names[0]);
	die_after("ab12", names, 1, 0);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of(names[0]), "undone");
	assert_true(is_empty());
	assert_int_equal(unlink(theirs), 0);
	assert_int_equal(mkdir(theirs, 0777), 0);
	if (chown(theirs, 1, 1) == 0) /* where there is more than one user */
		assert_int_equal(sweep(), 0);
	assert_int_equal(rmdir(theirs), 0);
}

static void what_another_boot_or_network_had_is_not_ours_to_undo(void **state)
{
	struct buf boot = { 0 };
	struct err err = { 0 };
	char text[256];

	(void)state;
	need();
	assert_int_equal(file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot, &err),
			 0);
	nft("add", "lab_ab12_x");
	write_journal("old", "lab-journal 1 old 7 0-0 1\n+ 1 table lab_ab12_x\n");
	snprintf(text, sizeof text, "lab-journal 1 far 7 %.36s 1\n+ 1 table lab_ab12_y\n",
		 boot.data);
	write_journal("far", text);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of("lab_ab12_x"), "gone");
	assert_string_equal(state_of("lab_ab12_y"), "elsewhere");
	assert_int_equal(tables("lab_ab12_x"), 1);
	buf_close(&boot);
	snprintf(text, sizeof text, "%s/far", place);
	assert_int_equal(unlink(text), 0); /* it was left for who can */
	assert_int_equal(rmdir(place), 0);
	nft("delete", "lab_ab12_x");
}

static void nothing_but_ours_is_deleted(void **state)
{
	static const char *const names[] = { "theirs", "lab_a;b" };
	char to[128];

	(void)state;
	need();
	nft("add", "theirs");
	die_after("ab12", names, COUNT(names), 0);
	assert_int_equal(sweep(), 2);
	assert_string_equal(state_of("theirs"), "failed");
	assert_int_equal(tables("theirs"), 1);
	assert_false(is_empty()); /* kept for the next */
	snprintf(to, sizeof to, "%s/link", place);
	assert_int_equal(symlink("/etc/passwd", to), 0);
	assert_int_equal(sweep(), 2);
	assert_int_equal(unlink(to), 0);
	/* A directory that others may write into is believed in nothing. */
	assert_int_equal(chmod(place, 0777), 0);
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };
	assert_int_equal(journal_sweep(&sink, &err), -1);
	assert_non_null(strstr(err.text, place));
	struct journal journal = { 0 };
	assert_int_equal(journal_add(&journal, "ab12", "table", "lab_ab12_x", &err), 1);
	assert_true(starts_with(journal.place, "/var/tmp/"));
	journal_undone(&journal, 1);
	journal_close(&journal);
	static const char *const rm[] = { "rm", "-r", place, NULL };
	struct proc_result result;
	assert_int_equal(proc_run(rm, NULL, 5000, &result, &err), 0);
	proc_result_close(&result);
	nft("delete", "theirs");
}

/* lab-agent cleanup; what it prints. */
static int by_hand(char out[512])
{
	char path[PATH_MAX];
	const char *const argv[] = { driver_agent(path), "cleanup", NULL };
	struct proc_result result;
	struct err err = { 0 };

	assert_int_equal(proc_run(argv, NULL, 10000, &result, &err), 0);
	assert_true(WIFEXITED(result.status));
	snprintf(out, 512, "%s", result.out.len > 0 ? result.out.data : "");
	proc_result_close(&result);
	return WEXITSTATUS(result.status);
}

static void kill_with_a_fault(void)
{
	struct driver driver;

	driver_start_like(&driver, &(struct driver){ .ssh = "192.0.2.9 50000 127.0.0.3 22" });
	assert_string_equal(driver_play(&driver, 1, "setup - name=h address=127.0.0.3 run=ab12"),
			    "ok");
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	assert_false(is_empty());
	kill(driver.pid, SIGKILL);
	assert_int_equal(driver_close(&driver), -1);
	for (int i = 0; i < 400 && tables(NULL) != 0; i++)
		(void)poll(NULL, 0, 5);
	assert_int_equal(tables(NULL), 0);
}

static void an_agent_tells_what_the_one_before_it_left(void **state)
{
	struct driver driver;
	char out[512];

	(void)state;
	need();
	kill_with_a_fault();
	driver_start(&driver);
	assert_string_equal(driver_play(&driver, 1, "setup - name=h address=127.0.0.3 run=cd34"),
			    "ok");
	assert_true(driver_saw(&driver, "\"name\":\"lab_ab12_cut\",\"state\":\"gone\""));
	assert_string_equal(driver_play(&driver, 2, "cleanup"), "ok");
	assert_true(is_empty());
	assert_int_equal(driver_close(&driver), 0);
	kill_with_a_fault();
	assert_int_equal(by_hand(out), 0);
	assert_non_null(strstr(out, ": table lab_ab12_cut: gone\n"));
	assert_int_equal(by_hand(out), 0);
	assert_string_equal(out, "");
	static const char *const names[] = { "theirs" };
	die_after("ef56", names, 1, 0);
	assert_int_equal(by_hand(out), ERR_LEFTOVER);
	assert_non_null(strstr(out, "run ef56 (lab-agent "));
	driver_start(&driver);
	assert_string_equal(driver_play(&driver, 1, "setup - name=h address=127.0.0.3 run=cd34"),
			    "ok"); /* no reason not to run */
	assert_string_equal(driver_play(&driver, 2, "cleanup"), "error");
	assert_int_equal(driver_close(&driver), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_dead_agent_left_is_undone_once),
		cmocka_unit_test(the_living_are_told_and_left_alone),
		cmocka_unit_test(a_line_without_its_end_was_no_change),
		cmocka_unit_test(a_line_that_found_no_room_spoils_no_other),
		cmocka_unit_test(a_strangers_folder_is_no_hindrance),
		cmocka_unit_test(what_another_boot_or_network_had_is_not_ours_to_undo),
		cmocka_unit_test(nothing_but_ours_is_deleted),
		cmocka_unit_test(an_agent_tells_what_the_one_before_it_left),
	};

	return cmocka_run_group_tests(tests, own_machine_setup, NULL);
}
