/* boot against real shells: every login shell that is installed, every state of the directories. */
#include "boot_play.h"

enum {
	USER_UID = 12345
};

static void the_second_start_sends_nothing(void **state)
{
	struct machine machine = { 0 };
	char home[FOLDER_PATH], file[PATH_MAX];
	struct played played;
	struct stat st;

	need_own_agent();
	new_home(state, home, file);
	machine.home = home;
	played = play_boot(&machine);
	agent_runs(&played);
	assert_false(played.said.was_cached);
	assert_int_equal(played.sent, own_agent()->len);
	assert_int_equal(played.said.is_root, geteuid() == 0);
	assert_string_equal(played.words, "");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(file, sizeof file, "%s/%s", home, cache);
	assert_string_equal(played.said.dir, file);
	assert_int_equal(files_in(file, ""), 1);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	played = play_boot(&machine);
	agent_runs(&played);
	assert_true(played.said.was_cached);
	assert_int_equal(played.sent, 0);
}

static void every_login_shell_takes_the_line(void **state)
{
	static const char *const shells[] = { "bash", "dash", "zsh",   "fish",      "tcsh",
					      "csh",  "mksh", "ksh93", "busybox sh" };
	char home[FOLDER_PATH], file[PATH_MAX], path[PATH_MAX];
	size_t count = 0;

	need_own_agent();
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct machine machine = { .home = home, .shell = shells[i] };
		struct played played;

		snprintf(path, sizeof path, "%.*s", (int)strcspn(shells[i], " "), shells[i]);
		if (proc_find(path, file, sizeof file) < 0) {
			print_message("# %s is not installed\n", path);
			continue;
		}
		new_home(state, home, file);
		print_message("# %s\n", shells[i]);
		for (int again = 0; again < 2; again++) {
			played = play_boot(&machine);
			agent_runs(&played);
			assert_int_equal(played.said.was_cached, again);
		}
		count++;
	}
	assert_true(count > 0);
}

static void every_sh_runs_it(void **state)
{
	static const char *const shells[] = { "bash", "dash", "zsh", "mksh", "ksh93", "busybox" };
	char home[FOLDER_PATH], bin[FOLDER_PATH], file[PATH_MAX], path[PATH_MAX];

	need_own_agent();
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct machine machine = { .home = home, .path = bin };
		struct played played;

		if (proc_find(shells[i], path, sizeof path) < 0)
			continue;
		new_home(state, home, file);
		folder_inside(*state, bin);
		snprintf(file, sizeof file, "%s/sh", bin);
		assert_int_equal(symlink(path, file), 0);
		print_message("# %s as sh\n", shells[i]);
		for (int again = 0; again < 2; again++) {
			played = play_boot(&machine);
			agent_runs(&played);
			assert_int_equal(played.said.was_cached, again);
		}
	}
}

/* Tools of busybox in the place of coreutils. */
static void the_tools_of_busybox_are_enough(void **state)
{
	static const char *const tools[] = { "sh",        "id",  "uname", "mktemp", "chmod",
					     "head",      "cat", "mv",    "rm",     "ls",
					     "sha256sum", "sed", "mkdir", "true" };
	char home[FOLDER_PATH], bin[FOLDER_PATH], file[PATH_MAX], busybox[PATH_MAX];
	struct machine machine = { .home = home, .path = bin };
	struct played played;

	need_own_agent();
	need_program("busybox");
	assert_int_equal(proc_find("busybox", busybox, sizeof busybox), 0);
	new_home(state, home, file);
	folder_inside(*state, bin);
	for (size_t i = 0; i < COUNT(tools); i++) {
		snprintf(file, sizeof file, "%s/%s", bin, tools[i]);
		assert_int_equal(symlink(busybox, file), 0);
	}
	for (int again = 0; again < 2; again++) {
		played = play_boot(&machine);
		agent_runs(&played);
		assert_int_equal(played.said.was_cached, again);
	}
}

static void a_damaged_file_of_the_cache_is_replaced(void **state)
{
	char home[FOLDER_PATH], file[PATH_MAX];
	struct machine machine = { .home = home };
	struct played played;
	struct stat st;
	int fd;

	need_own_agent();
	new_home(state, home, file);
	played = play_boot(&machine);
	agent_runs(&played);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && pwrite(fd, "XX", 2, 1000) == 2);
	close(fd);
	played = play_boot(&machine);
	agent_runs(&played);
	assert_false(played.said.was_cached);
	assert_int_equal(truncate(file, 100), 0);
	played = play_boot(&machine);
	agent_runs(&played);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal((size_t)st.st_size, own_agent()->len);
	played = play_boot(&machine);
	assert_true(played.said.was_cached);
}

