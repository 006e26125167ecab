/* A machine for tests of the boot: a real shell of this one with a home of its own, and where a
 * test wants it a private mount namespace with small or noexec file systems. */
#ifndef BOOT_PLAY_H
#define BOOT_PLAY_H

#include "folder.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "agents_static.h"
#include "boot.h"
#include "clock.h"
#include "event.h"
#include "file.h"
#include "frame.h"

enum {
	BOOT_PLAY_MS = 30000,
	PLACES = 4
};

struct place {
	const char *path;    /* a tmpfs is laid over it; "HOME": over the home */
	unsigned long flags; /* MS_NOEXEC */
	const char *size;    /* "size=64k"; NULL: enough */
};

struct machine {
	const char *home;  /* NULL: no HOME at all */
	const char *shell; /* login shell with one word or two ("busybox sh"); NULL: sh */
	const char *path;  /* in front of PATH; NULL: nothing */
	struct place place[PLACES];
	uid_t uid; /* 0: as it is */
	bool as_root;
	bool is_bare; /* ends right after the agent was asked for */
};

struct played {
	int got; /* of boot_take at its end; -1 with err also when the stream ended */
	struct boot_said said;
	struct err err;
	bool has_hello;     /* frames came, the first is hello */
	size_t sent;        /* bytes of agents */
	int status;         /* of the agent in the end */
	char words[1024];   /* stderr */
	char skipped[1024]; /* directories, with reasons */
};

static struct arena play_arena;
static struct agents_static play_agents;
static const char *play_folder; /* with the agents of this build */

/* The agents of this build. */
static inline int play_setup(void **state)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct err err;

	self[n > 0 ? n : 0] = '\0';
	play_folder = arena_printf(&play_arena, "%s/agents", dirname(dirname(self)));
	if (agents_static_from(&play_agents, play_folder, &play_arena, &err) < 0)
		return -1;
	return folder_setup(state);
}

static inline int play_teardown(void **state)
{
	arena_close(&play_arena);
	return folder_teardown(state);
}

static inline void make_folders(const char *path)
{
	char part[PATH_MAX];

	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		(void)mkdir(part, 0755);
	}
}

static inline int lay_places(const struct machine *machine)
{
	if (!machine->place[0].path)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	for (size_t i = 0; i < PLACES && machine->place[i].path; i++) {
		const struct place *place = &machine->place[i];
		const char *path = streq(place->path, "HOME") ? machine->home : place->path;

		make_folders(path);
		if (mount("none", path, "tmpfs", place->flags, place->size) < 0)
			return -1;
		(void)chmod(path, streq(place->path, "HOME") ? 0700 : 01777);
	}
	if (machine->home)
		make_folders(machine->home);
	return 0;
}

__attribute__((noreturn)) static inline void play_child(const struct machine *machine,
							const char *line, int fd, int said)
{
	const char *shell = machine->shell ? machine->shell : "sh", *word = strchr(shell, ' ');
	char first[256], path[PATH_MAX];

	snprintf(first, sizeof first, "%.*s", (int)strcspn(shell, " "), shell);
	if (lay_places(machine) < 0)
		_exit(99);
	if (machine->uid && (setgid(machine->uid) < 0 || setuid(machine->uid) < 0))
		_exit(98);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	if (machine->home)
		setenv("HOME", machine->home, 1);
	if (machine->path) {
		snprintf(path, sizeof path, "%s:%s", machine->path, getenv("PATH"));
		setenv("PATH", path, 1);
	}
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	if (word)
		execlp(first, first, word + 1, "-c", line, (char *)NULL);
	else
		execlp(first, first, "-c", line, (char *)NULL);
	_exit(97);
}

struct play {
	pid_t pid;
	int fd, said;
	struct boot boot;
	struct buf out;
	struct frame_reader frames;
	int64_t deadline_ns;
};

static inline void play_start(struct play *play, const struct machine *machine)
{
	struct buf line = { 0 };
	int fd[2], said[2];

	*play = (struct play){
		.boot = { .agent = play_agents.agent, .nagent = play_agents.count },
		.deadline_ns = clock_after_ms(BOOT_PLAY_MS),
	};
	boot_command(&line, play_agents.agent, play_agents.count, machine->as_root);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	play->pid = fork();
	assert_true(play->pid >= 0);
	if (play->pid == 0)
		play_child(machine, line.data, fd[1], said[1]);
	close(fd[1]);
	close(said[1]);
	play->fd = fd[0];
	play->said = said[0];
	buf_close(&line);
}

