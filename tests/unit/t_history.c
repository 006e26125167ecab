/* rundir.c and history.c: the run directory and the history of runs. */
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "buf.h"
#include "file.h"
#include "folder.h"
#include "history.h"
#include "rundir.h"
#include "util.h"

static char root[] = "/tmp/lab-history-XXXXXX";

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	struct arena arena = { 0 };
	struct err err;
	const struct history_run *run;
	size_t count;

	(void)state;
	if (history_list(root, &run, &count, &arena, &err) == 0)
		for (size_t i = 0; i < count; i++)
			history_remove(root, run[i].name, &err);
	arena_close(&arena);
	char latest[64];
	snprintf(latest, sizeof(latest), "%s/latest", root);
	unlink(latest);
	if (rmdir(root) == 0)
		return 0;
	nftw(root, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a test failed half-way */
	return -1;
}

static const char *name_of(const struct rundir *dir)
{
	return strrchr(dir->path, '/') + 1;
}

static void only_names_of_runs_are_runs(void **state)
{
	(void)state;
	assert_true(history_is_run("20261122T175308Z-refused-4f2a"));
	assert_true(history_is_run("20261122T175308Z-timeout-drop-input-0000"));
	assert_false(history_is_run("20261122T175308Z-refused-4f2"));
	assert_false(history_is_run("latest"));
	assert_false(history_is_run(".."));
	assert_false(history_is_run("20261122T175308Z-refused-4f2g"));
	assert_false(history_is_run("2026-1122T175308Z-refused-4f2a"));
	assert_false(history_is_run("20261122T175308Z-r/../../x-4f2a"));
}

static void what_is_queued_is_written_in_order_and_numbered(void **state)
{
	struct rundir dir;
	struct err err = { 0 };
	struct event event;
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(rundir_make(&dir, root, "x", &err), 0);
	event_init(&event, "one");
	event.host = "h";
	rundir_event(&dir, &event);
	assert_int_equal(event.seq, 1);
	event.kind = "two";
	rundir_event(&dir, &event);
	assert_int_equal(event.seq, 2);
	assert_int_equal(rundir_flush(&dir, &err), 0);
	assert_int_equal(file_read(dir.fd, "events.ndjson", 4096, &text, &err), 0);
	const char *one = strstr(text.data, "\"one\""), *two = strstr(text.data, "\"two\"");
	assert_non_null(one);
	assert_true(two > one);
	buf_close(&text);
	rundir_close(&dir);
	rundir_close(&dir);
}

