/* file: whole files, and what is none. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"
#include "util.h"

struct folder {
	char name[64];
	int fd;
};

static int open_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return -1;
	*state = folder;
	snprintf(folder->name, sizeof(folder->name), "/tmp/lab-t_file-XXXXXX");
	if (!mkdtemp(folder->name))
		return -1;
	folder->fd = open(folder->name, O_DIRECTORY | O_CLOEXEC);
	return folder->fd < 0 ? -1 : 0;
}

/* Fails when a test left more than "a" behind, a temporary file for example. */
static int close_folder(void **state)
{
	struct folder *folder = *state;
	int result;

	unlinkat(folder->fd, "a", 0);
	close(folder->fd);
	result = rmdir(folder->name);
	if (result < 0)
		nftw(folder->name, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return result;
}

static void what_is_written_is_read(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;
	struct stat st;

	assert_int_equal(file_write(folder->fd, "a", "one\0two", 7, &err), 0);
	assert_int_equal(file_read(folder->fd, "a", 7, &got, &err), 0);
	assert_int_equal(got.len, 7);
	assert_memory_equal(got.data, "one\0two", 8);
	assert_int_equal(fstatat(folder->fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	buf_close(&got);
}

static void a_second_write_replaces_the_file_whole(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;

	assert_int_equal(file_write(folder->fd, "a", "longer", 6, &err), 0);
	assert_int_equal(file_write(folder->fd, "a", "b", 1, &err), 0);
	assert_int_equal(file_read(folder->fd, "a", 100, &got, &err), 0);
	assert_string_equal(got.data, "b");
	buf_close(&got);
}

static void an_empty_file_is_empty_text(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;

	assert_int_equal(file_write(folder->fd, "a", NULL, 0, &err), 0);
	assert_int_equal(file_read(folder->fd, "a", 0, &got, &err), 0);
	assert_int_equal(got.len, 0);
	assert_string_equal(got.data, "");
	buf_close(&got);
}

static void more_than_max_is_an_error_and_nothing_is_kept(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;

	buf_str(&got, "before");
	assert_int_equal(file_write(folder->fd, "a", "12345", 5, &err), 0);
	assert_int_equal(file_read(folder->fd, "a", 4, &got, &err), -1);
	assert_non_null(strstr(err.text, "a: larger than 4 bytes"));
	assert_string_equal(got.data, "before");
	assert_int_equal(file_read(folder->fd, "a", 5, &got, &err), 0);
	assert_string_equal(got.data, "before12345");
	buf_close(&got);
}

static void a_fifo_is_refused_without_waiting_for_a_writer(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;

	assert_int_equal(mkfifoat(folder->fd, "a", 0600), 0);
	assert_int_equal(file_read(folder->fd, "a", 100, &got, &err), -1);
	assert_string_equal(err.text, "a: not a regular file");
	buf_close(&got);
}

static void folders_devices_and_nothing_are_refused(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;

	assert_int_equal(file_read(AT_FDCWD, folder->name, 100, &got, &err), -1);
	assert_int_equal(file_read(AT_FDCWD, "/dev/zero", 100, &got, &err), -1);
	assert_int_equal(file_read(folder->fd, "none", 100, &got, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.text, "none: No such file or directory");
	buf_close(&got);
}

static void files_of_proc_are_read_to_their_end(void **state)
{
	struct buf got = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &got, &err), 0);
	assert_non_null(strstr(got.data, "Pid:"));
	buf_close(&got);
}

static void a_link_in_place_of_the_temporary_file_is_not_followed(void **state)
{
	const struct folder *folder = *state;
	struct buf got = { 0 };
	struct err err;

	assert_int_equal(file_write(folder->fd, "victim", "safe", 4, &err), 0);
	assert_int_equal(symlinkat("victim", folder->fd, "a.tmp"), 0);
	assert_int_equal(file_write(folder->fd, "a", "new", 3, &err), 0);
	assert_int_equal(file_read(folder->fd, "victim", 100, &got, &err), 0);
	assert_string_equal(got.data, "safe");
	unlinkat(folder->fd, "victim", 0);
	buf_close(&got);
}

static void a_failed_write_leaves_neither_file_nor_change(void **state)
{
	const struct folder *folder = *state;
	struct err err;

	assert_int_equal(mkdirat(folder->fd, "a", 0700), 0);
	assert_int_equal(file_write(folder->fd, "a", "x", 1, &err), -1);
	assert_int_equal(err.sys, EISDIR);
	assert_int_equal(faccessat(folder->fd, "a.tmp", F_OK, 0), -1);
	assert_int_equal(unlinkat(folder->fd, "a", AT_REMOVEDIR), 0);
	assert_int_equal(file_write(folder->fd, "no/such", "x", 1, &err), -1);
	assert_int_equal(err.sys, ENOENT);
}

static void a_full_disk_is_told(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		SKIP("no /dev/full here");
	assert_int_equal(write_all(fd, "x", 1), -1);
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void write_all_goes_on_after_short_writes(void **state)
{
	enum {
		LEN = 1 << 20
	};
	static char bytes[LEN];
	int ends[2], status;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(write_all(ends[1], bytes, LEN) == 0 ? 0 : 1);
	}
	close(ends[1]);
	while ((n = read(ends[0], bytes, 1000)) > 0)
		got += (size_t)n;
	close(ends[0]);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(got, LEN);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_is_written_is_read),
		IN_FOLDER(a_second_write_replaces_the_file_whole),
		IN_FOLDER(an_empty_file_is_empty_text),
		IN_FOLDER(more_than_max_is_an_error_and_nothing_is_kept),
		IN_FOLDER(a_fifo_is_refused_without_waiting_for_a_writer),
		IN_FOLDER(folders_devices_and_nothing_are_refused),
		cmocka_unit_test(files_of_proc_are_read_to_their_end),
		IN_FOLDER(a_link_in_place_of_the_temporary_file_is_not_followed),
		IN_FOLDER(a_failed_write_leaves_neither_file_nor_change),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(write_all_goes_on_after_short_writes),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
