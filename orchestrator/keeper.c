/* Lab's side of the keeper: starts it, hears its notes, ends it. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "backend.h"
#include "clock.h"
#include "keeper_run.h"
#include "mem.h"
#include "namespace.h"
#include "netlink.h"

enum {
	OPEN_MS = 10000,
	OPEN_HOST_MS = 20,   /* and so much more for each host */
	COPIES_LEN = 1 << 20 /* of all hosts' /etc/hosts together, before they share one */
};

static const unsigned long keeper_flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;

void keeper_init(struct keeper *keeper, struct lab *lab, const struct plan *plan)
{
	*keeper = (struct keeper){ .notes = -1 };
	lab->nhost = plan->nhost;
	lab->host = mem_resize(NULL, plan->nhost, sizeof *lab->host);
	for (size_t i = 0; i < plan->nhost; i++)
		lab->host[i] = (struct host_stream){ .read_fd = -1, .write_fd = -1 };
}

/* One note; 0: end of file, -1: errno. *pid: of its sender, as seen from here. */
static ssize_t note_receive(int notes, struct note *note, pid_t *pid)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec data = { .iov_base = note, .iov_len = sizeof *note };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control,
	};
	ssize_t len = recvmsg(notes, &message, MSG_CMSG_CLOEXEC);

	*pid = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); len > 0 && part;
	     part = CMSG_NXTHDR(&message, part)) {
		struct ucred who;
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&who, CMSG_DATA(part), sizeof who);
		*pid = who.pid;
	}
	if (len > 0 && (size_t)len != sizeof *note) {
		errno = EPROTO;
		return -1;
	}
	return len;
}

static int ended_early(struct keeper *keeper, struct err *err)
{
	int status = 0;

	while (waitpid(keeper->pid, &status, 0) < 0 && errno == EINTR)
		;
	keeper->pid = 0;
	if (WIFSIGNALED(status))
		return err_set(err, ERR_BROKE,
			       "the keeper of the hosts was ended by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_set(err, ERR_BROKE, "the keeper of the hosts ended early, status %d",
		       WEXITSTATUS(status));
}

static int open_ms(size_t nhost)
{
	return OPEN_MS + OPEN_HOST_MS * (int)nhost;
}

/* 0: ready, 1: no /proc here, -1: error. */
static int hear_notes(struct keeper *keeper, struct lab *lab, int64_t deadline_ns, struct err *err)
{
	struct pollfd wait = { .fd = keeper->notes, .events = POLLIN };
	struct note note;
	pid_t pid;

	for (;;) {
		int n = poll(&wait, 1, clock_left_ms(deadline_ns));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "poll");
		if (n == 0)
			return err_set(err, ERR_BROKE, "the hosts were not up after %d s",
				       open_ms(lab->nhost) / 1000);
		ssize_t len = note_receive(keeper->notes, &note, &pid);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return err_sys(err, "notes of the keeper");
		if (len == 0)
			return ended_early(keeper, err);
		switch (note.type) {
		case NOTE_HOST:
			if (note.host < lab->nhost)
				lab->host[note.host].pid = pid;
			break;
		case NOTE_READY:
			return 0;
		case NOTE_NO_PROC:
			return 1;
		case NOTE_REFUSED:
		case NOTE_ERROR:
			keeper->is_refused = note.type == NOTE_REFUSED;
			*err = note.err;
			return -1;
		}
	}
}