/* Some bytes of the stream into boot or frames; false at its end. */
static inline bool play_turn(struct play *play, struct played *played)
{
	struct pollfd ready = { .fd = play->fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	if (play->out.len > 0)
		ready.events |= POLLOUT;
	assert_true(poll(&ready, 1, clock_left_ms(play->deadline_ns)) > 0);
	if (ready.revents & POLLOUT) {
		n = send(play->fd, play->out.data, play->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			played->sent += (size_t)n;
			buf_drop(&play->out, (size_t)n);
		}
	}
	if (!(ready.revents & (POLLIN | POLLHUP)))
		return true;
	n = recv(play->fd, bytes, sizeof bytes, 0);
	if (n <= 0)
		return false;
	if (played->got == 0)
		played->got = boot_take(&play->boot, bytes, (size_t)n, &play->out, &played->err);
	else if (played->got == 1)
		frame_feed(&play->frames, bytes, (size_t)n);
	if (played->got == 1 && play->boot.line.len > 0) {
		frame_feed(&play->frames, play->boot.line.data, play->boot.line.len);
		buf_clear(&play->boot.line);
	}
	return true;
}

/* Until the agent has said hello, or it is clear that it never will. */
static inline void play_on(struct play *play, const struct machine *machine, struct played *played)
{
	struct frame frame;
	bool goes_on = true;

	*played = (struct played){ 0 };
	while (goes_on && !played->has_hello && played->got >= 0 &&
	       !(machine->is_bare && play->boot.ngiven > 0)) {
		goes_on = play_turn(play, played);
		played->has_hello = played->got == 1 &&
				    frame_next(&play->frames, &frame, &played->err) == 1 &&
				    frame.type == FRAME_HELLO;
	}
	played->said = play->boot.said;
	snprintf(played->skipped, sizeof played->skipped, "%s",
		 play->boot.skipped.data ? play->boot.skipped.data : "");
}

static inline void play_end(struct play *play, struct played *played)
{
	char bytes[4096];
	size_t used = 0;
	ssize_t n;

	shutdown(play->fd, SHUT_WR);
	while (recv(play->fd, bytes, sizeof bytes, 0) > 0)
		;
	close(play->fd);
	while (used < sizeof played->words - 1 &&
	       (n = read(play->said, played->words + used, sizeof played->words - 1 - used)) > 0)
		used += (size_t)n;
	played->words[used] = '\0';
	close(play->said);
	assert_int_equal(waitpid(play->pid, &played->status, 0), play->pid);
	if (played->got == 0)
		played->got = boot_ended(&play->boot, played->words, &played->err);
	boot_close(&play->boot);
	buf_close(&play->out);
	frame_close(&play->frames);
}

/* From its start to its end. */
static inline struct played play_boot(const struct machine *machine)
{
	struct played played;
	struct play play;

	play_start(&play, machine);
	play_on(&play, machine, &played);
	play_end(&play, &played);
	return played;
}

static const char cache[] = ".cache/lab/agents";

static inline const struct boot_agent *own_agent(void)
{
	struct utsname here;

	uname(&here);
	for (size_t i = 0; i < play_agents.count; i++) {
		if (streq(play_agents.agent[i].machine, here.machine))
			return &play_agents.agent[i];
	}
	return NULL;
}

static inline void need_own_agent(void)
{
	if (!own_agent())
		SKIP("no agent for this machine was built (make agents)");
}

static inline void need_mounts(void)
{
	pid_t pid;
	int status;

	need_own_agent();
	pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWNS) < 0);
	waitpid(pid, &status, 0);
	if (geteuid() != 0 || status != 0)
		SKIP("no mount namespace of our own here");
}

/* A home below the test's folder; the agent's file in it. */
static inline void new_home(void **state, char home[FOLDER_PATH], char file[PATH_MAX])
{
	folder_inside(*state, home);
	snprintf(file, PATH_MAX, "%s/%s/lab-agent-%s", home, cache, own_agent()->sha256);
}

static inline void agent_runs(const struct played *played)
{
	if (!played->has_hello)
		print_error("got %d: %s / %s\n", played->got, played->err.text, played->words);
	assert_int_equal(played->got, 1);
	assert_true(played->has_hello);
	assert_true(WIFEXITED(played->status) && WEXITSTATUS(played->status) == 0);
}

/* Files in a folder, by how their names begin. */
static inline size_t files_in(const char *folder, const char *prefix)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.' && starts_with(entry->d_name, prefix);
	if (dir)
		closedir(dir);
	return count;
}

#endif