/* The file may grow to `bytes` and no further, as on a full disk. */
static void allow_bytes(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_line_that_a_full_disk_cut_goes_on_where_it_was_cut(void **state)
{
	struct rundir dir;
	struct err err = { 0 };
	struct event event;
	struct buf text = { 0 };

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(rundir_make(&dir, root, "x", &err), 0);
	event_init(&event, "one");
	event.host = "h";
	rundir_event(&dir, &event);
	allow_bytes(10);
	assert_int_equal(rundir_flush(&dir, &err), -1);
	allow_bytes(RLIM_INFINITY);
	assert_int_equal(rundir_flush(&dir, &err), 0);
	assert_int_equal(file_read(dir.fd, "events.ndjson", 4096, &text, &err), 0);
	struct buf whole = { 0 };
	event_json(&whole, &event);
	assert_string_equal(text.data, whole.data);
	buf_close(&whole);
	buf_close(&text);
	rundir_close(&dir);
}

static void files_and_directories_are_private(void **state)
{
	struct rundir dir;
	struct err err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(rundir_make(&dir, root, "x", &err), 0);
	assert_int_equal(fstat(dir.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(fstatat(dir.fd, "events.ndjson", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	rundir_close(&dir);
}

static void packets_cut_in_their_frame_are_refused(void **state)
{
	struct rundir dir;
	struct err err = { 0 };
	struct buf records = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(rundir_make(&dir, root, "x", &err), 0);
	assert_int_equal(rundir_capture_open(&dir, "h.lan", 262144, &err), 0);
	buf_u64(&records, 1500000000000000007);
	buf_u32(&records, 60);
	buf_u32(&records, 4);
	buf_add(&records, "abcd", 4);
	assert_int_equal(rundir_packets(&dir, 0, records.data, records.len, &err), 0);
	assert_int_equal(rundir_flush(&dir, &err), 0);
	assert_int_equal(fstatat(dir.fd, "capture/h.lan.pcap", &st, 0), 0);
	assert_int_equal(st.st_size, 24 + 16 + 4);
	for (size_t cut = 1; cut < records.len; cut++)
		assert_int_equal(rundir_packets(&dir, 0, records.data, cut, &err), -1);
	assert_int_equal(rundir_packets(&dir, 1, records.data, records.len, &err), -1);
	buf_close(&records);
	rundir_close(&dir);
}

static void a_run_that_was_killed_becomes_the_latest_when_it_is_asked_for(void **state)
{
	struct rundir ended, killed;
	struct err err = { 0 };
	char path[PATH_MAX], kept[PATH_MAX], link[64];

	(void)state;
	assert_int_equal(rundir_make(&ended, root, "ended", &err), 0);
	assert_int_equal(rundir_make(&killed, root, "killed", &err), 0);
	snprintf(kept, sizeof(kept), "%s", killed.path);
	history_file(root, name_of(&ended));
	assert_int_equal(history_find(path, NULL, root, &err), 0);
	assert_string_equal(path, ended.path);
	/* What it last wrote is behind the other's end, also by a clock of 4 ms. */
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = time(NULL) + 10 } };
	assert_int_equal(utimensat(killed.fd, "events.ndjson", times, 0), 0);
	assert_int_equal(history_find(path, NULL, root, &err), 0);
	assert_string_equal(path, ended.path); /* but it goes on */
	rundir_close(&killed);
	assert_int_equal(history_find(path, NULL, root, &err), 0);
	assert_string_equal(path, kept);
	snprintf(link, sizeof(link), "%s/latest", root);
	memset(path, 0, sizeof(path));
	assert_true(readlink(link, path, sizeof(path) - 1) > 0);
	assert_string_equal(path, strrchr(kept, '/') + 1);
	history_file(root, name_of(&ended));
	assert_int_equal(rundir_write(&ended, "manifest.json", "{}", 2, &err), 0);
	int fd = open(kept, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_write(fd, "manifest.json", "{}", 2, &err), 0);
	close(fd);
	assert_int_equal(history_find(path, NULL, root, &err), 0);
	assert_string_equal(path, ended.path); /* one that is sealed was not killed */
	rundir_close(&ended);
	assert_int_equal(history_remove(root, strrchr(kept, '/') + 1, &err), 0);
	assert_int_equal(history_remove(root, strrchr(path, '/') + 1, &err), 0);
}

static void the_latest_is_found_and_a_part_of_a_name_too(void **state)
{
	struct rundir first, second;
	struct err err = { 0 };
	char path[PATH_MAX], link[64];

	(void)state;
	assert_int_equal(rundir_make(&first, root, "aaa", &err), 0);
	assert_int_equal(rundir_make(&second, root, "zzz", &err), 0);
	history_file(root, name_of(&second));
	assert_int_equal(history_find(path, "aaa", root, &err), 0);
	assert_string_equal(path, first.path);
	assert_int_equal(history_find(path, NULL, root, &err), 0);
	assert_string_equal(path, second.path);
	assert_int_equal(history_find(path, "nosuch", root, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	history_file(root, name_of(&first)); /* in the same second, and it ended later */
	assert_int_equal(history_find(path, "latest", root, &err), 0);
	assert_string_equal(path, first.path);
	rundir_close(&first);
	rundir_close(&second);
	assert_int_equal(history_remove(root, strrchr(path, '/') + 1, &err), 0);
	assert_int_equal(history_find(path, NULL, root, &err), 0);
	assert_non_null(strstr(path, "-zzz-"));
	snprintf(link, sizeof(link), "%s/latest", root);
	memset(path, 0, sizeof(path));
	assert_true(readlink(link, path, sizeof(path) - 1) > 0);
	assert_non_null(strstr(path, "-zzz-"));
}

static void a_run_that_is_being_written_is_not_removed(void **state)
{
	struct rundir dir;
	struct err err = { 0 };
	char name[NAME_MAX];

	(void)state;
	assert_int_equal(rundir_make(&dir, root, "locked", &err), 0);
	snprintf(name, sizeof(name), "%s", name_of(&dir));
	assert_int_equal(history_remove(root, name, &err), -1);
	assert_int_equal(err.kind, ERR_CANNOT);
	rundir_close(&dir);
	assert_int_equal(history_remove(root, name, &err), 0);
	assert_int_equal(history_remove(root, "../../etc", &err), -1);
}

static void more_than_the_limit_loses_the_oldest(void **state)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct history_run *run;
	size_t count;
	char name[NAME_MAX] = "";

	(void)state;
	for (int i = 0; i < HISTORY_RUNS + 5; i++) {
		struct rundir dir;
		assert_int_equal(rundir_make(&dir, root, "many", &err), 0);
		rundir_close(&dir);
	}
	/* The one that ended last may be the first by name: many began in that second. */
	assert_int_equal(history_list(root, &run, &count, &arena, &err), 0);
	snprintf(name, sizeof(name), "%s", run[0].name);
	history_file(root, name);
	assert_int_equal(history_list(root, &run, &count, &arena, &err), 0);
	assert_int_equal(count, HISTORY_RUNS);
	bool is_kept = false;
	for (size_t i = 0; i < count; i++)
		is_kept |= streq(run[i].name, name);
	assert_true(is_kept);
	arena_close(&arena);
}

static void an_unwritable_place_is_said_before_anything_is_run(void **state)
{
	struct rundir dir;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(rundir_make(&dir, "/proc/nowhere", "x", &err), -1);
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_non_null(strstr(err.text, "/proc/nowhere"));
	rundir_close(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_names_of_runs_are_runs),
		cmocka_unit_test(what_is_queued_is_written_in_order_and_numbered),
		cmocka_unit_test(a_line_that_a_full_disk_cut_goes_on_where_it_was_cut),
		cmocka_unit_test(files_and_directories_are_private),
		cmocka_unit_test(packets_cut_in_their_frame_are_refused),
		cmocka_unit_test(a_run_that_was_killed_becomes_the_latest_when_it_is_asked_for),
		cmocka_unit_test(the_latest_is_found_and_a_part_of_a_name_too),
		cmocka_unit_test(a_run_that_is_being_written_is_not_removed),
		cmocka_unit_test(more_than_the_limit_loses_the_oldest),
		cmocka_unit_test(an_unwritable_place_is_said_before_anything_is_run),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