static int keeper_start(struct keeper *keeper, struct keeper_spec *spec, struct err *err)
{
	unsigned long flags = keeper_flags | (spec->is_user ? CLONE_NEWUSER : 0) |
			      (spec->has_pid_ns ? CLONE_NEWPID : 0);
	int notes[2], on = 1;

	if (pair_open(SOCK_SEQPACKET, notes, err) < 0)
		return -1;
	setsockopt(notes[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	spec->notes = notes[1];
	spec->deadline_ns =
	    clock_after_ms(open_ms(spec->plan->nhost) - 500); /* before ours: it knows more */
	pid_t pid = ns_fork(flags);
	if (pid == 0)
		keeper_run(spec);
	int sys = errno;
	close(notes[1]);
	if (pid < 0) {
		close(notes[0]);
		keeper->is_refused = true;
		errno = sys;
		err_sys(err, "namespaces");
		return ns_explain(sys, err);
	}
	keeper->pid = pid;
	keeper->notes = notes[0];
	keeper->has_pid_ns = spec->has_pid_ns;
	if (spec->meanwhile)
		spec->meanwhile();
	return 0;
}

static int start_and_hear(struct keeper *keeper, struct lab *lab, struct keeper_spec *spec,
			  struct err *err)
{
	spec->has_pid_ns = true;
	if (keeper_start(keeper, spec, err) < 0)
		return -1;
	int result = hear_notes(keeper, lab, clock_after_ms(open_ms(lab->nhost)), err);
	if (result != 1)
		return result;
	if (keeper_close(keeper, OPEN_MS, err) != 0)
		return -1;
	spec->has_pid_ns = false;
	if (keeper_start(keeper, spec, err) < 0)
		return -1;
	return hear_notes(keeper, lab, clock_after_ms(open_ms(lab->nhost)), err);
}

/* What a copy of its own for every host takes; it grows with their square. */
static size_t hosts_len(const struct plan *plan)
{
	const char *last = NULL;
	size_t len = 0, sum = 0;

	for (size_t i = 0; i < plan->nhost; i++) {
		const char *text = plan->host[i].hosts_file;
		if (text != last)
			len = text ? strlen(text) : 0;
		last = text;
		sum += len;
	}
	return sum;
}

int keeper_open(struct keeper *keeper, struct lab *lab, const struct plan *plan,
		const struct lab_options *options, bool has_own_net, struct err *err)
{
	char path[PATH_MAX], cwd[PATH_MAX];
	struct keeper_spec spec = {
		.plan = plan,
		.agent = path,
		.is_agent_ours = options->is_agent_ours,
		.meanwhile = options->meanwhile,
		.cwd = cwd,
		.has_own_net = has_own_net,
		.is_user = ns_needs_user(),
		.uid = geteuid(),
		.gid = getegid(),
		.has_hosts_file = access("/etc/hosts", F_OK) == 0,
		.has_resolv_conf = access("/etc/resolv.conf", F_OK) == 0,
		.does_share_hosts = hosts_len(plan) > COPIES_LEN,
	};

	if (!realpath(options->agent, path) || access(path, X_OK) < 0)
		return err_sys(err, "%s", options->agent);
	if (!getcwd(cwd, sizeof cwd))
		memcpy(cwd, "/", 2);
	getrlimit(RLIMIT_NOFILE, &spec.nofile);
	int *far_fd = mem_resize(NULL, plan->nhost, sizeof *far_fd);
	spec.far_fd = far_fd;
	int result = streams_open(lab, far_fd, err);
	if (result == 0)
		result = start_and_hear(keeper, lab, &spec, err);
	for (size_t i = 0; i < plan->nhost; i++) {
		if (far_fd[i] >= 0)
			close(far_fd[i]);
	}
	free(far_fd);
	lab->has_pid_ns = spec.has_pid_ns;
	lab->has_hosts_file = spec.has_hosts_file;
	return result;
}

void keeper_let_go(struct keeper *keeper)
{
	if (keeper->notes >= 0)
		close(keeper->notes);
	keeper->notes = -1;
	/* pid 1 of its namespace: the kernel kills all below it and waits for them. Without one,
	 * the keeper does that itself at the end of file, and is killed only when it does not. */
	if (keeper->pid > 0 && keeper->has_pid_ns)
		kill(keeper->pid, SIGKILL);
}

int keeper_close(struct keeper *keeper, int deadline_ms, struct err *err)
{
	int64_t deadline = clock_after_ms(deadline_ms);
	int left = 0;

	keeper_let_go(keeper);
	if (keeper->pid == 0)
		return 0;
	if (child_wait(keeper->pid, deadline) < 0) {
		left = 1;
		err_set(err, ERR_LEFTOVER, "process %d (keeper of the hosts) and what it holds",
			(int)keeper->pid);
		kill(keeper->pid, SIGKILL);
	}
	keeper->pid = left ? keeper->pid : 0;
	return left;
}

const char *keeper_note(const struct lab *lab)
{
	if (!lab->has_pid_ns)
		return "no new /proc can be mounted here, so there is no pid namespace: daemons "
		       "that a step "
		       "started outlive a SIGKILL of the keeper";
	if (!lab->has_hosts_file)
		return "this machine has no /etc/hosts to mount over: names are known to the "
		       "agents alone";
	return NULL;
}

/* Nothing is made: a bridge that really existed would hold up all other labs as it goes (its end
 * waits for RCU under the lock of all links). */
static int probe_network(struct err *err)
{
	struct nl nl;

	if (nl_open(&nl, 0, err) < 0)
		return -1;
	int result = nl_probe_kind(&nl, "bridge", err);
	if (result == 0)
		result = nl_probe_kind(&nl, "veth", err);
	nl_close(&nl);
	return result;
}

/* Runs in the probe's child; its whole answer is one note. */
static _Noreturn void probe_run(const struct keeper_spec *spec)
{
	struct err err = { 0 };
	int result = keeper_enter(spec, &err);

	if (result == 0 && spec->has_own_net && probe_network(&err) < 0)
		result = ns_explain(err.sys, &err);
	if (result != 0)
		note_send(spec->notes, result == 1 ? NOTE_NO_PROC : NOTE_REFUSED, NOTE_NOBODY,
			  &err);
	else
		note_send(spec->notes, NOTE_READY, NOTE_NOBODY, NULL);
	_exit(0);
}

/* The same clone and the same first steps as a keeper's, then the end. */
static int probe_once(struct keeper_spec *spec, struct note *note, struct err *why)
{
	unsigned long flags = keeper_flags | (spec->is_user ? CLONE_NEWUSER : 0) |
			      (spec->has_pid_ns ? CLONE_NEWPID : 0);
	int notes[2];
	pid_t sender;

	if (pair_open(SOCK_SEQPACKET, notes, why) < 0)
		return -1;
	spec->notes = notes[1];
	pid_t pid = ns_fork(flags);
	if (pid == 0)
		probe_run(spec);
	int sys = errno;
	close(notes[1]);
	if (pid < 0) {
		close(notes[0]);
		errno = sys;
		err_sys(why, "namespaces");
		return ns_explain(sys, why);
	}
	ssize_t len = note_receive(notes[0], note, &sender);
	close(notes[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return len > 0 ? 0 : err_set(why, ERR_CANNOT, "namespaces: the probe ended without a word");
}

int keeper_probe(bool has_own_net, struct err *why)
{
	struct note note = { 0 };
	struct keeper_spec spec = {
		.has_own_net = has_own_net,
		.is_user = ns_needs_user(),
		.has_pid_ns = true,
		.uid = geteuid(),
		.gid = getegid(),
	};

	if (probe_once(&spec, &note, why) < 0)
		return -1;
	spec.has_pid_ns = false;
	if (note.type == NOTE_NO_PROC && probe_once(&spec, &note, why) < 0)
		return -1;
	if (note.type == NOTE_READY)
		return 0;
	*why = note.err;
	why->kind = ERR_CANNOT;
	return -1;
}
