/* A machine for tests of transports: a real sshd at 127.0.0.1 and 127.0.0.2, port 2222, in network
 * and mount namespaces of the test program's own, whose home (by the password file, as ssh and
 * sshd look for it) is a folder of the test. */
#ifndef SSHD_MACHINE_H
#define SSHD_MACHINE_H

#include "folder.h"
#include "netspace.h"
#include "unit.h"

#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mount.h>

#include "buf.h"
#include "clock.h"
#include "file.h"
#include "target.h"
#include "util.h"

enum {
	SSHD_PORT = 2222,
	SSHD_MS = 20000
};

struct sshd_machine {
	const char *why; /* it is not there; NULL: it is */
	char home[PATH_MAX], user[64];
	char key[PATH_MAX + 32], other_key[PATH_MAX + 32]; /* accepted; not accepted */
	char known[PATH_MAX + 32], unknown[PATH_MAX + 32]; /* known_hosts with it, without it */
	pid_t pid;
};

static struct sshd_machine sshd;

static inline int sshd_run(const char *const *argv)
{
	struct proc_result result;
	struct err err;
	int bad = proc_run(argv, NULL, SSHD_MS, &result, &err) < 0 || result.status != 0;

	if (bad)
		print_error("%s: %s\n", argv[0], result.err.data ? result.err.data : err.text);
	proc_result_close(&result);
	return bad ? -1 : 0;
}

static inline int sshd_file(const char *name, const char *text)
{
	char path[PATH_MAX + 32];
	struct err err;

	snprintf(path, sizeof path, "%s/.ssh/%s", sshd.home, name);
	return file_write(AT_FDCWD, path, text, strlen(text), &err);
}

static inline const char *sshd_spaces(const char *folder, const struct passwd *user)
{
	char made[PATH_MAX];

	snprintf(made, sizeof made, "%s/home", folder);
	if (netspace_enter() < 0)
		return "no network namespace of our own here";
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mkdir(made, 0700) < 0 || mount(made, sshd.home, NULL, MS_BIND, NULL) < 0)
		return "no mount namespace of our own here";
	if (user->pw_uid == 0 &&
	    (mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/sshd", 0755) < 0))
		return "no /run of our own here";
	return NULL;
}

static inline int sshd_keys(void)
{
	static const char *const names[] = { "host", "key", "other" };
	struct buf known = { 0 }, host = { 0 };
	char path[PATH_MAX + 32];
	struct err err;
	int bad;

	snprintf(path, sizeof path, "%s/.ssh", sshd.home);
	bad = mkdir(path, 0700) < 0;
	for (size_t i = 0; !bad && i < COUNT(names); i++) {
		const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N",
				       "",           "-f", path, NULL };

		snprintf(path, sizeof path, "%s/.ssh/%s", sshd.home, names[i]);
		bad = sshd_run(argv) < 0;
	}
	snprintf(path, sizeof path, "%s/.ssh/host.pub", sshd.home);
	bad = bad || file_read(AT_FDCWD, path, 4096, &host, &err) < 0;
	if (!bad)
		buf_printf(&known, "[127.0.0.1]:%d %s[127.0.0.2]:%d %sweb-alias %s", SSHD_PORT,
			   host.data, SSHD_PORT, host.data, host.data);
	bad = bad || sshd_file("known_hosts", known.data) < 0 || sshd_file("no known", "") < 0 ||
	      sshd_file("100% known", known.data) < 0;
	buf_close(&known);
	buf_close(&host);
	snprintf(sshd.key, sizeof sshd.key, "%s/.ssh/key", sshd.home);
	snprintf(sshd.other_key, sizeof sshd.other_key, "%s/.ssh/other", sshd.home);
	snprintf(sshd.known, sizeof sshd.known, "%s/.ssh/100%% known", sshd.home);
	snprintf(sshd.unknown, sizeof sshd.unknown, "%s/.ssh/no known", sshd.home);
	return bad ? -1 : 0;
}

