/* boot: who else uses the directory of agents, uploads that break, rights; the agent for aarch64.
 */
#include "boot_play.h"

enum {
	USER_UID = 12345,
	KEPT = 8 /* files that pruning leaves */
};

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0 && write_all(fd, text, strlen(text)) == 0);
	close(fd);
	assert_int_equal(chmod(path, mode), 0);
}

static void agents_dir(const char *home, char dir[PATH_MAX])
{
	snprintf(dir, PATH_MAX, "%s/%s", home, cache);
}

static void old_versions_go_and_what_runs_stays(void **state)
{
	char home[FOLDER_PATH], file[PATH_MAX], dir[PATH_MAX], old[PATH_MAX];
	struct machine machine = { .home = home };
	struct played first, played;
	struct play running;

	need_own_agent();
	new_home(state, home, file);
	agents_dir(home, dir);
	play_start(&running, &machine);
	play_on(&running, &machine, &first);
	assert_true(first.has_hello);
	/* Of others' versions, all used after it. */
	for (int i = 0; i < 2 * KEPT; i++) {
		snprintf(old, sizeof old, "%.4000s/lab-agent-%064d", dir, i);
		write_file(old, "old", 0700);
	}
	assert_int_equal(unlink(file), 0); /* as another lab's pruning would */
	played = play_boot(&machine);
	agent_runs(&played);
	assert_false(played.said.was_cached);
	assert_int_equal(files_in(dir, ""), KEPT);
	assert_int_equal(access(file, X_OK), 0);
	play_end(&running, &first);
	agent_runs(&first);
}

static void labs_that_come_at_once_do_not_hurt_each_other(void **state)
{
	char home[FOLDER_PATH], file[PATH_MAX], dir[PATH_MAX];
	struct machine machine = { .home = home };
	struct played played[4];
	struct play play[4];

	need_own_agent();
	new_home(state, home, file);
	agents_dir(home, dir);
	for (size_t i = 0; i < COUNT(play); i++)
		play_start(&play[i], &machine);
	for (size_t i = 0; i < COUNT(play); i++)
		play_on(&play[i], &machine, &played[i]);
	for (size_t i = 0; i < COUNT(play); i++) {
		play_end(&play[i], &played[i]);
		agent_runs(&played[i]);
	}
	assert_int_equal(files_in(dir, ""), 1);
}

static void an_upload_that_breaks_leaves_nothing(void **state)
{
	char home[FOLDER_PATH], file[PATH_MAX], dir[PATH_MAX];
	struct machine machine = { .home = home, .is_bare = true };
	struct played played;
	int before;

	need_own_agent();
	new_home(state, home, file);
	snprintf(dir, sizeof dir, "/var/tmp/lab-%u", geteuid());
	before = access(dir, F_OK);
	agents_dir(home, dir);
	played = play_boot(&machine);
	assert_int_equal(played.got, -1);
	assert_int_equal(played.err.kind, ERR_BROKE);
	assert_non_null(strstr(played.err.text, "it ended while the agent was sent"));
	assert_int_equal(access(dir, F_OK), -1);
	snprintf(dir, sizeof dir, "/var/tmp/lab-%u", geteuid());
	assert_int_equal(access(dir, F_OK), before);
}

static void what_arrives_damaged_never_runs(void **state)
{
	char home[FOLDER_PATH], file[PATH_MAX], *other;
	struct machine machine = { .home = home };
	struct boot_agent *agent;
	struct played played;
	const void *kept;

	need_own_agent();
	new_home(state, home, file);
	agent = &play_agents.agent[own_agent() - play_agents.agent];
	other = malloc(agent->len);
	memcpy(other, agent->bytes, agent->len);
	other[agent->len / 2] ^= 1;
	kept = agent->bytes;
	agent->bytes = other;
	played = play_boot(&machine);
	agent->bytes = kept;
	free(other);
	assert_int_equal(played.got, -1);
	assert_int_equal(played.err.kind, ERR_CANNOT);
	assert_non_null(strstr(played.err.text, "it arrived damaged"));
	assert_int_equal(played.sent, agent->len);
}

/* A home of an ordinary user, with a sudo that does as `sudo` says. */
static void new_user(void **state, struct machine *machine, char home[FOLDER_PATH],
		     char bin[FOLDER_PATH], const char *sudo)
{
	char file[PATH_MAX];

	need_own_agent();
	if (geteuid() != 0)
		SKIP("only root can become another user");
	assert_int_equal(chmod(*state, 0711), 0);
	new_home(state, home, file);
	folder_inside(*state, bin);
	assert_int_equal(chown(home, USER_UID, USER_UID), 0);
	assert_int_equal(chmod(bin, 0755), 0);
	snprintf(file, sizeof file, "%s/sudo", bin);
	write_file(file, sudo, 0755);
	*machine = (struct machine){ .home = home, .path = bin, .uid = USER_UID, .as_root = true };
}

static void sudo_is_taken_where_it_is_allowed(void **state)
{
	char home[FOLDER_PATH], bin[FOLDER_PATH], asked[PATH_MAX];
	struct machine machine;
	struct played played;

	new_user(state, &machine, home, bin,
		 "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift\n"
		 "echo \"$*\" >>\"$HOME/asked\"\nexec \"$@\"\n");
	played = play_boot(&machine);
	agent_runs(&played);
	assert_true(played.said.is_root && played.said.has_sudo);
	snprintf(asked, sizeof asked, "%s/asked", home);
	assert_int_equal(access(asked, F_OK), 0);
	assert_int_equal(unlink(asked), 0);

	machine.as_root = false;
	played = play_boot(&machine);
	agent_runs(&played);
	assert_false(played.said.is_root || played.said.has_sudo);
	assert_int_equal(access(asked, F_OK), -1);
}

static void without_sudo_it_runs_as_the_user_and_says_so(void **state)
{
	char home[FOLDER_PATH], bin[FOLDER_PATH];
	struct machine machine;
	struct played played;

	new_user(state, &machine, home, bin,
		 "#!/bin/sh\necho a password is required >&2\nexit 1\n");
	played = play_boot(&machine);
	agent_runs(&played);
	assert_false(played.said.is_root || played.said.has_sudo);
	assert_string_equal(played.words, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_versions_go_and_what_runs_stays),
		cmocka_unit_test(labs_that_come_at_once_do_not_hurt_each_other),
		cmocka_unit_test(an_upload_that_breaks_leaves_nothing),
		cmocka_unit_test(what_arrives_damaged_never_runs),
		cmocka_unit_test(sudo_is_taken_where_it_is_allowed),
		cmocka_unit_test(without_sudo_it_runs_as_the_user_and_says_so),
	};

	return cmocka_run_group_tests_name("boot cache", tests, play_setup, play_teardown);
}
