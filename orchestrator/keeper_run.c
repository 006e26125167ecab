/* The keeper process: enters its namespaces, clones the hosts, lays the cables between them, says
 * that all is ready, and then lives until lab's end of the socket closes. */
#include "keeper_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "clock.h"
#include "file.h"
#include "mem.h"
#include "namespace.h"
#include "netlink.h"
#include "proc_child.h"

void note_send(int notes, enum note_type type, size_t host, const struct err *err)
{
	struct note note = { .type = type, .host = host };

	if (err)
		note.err = *err;
	/* When lab is gone there is nobody to tell, and the end is near. */
	while (send(notes, &note, sizeof note, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* Without a pid namespace the kernel does not end the rest: everything started below, daemons too,
 * is or becomes our child (we are a subreaper). */
static void end_children(void)
{
	char path[64], text[4096];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	signal(SIGCHLD, SIG_DFL);
	do {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
		if (fd >= 0)
			close(fd);
		text[len > 0 ? len : 0] = 0;
		char *at = text, *end;
		for (long pid = strtol(at, &end, 10); end != at; pid = strtol(at, &end, 10)) {
			/* the last number may be cut: a space follows each whole one */
			if (*end == ' ' && pid > 1)
				kill((pid_t)pid, SIGKILL);
			at = end;
		}
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

static _Noreturn void keeper_end(const struct keeper_spec *spec, int status)
{
	if (!spec->has_pid_ns)
		end_children();
	_exit(status); /* pid 1: the kernel kills all that is left, and waits for it */
}

static _Noreturn void keeper_fail(const struct keeper_spec *spec, const struct err *err)
{
	if (err->kind != ERR_NONE) /* else it was said already */
		note_send(spec->notes, NOTE_ERROR, NOTE_NOBODY, err);
	keeper_end(spec, 1);
}

/* A host that was killed says nothing, and the others wait for it. */
static int find_ended(const struct keeper_spec *spec, const pid_t *pid, struct err *err)
{
	for (size_t i = 0; i < spec->plan->nhost; i++) {
		if (kill(pid[i], 0) < 0 && errno == ESRCH)
			return err_set(err, ERR_BROKE, "host %s: ended before it was up",
				       spec->plan->host[i].name);
	}
	return 0;
}

static int poll_hosts(struct pollfd *wait, int64_t deadline_ns)
{
	int ms = clock_left_ms(deadline_ns);
	const struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	sigset_t none;

	sigemptyset(&none); /* SIGCHLD comes here or nowhere */
	return ppoll(wait, 1, &left, &none);
}

/* Reads until all hosts have said `stage` (0: until end of file). -1 with err.kind ERR_NONE: a host
 * failed and has told lab itself. */
static int wait_stage(const struct keeper_spec *spec, const pid_t *pid, int said, char stage,
		      struct err *err)
{
	struct pollfd wait = { .fd = said, .events = POLLIN };
	size_t count = spec->plan->nhost;
	char bytes[256];

	*err = (struct err){ 0 };
	for (size_t heard = 0; stage == 0 || heard < count;) {
		int n = poll_hosts(&wait, spec->deadline_ns);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (n < 0 && stage != 0 && find_ended(spec, pid, err) < 0)
			return -1;
		if (n == 0 && stage == 0)
			return err_set(err, ERR_BROKE, "some host did not start its agent in time");
		if (n == 0)
			return err_set(
			    err, ERR_BROKE, "only %zu of %zu hosts %s in time", heard, count,
			    stage == STAGE_SET ? "were set up" : "brought their links up");
		ssize_t len = n < 0 ? -1 : read(said, bytes, sizeof bytes);
		if (len < 0 && errno != EINTR)
			return err_sys(err, "read from hosts");
		if (len == 0)
			return stage == 0 ? 0 : err_set(err, ERR_BROKE, "all hosts ended early");
		for (ssize_t i = 0; i < len; i++) {
			if (bytes[i] == STAGE_FAILED)
				return -1;
			heard += bytes[i] == stage;
		}
	}
	return 0;
}

/* Our ends come up last: only then is there a carrier, and the port forwards with it. */
static int raise_ports(const struct keeper_spec *spec, struct nl *nl, int raised, struct err *err)
{
	struct nl_batch batch;
	struct nl_ready ready = { .first = keeper_first_port(spec->plan), .is_port = true };

	nl_begin(&batch, nl);
	for (size_t i = 0; i < spec->plan->nhost; i++)
		ready.count += spec->plan->host[i].nport;
	for (size_t i = 0; i < ready.count; i++) {
		if (nl_add_up(&batch, ready.first + (int)i, err) < 0)
			return -1;
	}
	if (nl_flush(&batch, err) < 0)
		return -1;
	close(raised);
	ready.left = ready.count;
	ready.seen = memset(mem_resize(NULL, ready.count + 1, 1), 0, ready.count + 1);
	int result = nl_be_ready(nl, &ready, spec->deadline_ns, err);
	free(ready.seen);
	return result;
}

/* What is lacking here is told with its mend, and another backend may be tried. */
static int refuse(const struct keeper_spec *spec, struct err *err)
{
	ns_explain(err->sys, err);
	note_send(spec->notes, NOTE_REFUSED, NOTE_NOBODY, err);
	*err = (struct err){ 0 };
	return -1;
}

static int clone_hosts(const struct keeper_spec *spec, pid_t *pid, struct keeper_gate *ours,
		       struct err *err)
{
	unsigned long flags = CLONE_NEWNS | CLONE_NEWUTS | (spec->has_own_net ? CLONE_NEWNET : 0);
	struct keeper_gate theirs;
	int said[2], go[2], raised[2];

	if (pipe2(said, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0 || pipe2(raised, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	theirs = (struct keeper_gate){
		.keeper = getpid(), .said = said[1], .go = go[0], .raised = raised[0]
	};
	*ours = (struct keeper_gate){ .said = said[0], .go = go[1], .raised = raised[1] };
	for (size_t i = 0; i < spec->plan->nhost; i++) {
		pid[i] = ns_fork(flags);
		if (pid[i] < 0) {
			err_sys(err, "host %s: clone", spec->plan->host[i].name);
			return err->sys == ENOSPC ? refuse(spec, err) : -1;
		}
		if (pid[i] == 0)
			keeper_host(spec, i, &theirs);
		close(spec->far_fd[i]);
	}
	close(said[1]);
	close(go[0]);
	close(raised[0]);
	return 0;
}

/* A kernel without bridges or veths: no namespaces for us, as the probe says it. */
static int refuse_links(const struct keeper_spec *spec, struct err *err)
{
	return err->sys == EOPNOTSUPP ? refuse(spec, err) : -1;
}

/* The network of hosts that have their own; lo alone where they share ours. */
static int lay_network(const struct keeper_spec *spec, const pid_t *pid,
		       const struct keeper_gate *gate, struct err *err)
{
	struct nl nl;

	if (nl_open(&nl, 0, err) < 0)
		return -1; /* what is open ends with this process */
	if (keeper_make_bridges(spec->plan, &nl, err) < 0)
		return refuse_links(spec, err);
	if (keeper_lose(spec->plan, spec->deadline_ns, err) < 0 ||
	    wait_stage(spec, pid, gate->said, STAGE_SET, err) < 0 ||
	    keeper_make_cables(spec->plan, pid, &nl, err) < 0 ||
	    keeper_limit_ports(spec->plan, &nl, err) < 0)
		return -1;
	close(gate->go);
	if (wait_stage(spec, pid, gate->said, STAGE_UP, err) < 0 ||
	    raise_ports(spec, &nl, gate->raised, err) < 0)
		return -1;
	nl_close(&nl);
	return 0;
}

static bool has_sysctl(const struct plan_host *host, const char *name)
{
	for (size_t i = 0; i < host->nsysctl; i++) {
		if (streq(host->sysctl[i].name, name))
			return true;
	}
	return false;
}

/* What hosts' namespaces get from ours as they are made: a table of TCP sockets of their own, of a
 * size that is soon walked, else every reading of it walks the machine's (Linux 6.1). And what ours
 * needs itself: bridges that do not configure themselves. */
static int set_children(struct err *err)
{
	if (ns_sysctl("net.ipv4.tcp_child_ehash_entries", "256", err) < 0)
		return -1;
	return ns_sysctl("net.ipv6.conf.default.disable_ipv6", "1", err) < 0 ? -1 : 0;
}

/* One stack for all: every sysctl is written once (hosts that want it differently were refused). */
static int share_network(const struct keeper_spec *spec, struct err *err)
{
	const struct plan_host *host = spec->plan->host;
	struct nl nl;
	struct nl_batch batch;

	nl_begin(&batch, &nl);
	for (size_t i = 0; i < spec->plan->nhost; i++) {
		for (size_t j = 0; j < host[i].nsysctl; j++) {
			if ((i == 0 || !has_sysctl(&host[0], host[i].sysctl[j].name)) &&
			    keeper_sysctl(&host[i].sysctl[j], err) < 0)
				return err_in(err, "host %s", host[i].name);
		}
	}
	if (nl_open(&nl, 0, err) < 0)
		return -1;
	int result = nl_add_up(&batch, 1, err) < 0 ? -1 : nl_flush(&batch, err);
	nl_close(&nl);
	return result < 0 ? err_in(err, "lo") : 0;
}

static void on_child(int signal)
{
	(void)signal; /* ends ppoll */
}

/* Whoever ends here is reaped by the kernel; wait_stage hears of it. */
static void hear_children(void)
{
	const struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_NOCLDWAIT };
	sigset_t child;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
}

static int become_keeper(const struct keeper_spec *spec, struct err *err)
{
	size_t count = spec->plan->nhost;
	int *keep = mem_resize(NULL, count + 1, sizeof *keep);

	memcpy(keep, spec->far_fd, count * sizeof *keep);
	keep[count] = spec->notes;
	int result = ns_close_others(keep, count + 1, err);
	free(keep);
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere >= 0) { /* lab's input and output are not ours to hold open */
		dup2(nowhere, STDIN_FILENO);
		dup2(nowhere, STDOUT_FILENO);
		close(nowhere);
	}
	proc_child_signals();
	hear_children();
	signal(SIGPIPE, SIG_IGN);
	setsid(); /* Ctrl-C is lab's alone: it ends us when the evidence is safe */
	if (!spec->has_pid_ns)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	return result;
}

int keeper_enter(const struct keeper_spec *spec, struct err *err)
{
	int result = 0;

	if (spec->is_user)
		result = ns_map_ids(spec->uid, spec->gid, err);
	if (result == 0 && spec->is_user)
		result = ns_keep_capabilities(err);
	if (result == 0)
		result = ns_mount(spec->has_pid_ns, err);
	return result < 0 ? ns_explain(err->sys, err) : result;
}

static bool is_lab_gone(int notes)
{
	struct pollfd end = { .fd = notes, .events = POLLIN };
	int n;

	do
		n = poll(&end, 1, 0);
	while (n < 0 && errno == EINTR);
	return n != 0; /* lab never writes: whatever is there is the end */
}

_Noreturn void keeper_run(struct keeper_spec *spec)
{
	struct err err = { 0 };
	struct keeper_gate gate = { .said = -1 };
	struct pollfd end = { .fd = spec->notes, .events = POLLIN };
	size_t room = (spec->plan->nhost + 1) * sizeof(pid_t);
	pid_t *pid = memset(mem_resize(NULL, room, 1), 0, room);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (become_keeper(spec, &err) < 0)
		keeper_fail(spec, &err);
	if (is_lab_gone(spec->notes)) /* before prctl could see it */
		keeper_end(spec, 0);
	int result = keeper_enter(spec, &err);
	if (result != 0) {
		note_send(spec->notes, result == 1 ? NOTE_NO_PROC : NOTE_REFUSED, NOTE_NOBODY,
			  &err);
		keeper_end(spec, 1);
	}
	if (spec->has_own_net) {
		keeper_look_at_sysctls(spec);
		result = set_children(&err) < 0 ? -1 : offload_find(&spec->offloads, &err);
	} else
		result = share_network(spec, &err);
	if (result == 0)
		result = keeper_share_hosts(spec, &err);
	if (result < 0 || clone_hosts(spec, pid, &gate, &err) < 0)
		keeper_fail(spec, &err);
	if (spec->has_own_net && lay_network(spec, pid, &gate, &err) < 0)
		keeper_fail(spec, &err);
	if (wait_stage(spec, pid, gate.said, 0, &err) < 0)
		keeper_fail(spec, &err);
	free(pid);
	note_send(spec->notes, NOTE_READY, NOTE_NOBODY, NULL);
	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	keeper_end(spec, 0);
}
