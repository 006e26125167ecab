/* Runs a command and does one thing to one of its processes, at its Nth system call: a signal, or
 * an error instead of the call. Processes are named by birth: 0 the command, 0.2 its second child.
 * When the whole tree has ended, one line tells what was seen: the call hit, status, processes
 * left, namespaces left, hung, milliseconds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "syscalls.h" /* made from the system's headers: the names of all calls */

enum {
	PROCESSES = 256,
	SPACES = 32,
	LIMIT_MS = 30000,
	TREE_MS = 3000, /* of the tree after the command */
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL
};

struct process {
	pid_t pid;
	char path[32], name[16]; /* path empty: its birth was not told yet, and it waits */
	unsigned children, calls;
	bool does_fail; /* the call that it is in */
};

struct injector {
	const char *role, *call; /* of whom; which call, or all */
	const char *list, *out;  /* files: of all calls; of what was seen */
	unsigned n;
	int signal, error;
	struct process at[PROCESSES];
	size_t count;
	pid_t command;
	int status;
	const char *hit; /* the call it was */
	ino_t space[SPACES], ours;
	size_t nspace;
	FILE *calls;
};

static const char *call_name(uint64_t number)
{
	for (size_t i = 0; i < sizeof syscall_names / sizeof *syscall_names; i++)
		if (syscall_names[i].number == (long)number)
			return syscall_names[i].name;
	return "unknown";
}

static ino_t net_of(const char *pid)
{
	char path[64], text[64];

	snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
	ssize_t len = readlink(path, text, sizeof text - 1);
	if (len <= 5)
		return 0;
	text[len] = 0;
	return (ino_t)strtoul(text + 5, NULL, 10); /* net:[NUMBER] */
}

static void note_space(struct injector *in, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof text, "%d", (int)pid);
	ino_t space = net_of(text);
	for (size_t i = 0; i < in->nspace; i++)
		if (in->space[i] == space)
			return;
	if (space && space != in->ours && in->nspace < SPACES)
		in->space[in->nspace++] = space;
}

/* Network namespaces of the tree that somebody still is in, or that a mount keeps. */
static size_t spaces_left(const struct injector *in)
{
	bool is_left[SPACES] = { false };
	DIR *proc = opendir("/proc");
	size_t left = 0;

	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		ino_t space = *entry->d_name > '9' ? 0 : net_of(entry->d_name);
		for (size_t i = 0; i < in->nspace; i++)
			is_left[i] |= in->space[i] == space;
	}
	if (proc)
		closedir(proc);
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	for (char line[512]; mounts && fgets(line, sizeof line, mounts);) {
		const char *at = strstr(line, "net:[");
		ino_t space = at ? (ino_t)strtoul(at + 5, NULL, 10) : 0;
		for (size_t i = 0; i < in->nspace; i++)
			is_left[i] |= in->space[i] == space;
	}
	if (mounts)
		fclose(mounts);
	for (size_t i = 0; i < in->nspace; i++)
		left += is_left[i];
	return left;
}

static struct process *process_of(struct injector *in, pid_t pid)
{
	for (size_t i = 0; i < in->count; i++)
		if (in->at[i].pid == pid)
			return &in->at[i];
	if (in->count == PROCESSES) {
		fprintf(stderr, "inject: more than %d processes\n", PROCESSES);
		exit(125);
	}
	in->at[in->count] = (struct process){ .pid = pid };
	return &in->at[in->count++];
}

static void go_on(const struct injector *in, const struct process *p, int signal)
{
	bool is_watched = in->list || (!in->hit && strcmp(p->path, in->role) == 0) || p->does_fail;

	if (*p->path)
		ptrace(is_watched ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, 0, (long)signal);
}

static void born(struct injector *in, struct process *parent)
{
	unsigned long pid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
		return;
	bool is_stopped = false;
	for (size_t i = 0; i < in->count; i++)
		is_stopped |= in->at[i].pid == (pid_t)pid;
	struct process *child = process_of(in, (pid_t)pid);
	snprintf(child->path, sizeof child->path, "%.24s.%u", parent->path, ++parent->children);
	memcpy(child->name, parent->name, sizeof child->name);
	if (is_stopped)
		go_on(in, child, 0);
}

/* At the entry of a call: no call at all. */
static void skip_call(pid_t pid)
{
#ifdef __x86_64__
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
#endif
}

static void give_error(pid_t pid, int error)
{
#ifdef __x86_64__
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), -(long)error);
#endif
}

