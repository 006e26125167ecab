/* ssh_lookup: names by the real getent, and by one that says nothing. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "file.h"
#include "ssh_lookup.h"

enum {
	SOON_MS = 20000
};

/* How many addresses, -1: none. */
static int look_up(const char *name, struct addr address[LOOKUP_MAX], struct err *err)
{
	struct ssh_lookup lookup;
	int count = 0;

	assert_int_equal(ssh_lookup_begin(&lookup, name, err), 0);
	while (count == 0 && (count = ssh_lookup_step(&lookup, name, address, err)) == 0) {
		struct pollfd more = { .fd = lookup.fd, .events = POLLIN };
		assert_int_equal(poll(&more, 1, SOON_MS), 1);
	}
	ssh_lookup_close(&lookup);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing of it is left */
	return count;
}

static void a_name_has_its_addresses_or_is_told_once(void **state)
{
	struct addr address[LOOKUP_MAX];
	char text[ADDR_TEXT];
	struct err err;

	(void)state;
	need_program("getent");
	assert_int_equal(look_up("127.0.0.1", address, &err), 1);
	assert_string_equal(addr_ip_text(&address[0], text), "127.0.0.1");
	assert_int_equal(look_up("-x.invalid", address, &err), -1);
	assert_int_equal(look_up("no-such-name.invalid", address, &err), -1);
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_string_equal(err.text, "there is no such name, or no name server answers "
				      "(getent ahosts no-such-name.invalid)");
}

static void whoever_answers_dies_with_the_one_who_asks(void **state)
{
	static const char program[] = "#!/bin/sh\necho; exec /bin/sleep 1000\n";
	const char *before = getenv("PATH");
	char path[FOLDER_PATH + 16], *old = strdup(before ? before : "/usr/bin:/bin");
	struct ssh_lookup lookup;
	int ends[2], status;
	pid_t asker, getent = 0;
	struct err err;

	snprintf(path, sizeof path, "%s/getent", (char *)*state);
	assert_int_equal(file_write(AT_FDCWD, path, program, strlen(program), &err), 0);
	assert_int_equal(chmod(path, 0700), 0);
	setenv("PATH", *state, 1);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* orphans are ours */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	asker = fork();
	if (asker == 0) {
		struct pollfd runs = { .events = POLLIN };

		if (ssh_lookup_begin(&lookup, "web-1", &err) < 0)
			_exit(1);
		runs.fd = lookup.fd;
		if (poll(&runs, 1, SOON_MS) == 1)
			write_all(ends[1], &lookup.pid, sizeof lookup.pid);
		pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &getent, sizeof getent), sizeof getent);
	kill(asker, SIGKILL);
	assert_int_equal(waitpid(asker, NULL, 0), asker);
	alarm(SOON_MS / 1000); /* instead of waiting for 1000 s */
	assert_int_equal(waitpid(getent, &status, 0), getent);
	alarm(0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	setenv("PATH", old, 1);
	free(old);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_its_addresses_or_is_told_once),
		cmocka_unit_test(whoever_answers_dies_with_the_one_who_asks),
	};

	return cmocka_run_group_tests_name("ssh lookup", tests, folder_setup, folder_teardown);
}
