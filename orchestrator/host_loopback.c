/* Backend loopback: every host is an agent with an address 127.0.0.x of one shared stack: the lo of
 * a private namespace where that is allowed, else the machine's own, where less can be witnessed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "backend.h"
#include "clock.h"
#include "env.h"
#include "file.h"
#include "keeper.h"
#include "mem.h"
#include "namespace.h"
#include "proc_child.h"
#include "step.h"

enum {
	MARK = 64,
	NOTE = 640,
	START_MS = 10000,
	EXEC_MS = 200
};

struct loopback {
	struct keeper keeper; /* of the private namespace; pid 0 on the machine's own lo */
	bool is_own_lo;
	int was_subreaper;
	char mark[MARK]; /* "LAB_LOOPBACK=..." in the environment of all that we start */
	char note[NOTE];
};

static int loopback_usable(struct err *why)
{
	(void)why; /* nothing is needed: what is missing is told by `offers` and `note` */
	return 0;
}

/* A raw IP socket asks for the same right as a packet socket, whose close would wait for RCU. */
static bool may_capture(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static unsigned loopback_offers(void)
{
	struct err why;

	if (keeper_probe(false, &why) == 0)
		return private_offers();
	return (may_capture() ? NEED_CAPTURE : 0) | tool_offers();
}

/* Hosts share one stack: two values for one sysctl cannot both hold. */
static int check_sysctls(const struct plan *plan, struct err *err)
{
	for (size_t i = 1; i < plan->nhost; i++) {
		const struct plan_host *a = &plan->host[0], *b = &plan->host[i];
		for (size_t j = 0; j < a->nsysctl; j++) {
			for (size_t k = 0; k < b->nsysctl; k++) {
				if (streq(a->sysctl[j].name, b->sysctl[k].name) &&
				    !streq(a->sysctl[j].value, b->sysctl[k].value))
					return err_set(
					    err, ERR_CANNOT,
					    "hosts share one network stack here: %s sets %s = %s, "
					    "%s = %s; mend: -b netns",
					    a->name, a->sysctl[j].name, a->sysctl[j].value, b->name,
					    b->sysctl[k].value);
			}
		}
	}
	return 0;
}

/* A child of lab becomes the agent (an absolute path) of one host; a failure is written to `said`,
 * exec closes it. */
static _Noreturn void become_agent(struct loopback *state, const char *agent, int far_fd, int said,
				   pid_t parent)
{
	int keep[] = { far_fd, said };
	char name[256];
	char *const argv[] = { name, NULL };
	struct err err = { 0 };

	snprintf(name, sizeof name, "%s", strrchr(agent, '/') + 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it ended before prctl */
		_exit(1);
	setsid(); /* Ctrl-C is lab's alone */
	if (ns_close_others(keep, COUNT(keep), &err) == 0 && dup2(far_fd, STDIN_FILENO) >= 0 &&
	    dup2(far_fd, STDOUT_FILENO) >= 0 && putenv(state->mark) == 0) {
		proc_child_signals();
		env_drop_secrets();
		execve(agent, argv, environ);
		err_sys(&err, "%s", agent);
	} else if (err.kind == ERR_NONE) {
		err_sys(&err, "agent's input and output");
	}
	write_all(said, &err, sizeof err); /* less than PIPE_BUF: whole or not at all */
	_exit(127);
}

/* Until end of file of `said`: every agent was exec'd, or one has failed and says why. */
static int wait_started(int said, struct err *err)
{
	struct pollfd wait = { .fd = said, .events = POLLIN };
	int64_t deadline = clock_after_ms(START_MS);
	struct err failed;

	for (;;) {
		int n = poll(&wait, 1, clock_left_ms(deadline));
		if (n == 0)
			return err_set(err, ERR_BROKE, "an agent did not start in time");
		ssize_t len = n < 0 ? -1 : read(said, &failed, sizeof failed);
		if (len == (ssize_t)sizeof failed) {
			*err = failed;
			return -1;
		}
		if (len == 0)
			return 0;
		if (len > 0 || errno != EINTR)
			return err_sys(err, "agents");
	}
}

static int start_agents(struct loopback *state, struct lab *lab, const char *agent,
			const int *far_fd, struct err *err)
{
	pid_t parent = getpid();
	int said[2];

	if (pipe2(said, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	for (size_t i = 0; i < lab->nhost; i++) {
		pid_t pid = ns_fork(0);
		if (pid < 0) {
			err_sys(err, "fork");
			close(said[0]);
			close(said[1]);
			return -1;
		}
		if (pid == 0)
			become_agent(state, agent, far_fd[i], said[1], parent);
		lab->host[i].pid = pid;
	}
	close(said[1]);
	int result = wait_started(said[0], err);
	close(said[0]);
	return result;
}

static int open_own_lo(struct loopback *state, struct lab *lab, const struct lab_options *options,
		       const char *why, struct err *err)
{
	char path[4096];

	state->is_own_lo = true;
	lab->is_private = lab->has_pid_ns = lab->has_hosts_file = false;
	if (!realpath(options->agent, path) || access(path, X_OK) < 0)
		return err_sys(err, "%s", options->agent);
	snprintf(state->mark, sizeof state->mark, "LAB_LOOPBACK=%d.%lld", (int)getpid(),
		 (long long)clock_mono_ns());
	prctl(PR_GET_CHILD_SUBREAPER, &state->was_subreaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* what agents leave comes to us */
	int *far_fd = mem_resize(NULL, lab->nhost, sizeof *far_fd);
	int result = streams_open(lab, far_fd, err);
	if (result == 0)
		result = start_agents(state, lab, path, far_fd, err);
	for (size_t i = 0; i < lab->nhost; i++) {
		if (far_fd[i] >= 0)
			close(far_fd[i]);
	}
	free(far_fd);
	lab->offers = (may_capture() ? NEED_CAPTURE : 0) | tool_offers();
	snprintf(
	    state->note, sizeof state->note,
	    "on the machine's own lo (%.400s): %srulesets and counters are the machine's, not the "
	    "run's",
	    why, lab->offers & NEED_CAPTURE ? "" : "no captures (no right to a packet socket), ");
	lab->note = state->note;
	return result;
}

static void forget_hosts(struct lab *lab)
{
	streams_close(lab);
	for (size_t i = 0; i < lab->nhost; i++)
		lab->host[i].pid = 0;
}

static int loopback_open(struct lab *lab, const struct plan *plan,
			 const struct lab_options *options, struct err *err)
{
	struct loopback *state = mem_resize(NULL, 1, sizeof *state);

	*state = (struct loopback){ 0 };
	*lab = (struct lab){ .backend = &backend_loopback, .state = state };
	keeper_init(&state->keeper, lab, plan);
	if (options->is_own_lo) {
		if (open_own_lo(state, lab, options, "as asked", err) < 0)
			return err_in(err, "loopback");
		return 0;
	}
	if (check_sysctls(plan, err) < 0)
		return err_in(err, "loopback");
	lab->is_private = true;
	if (keeper_open(&state->keeper, lab, plan, options, false, err) == 0) {
		lab->offers = private_offers();
		lab->note = keeper_note(lab);
		return 0;
	}
	struct err why = *err;
	if (!state->keeper.is_refused || keeper_close(&state->keeper, START_MS, err) != 0)
		return err_in(err, "loopback");
	forget_hosts(lab);
	if (open_own_lo(state, lab, options, why.text, err) < 0)
		return err_in(err, "loopback");
	return 0;
}

enum owner {
	OWNER_OTHER,
	OWNER_US,
	OWNER_UNKNOWN /* no environment, and no zombie: it may be in the middle of execve */
};

/* Whether a process was started by this run: its environment has the mark. */
static enum owner owner_of(pid_t pid, const char *mark)
{
	char path[64];
	struct buf text = { 0 };
	struct err err;
	enum owner owner = OWNER_OTHER;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &err) == 0 && text.len > 0) {
		if (memmem(text.data, text.len, mark, strlen(mark) + 1))
			owner = OWNER_US;
	} else {
		buf_clear(&text);
		snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
		if (file_read(AT_FDCWD, path, 4096, &text, &err) == 0 && text.len > 0 &&
		    !memmem(text.data, text.len, ") Z ", 4))
			owner = OWNER_UNKNOWN;
	}
	buf_close(&text);
	return owner;
}

/* A child of ours with the mark, 0: none. An orphan that has reached us is our child. */
static pid_t look_for_child(const char *mark, bool *has_unknown)
{
	char path[64];
	struct buf text = { 0 };
	struct err err;
	pid_t found = 0;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &err) == 0 && text.len > 0) {
		char *at = text.data, *end;
		for (long pid = strtol(at, &end, 10); end != at && found == 0;
		     pid = strtol(at, &end, 10)) {
			enum owner owner = owner_of((pid_t)pid, mark);
			at = end;
			if (owner == OWNER_US)
				found = (pid_t)pid;
			*has_unknown = *has_unknown || owner == OWNER_UNKNOWN;
		}
	}
	buf_close(&text);
	return found;
}

/* The same, and again for a while when one was in the middle of execve, which nothing announces. */
static pid_t marked_child(const char *mark)
{
	int64_t deadline = clock_after_ms(EXEC_MS);

	for (;;) {
		bool has_unknown = false;
		pid_t found = look_for_child(mark, &has_unknown);
		if (found > 0 || !has_unknown || clock_left_ms(deadline) == 0)
			return found;
		poll(NULL, 0, 1);
	}
}

/* Agents undo and end by themselves at end of file; then SIGTERM, then SIGKILL; then what they
 * left. */
static int end_agents(struct loopback *state, struct lab *lab, int64_t deadline_ns, struct err *err)
{
	const int signals[] = { 0, SIGTERM, SIGKILL };
	int left = 0;

	for (size_t s = 0; s < COUNT(signals); s++) {
		int64_t now = clock_mono_ns();
		int64_t until = now + (deadline_ns - now) / (int64_t)(COUNT(signals) - s);
		for (size_t i = 0; i < lab->nhost; i++) {
			if (lab->host[i].pid > 0 && signals[s])
				kill(lab->host[i].pid, signals[s]);
		}
		for (size_t i = 0; i < lab->nhost; i++) {
			if (lab->host[i].pid > 0 && child_wait(lab->host[i].pid, until) == 0)
				lab->host[i].pid = 0;
		}
	}
	for (size_t i = 0; i < lab->nhost; i++)
		left += lab->host[i].pid > 0;
	if (left > 0)
		err_set(err, ERR_LEFTOVER, "%d agents on the machine's own lo", left);
	for (pid_t pid = marked_child(state->mark); pid > 0; pid = marked_child(state->mark)) {
		kill(pid, SIGKILL);
		if (child_wait(pid, deadline_ns) == 0)
			continue;
		err_set(err, ERR_LEFTOVER, "process %d, started by an agent", (int)pid);
		return left + 1;
	}
	return left;
}

static void loopback_let_go(struct lab *lab)
{
	struct loopback *state = lab->state;

	streams_close(lab);
	if (state && !state->is_own_lo)
		keeper_let_go(&state->keeper);
}

static int loopback_close(struct lab *lab, int deadline_ms, struct err *err)
{
	struct loopback *state = lab->state;
	int left;

	if (!state)
		return 0;
	streams_close(lab);
	if (state->is_own_lo)
		left = end_agents(state, lab, clock_after_ms(deadline_ms), err);
	else
		left = keeper_close(&state->keeper, deadline_ms, err);
	if (left > 0)
		return left; /* and may be tried again */
	if (state->is_own_lo)
		prctl(PR_SET_CHILD_SUBREAPER, state->was_subreaper);
	free(state);
	free(lab->host);
	lab->state = NULL;
	lab->host = NULL;
	lab->nhost = 0;
	lab->note = NULL;
	return 0;
}

const struct backend backend_loopback = {
	.name = "loopback",
	.text = "processes on one lo, each with an address 127.0.0.x",
	.makes_hosts = true,
	.usable = loopback_usable,
	.offers = loopback_offers,
	.open = loopback_open,
	.read = stream_read,
	.write = stream_write,
	.let_go = loopback_let_go,
	.close = loopback_close,
};