/* Every file system but one is closed in another way: home, /var/tmp, /tmp, /dev/shm. */
static void noexec_and_full_directories_are_left_out(void **state)
{
	char home[FOLDER_PATH], file[PATH_MAX];
	struct machine machine = { .home = home,
				   .place = { { .path = "/tmp", .size = "size=64k" },
					      { .path = "HOME", .flags = MS_NOEXEC },
					      { .path = "/var/tmp", .flags = MS_NOEXEC },
					      { .path = "/dev/shm" } } };
	struct played played;

	need_mounts();
	new_home(state, home, file);
	played = play_boot(&machine);
	agent_runs(&played);
	snprintf(file, sizeof file, "/dev/shm/lab-%u", geteuid());
	assert_string_equal(played.said.dir, file);
	assert_true(played.sent > own_agent()->len); /* /tmp was full in the middle */

	machine.place[3].flags = MS_NOEXEC;
	played = play_boot(&machine);
	assert_int_equal(played.got, -1);
	assert_int_equal(played.err.kind, ERR_CANNOT);
	snprintf(file, sizeof file, "%s/%s: programs may not run there: Permission denied", home,
		 cache);
	assert_non_null(strstr(played.err.text, file));
	snprintf(file, sizeof file, "/tmp/lab-%u: No space left on device", geteuid());
	assert_non_null(strstr(played.err.text, file));
	assert_non_null(strstr(played.err.text, "/var/tmp/lab-"));
	assert_non_null(strstr(played.err.text, "/dev/shm/lab-"));
}

static void without_a_home_another_directory_is_found(void **state)
{
	struct machine machine = { .place = { { .path = "/var/tmp" } } };
	struct played played;
	char dir[64];

	(void)state;
	need_mounts();
	played = play_boot(&machine);
	agent_runs(&played);
	snprintf(dir, sizeof dir, "/var/tmp/lab-%u", geteuid());
	assert_string_equal(played.said.dir, dir);
}

/* `spoil` makes of the agent's directory something that must not be used. */
static void refuses(void **state, int (*spoil)(const char *dir), const char *reason)
{
	char home[FOLDER_PATH], file[PATH_MAX], dir[PATH_MAX];
	struct machine machine = { .home = home, .place = { { .path = "/var/tmp" } } };
	struct played played;

	need_mounts();
	new_home(state, home, file);
	snprintf(dir, sizeof dir, "%s/.cache", home);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(dir, sizeof dir, "%s/.cache/lab", home);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(dir, sizeof dir, "%s/%s", home, cache);
	assert_int_equal(spoil(dir), 0);
	played = play_boot(&machine);
	agent_runs(&played);
	assert_true(starts_with(played.said.dir, "/var/tmp/lab-"));
	assert_int_equal(files_in(dir, ""), 0);
	assert_true(starts_with(played.skipped, dir));
	assert_true(starts_with(played.skipped + strlen(dir) + 2, reason));
	assert_int_not_equal(played.skipped[strlen(played.skipped) - 1], ' ');
}

static int of_somebody_else(const char *dir)
{
	return mkdir(dir, 0700) < 0 ? -1 : chown(dir, USER_UID, USER_UID);
}

static int open_to_others(const char *dir)
{
	return mkdir(dir, 0700) < 0 ? -1 : chmod(dir, 0770);
}

static int a_link(const char *dir)
{
	char other[PATH_MAX];

	snprintf(other, sizeof other, "%s-other", dir);
	return mkdir(other, 0700) < 0 ? -1 : symlink(other, dir);
}

static int a_file(const char *dir)
{
	return mknod(dir, S_IFREG | 0700, 0);
}

static void a_directory_of_somebody_else_is_refused(void **state)
{
	refuses(state, of_somebody_else, "it is not a private directory of this user");
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
	refuses(state, open_to_others, "it is not a private directory of this user");
}

static void a_link_is_refused(void **state)
{
	refuses(state, a_link, "it is a link to elsewhere");
}

static void a_file_in_its_place_is_refused(void **state)
{
	refuses(state, a_file, "File exists");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_start_sends_nothing),
		cmocka_unit_test(every_login_shell_takes_the_line),
		cmocka_unit_test(every_sh_runs_it),
		cmocka_unit_test(the_tools_of_busybox_are_enough),
		cmocka_unit_test(a_damaged_file_of_the_cache_is_replaced),
		cmocka_unit_test(noexec_and_full_directories_are_left_out),
		cmocka_unit_test(without_a_home_another_directory_is_found),
		cmocka_unit_test(a_directory_of_somebody_else_is_refused),
		cmocka_unit_test(a_directory_that_others_may_write_is_refused),
		cmocka_unit_test(a_link_is_refused),
		cmocka_unit_test(a_file_in_its_place_is_refused),
	};

	return cmocka_run_group_tests_name("boot shell", tests, play_setup, play_teardown);
}