static void at_call(struct injector *in, struct process *p)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->does_fail) {
		give_error(p->pid, in->error);
		p->does_fail = false;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	const char *name = call_name(info.entry.nr);
	if (in->calls)
		fprintf(in->calls, "%s %s %s\n", p->path, p->name, name);
	if (in->hit || strcmp(p->path, in->role) != 0 || (in->call && strcmp(name, in->call) != 0))
		return;
	if (++p->calls != in->n)
		return;
	in->hit = name;
	if (in->signal) {
		kill(p->pid, in->signal);
	} else {
		skip_call(p->pid);
		p->does_fail = true;
	}
}

static void name_it(struct process *p)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/comm", (int)p->pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(p->name, sizeof p->name, file))
		p->name[strcspn(p->name, "\n")] = 0;
	fclose(file);
}

static void stopped(struct injector *in, struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(in, p);
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP) {
		if (signal != SIGTRAP) { /* a group stop: stays as it is */
			ptrace(PTRACE_LISTEN, p->pid, 0, 0);
			return;
		}
		signal = 0;
	} else if (event) {
		if (event == PTRACE_EVENT_EXEC)
			name_it(p);
		else
			born(in, p);
		note_space(in, p->pid);
		signal = 0;
	}
	go_on(in, p, signal);
}

static void on_alarm(int signal)
{
	(void)signal; /* ends waitpid */
}

static void limit(long ms)
{
	struct itimerval timer = { .it_value = { ms / 1000, ms % 1000 * 1000 },
				   .it_interval = { 0, 20000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The number of processes that outlived the limit; -1: nothing may be traced here. */
static int watch(struct injector *in, bool *is_hung)
{
	int64_t until = now_ms() + LIMIT_MS;
	int status;

	limit(LIMIT_MS);
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (pid < 0 && now_ms() >= until)
			break;
		if (pid < 0)
			continue;
		struct process *p = process_of(in, pid);
		if (WIFSTOPPED(status)) {
			stopped(in, p, status);
			continue;
		}
		if (pid == in->command) {
			in->status =
			    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			until = now_ms() + TREE_MS;
			limit(TREE_MS);
		}
		*p = in->at[--in->count];
	}
	*is_hung = in->status < 0;
	int left = (int)in->count;
	for (size_t i = 0; i < in->count; i++)
		kill(in->at[i].pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	return left;
}

static int start(struct injector *in, char **argv)
{
	int gate[2];
	char byte = 0;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return -1;
	in->command = fork();
	if (in->command == 0) {
		if (read(gate[0], &byte, 1) == 1)
			execvp(argv[0], argv);
		_exit(127);
	}
	struct process *p = process_of(in, in->command);
	memcpy(p->path, "0", 2);
	if (in->command < 0 || ptrace(PTRACE_SEIZE, in->command, 0, (long)OPTIONS) < 0)
		return -1;
	return write(gate[1], &byte, 1) == 1 ? 0 : -1;
}

static int options(struct injector *in, int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "+r:c:l:n:s:e:o:")) >= 0;) {
		long number = c == '?' ? 0 : strtol(optarg, NULL, 10);
		switch (c) {
		case 'r':
			in->role = optarg;
			break;
		case 'c':
			in->call = optarg;
			break;
		case 'l':
			in->list = optarg;
			break;
		case 'o':
			in->out = optarg;
			break;
		case 'n':
			in->n = (unsigned)number;
			break;
		case 's':
			in->signal = (int)number;
			break;
		case 'e':
			in->error = (int)number;
			break;
		default:
			return -1;
		}
	}
	return optind < argc ? optind : -1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct injector in = { .role = "0", .status = -1, .ours = net_of("self") };
	bool is_hung = false;
	int64_t from = now_ms();
	int at = options(&in, argc, argv);

	if (at < 0) {
		fprintf(stderr, "usage: inject [-l FILE] [-o FILE] [-r BIRTH] [-c CALL] "
				"[-n N] [-s SIGNAL | -e ERRNO] COMMAND...\n");
		return 2;
	}
	if (in.list && !(in.calls = fopen(in.list, "we")))
		return 125;
	sigaction(SIGALRM, &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (start(&in, argv + at) < 0) {
		fprintf(stderr, "inject: %s\n", strerror(errno));
		return 125;
	}
	int left = watch(&in, &is_hung);
	size_t spaces = spaces_left(&in);
	if (in.calls && fclose(in.calls) != 0)
		return 125;
	FILE *out = in.out ? fopen(in.out, "we") : stdout;
	if (!out || fprintf(out, "%s %d %d %zu %d %d\n", in.hit ? in.hit : "-", in.status, left,
			    spaces, is_hung, (int)(now_ms() - from)) < 0)
		return 125;
	return fclose(out) == 0 ? 0 : 125;
}