static inline int sshd_config(void)
{
	struct buf text = { 0 };
	int bad;

	buf_printf(&text,
		   "Port %d\nListenAddress 127.0.0.1\nListenAddress 127.0.0.2\n"
		   "HostKey %s/.ssh/host\nAuthorizedKeysFile %s/.ssh/key.pub\nPidFile none\n"
		   "UsePAM no\nStrictModes no\nPasswordAuthentication no\nMaxStartups 100\n"
		   "KbdInteractiveAuthentication no\n",
		   SSHD_PORT, sshd.home, sshd.home);
	bad = sshd_file("sshd_config", text.data) < 0;
	buf_clear(&text);
	buf_printf(&text,
		   "Host web-1\n\tHostName 127.0.0.1\n\tPort %d\n\tRequestTTY force\n"
		   "\tRemoteCommand false\n\tControlMaster auto\n\tControlPersist yes\n"
		   "\tControlPath %s/.ssh/master\n"
		   "Host closed\n\tHostName 127.0.0.1\n\tPort 2223\n"
		   "Host nowhere\n\tHostName no-such-name.invalid\n"
		   "Host inner\n\tHostName 127.0.0.2\n\tPort %d\n\tProxyJump web-1\n"
		   "Host half\n\tHostName 127.0.0.2\n\tPort 2223\n"
		   "Host web-1 inner half\n\tIdentityFile %s/.ssh/key\n",
		   SSHD_PORT, sshd.home, SSHD_PORT, sshd.home);
	bad = bad || sshd_file("config", text.data) < 0;
	buf_close(&text);
	return bad ? -1 : 0;
}

/* An sshd with that file of .ssh as its configuration, once it listens there; NULL or why not. */
static inline const char *sshd_start(const char *name, const char *ip, uint16_t port, pid_t *pid)
{
	char path[PATH_MAX], config[PATH_MAX + 32], log[PATH_MAX + 32];
	int64_t deadline_ns = clock_after_ms(SSHD_MS);
	struct sockaddr_in at = netspace_in(ip, port);
	int fd = -1;

	if (proc_find("sshd", path, sizeof path) < 0 || proc_find("ssh", config, sizeof config) < 0)
		return "sshd or ssh is not installed";
	snprintf(config, sizeof config, "%s/.ssh/%s", sshd.home, name);
	snprintf(log, sizeof log, "%s/.ssh/log", sshd.home);
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, "-D", "-f", config, "-E", log, (char *)NULL);
		_exit(97);
	}
	while (clock_left_ms(deadline_ns) > 0) {
		int ok;

		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ok = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
		close(fd);
		if (ok)
			return NULL;
		poll(NULL, 0, 20);
	}
	return "sshd does not listen";
}

static inline int sshd_setup(void **state)
{
	const struct passwd *user = getpwuid(getuid());

	if (folder_setup(state) < 0)
		return -1;
	if (!user) {
		sshd.why = "this user has no name";
		return 0;
	}
	unsetenv("SSH_AUTH_SOCK");
	snprintf(sshd.home, sizeof sshd.home, "%s", user->pw_dir);
	snprintf(sshd.user, sizeof sshd.user, "%s", user->pw_name);
	setenv("HOME", sshd.home, 1);
	sshd.why = sshd_spaces(*state, user);
	if (!sshd.why && (sshd_keys() < 0 || sshd_config() < 0))
		sshd.why = "keys could not be made";
	if (!sshd.why)
		sshd.why = sshd_start("sshd_config", "127.0.0.2", SSHD_PORT, &sshd.pid);
	return 0;
}

/* Ends a process and all that it started: sessions outlive their sshd. */
static inline void sshd_end(pid_t pid)
{
	char path[64];
	struct buf text = { 0 };
	struct err err;

	if (pid <= 0)
		return;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	if (file_read(AT_FDCWD, path, 4096, &text, &err) == 0) {
		char *at = text.data;
		for (long child; at && (child = strtol(at, &at, 10)) > 0;)
			sshd_end((pid_t)child);
	}
	buf_close(&text);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0); /* where it is ours */
}

static inline int sshd_teardown(void **state)
{
	sshd_end(sshd.pid);
	if (sshd.home[0])
		umount2(sshd.home, MNT_DETACH);
	return folder_teardown(state);
}

static inline void need_sshd(void)
{
	if (sshd.why) {
		print_message("# %s\n", sshd.why);
		skip();
	}
}

#endif
