/* -j: one child process a run, its text in a memory file, its result in shared memory. */
#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

struct child {
	pid_t pid;
	int output; /* memfd; -1: none */
	bool is_done;
};

struct jobs {
	const struct cli *cli;
	const struct job *job;
	size_t count, started, printed, running;
	struct child *child;
	struct run_result *result; /* shared */
	int caught;
	bool has_printed;
};

static void print_separator(struct jobs *jobs)
{
	if (jobs->cli->is_json && jobs->count > 1)
		fputs(jobs->has_printed ? ",\n" : "[\n", jobs->cli->result);
	else if (jobs->has_printed && !jobs->cli->is_json && !jobs->cli->is_quiet)
		fputc('\n', jobs->cli->result);
	jobs->has_printed = true;
}

/* Text of one run; a JSON text loses its last newline so that a comma may follow. */
static void print_text(struct jobs *jobs, const char *text, size_t len)
{
	if (len == 0)
		return;
	print_separator(jobs);
	while (jobs->cli->is_json && jobs->count > 1 && len > 0 && text[len - 1] == '\n')
		len--;
	fwrite(text, 1, len, jobs->cli->result);
}

static void print_end(struct jobs *jobs)
{
	if (jobs->cli->is_json && jobs->count > 1)
		fputs(jobs->has_printed ? "\n]\n" : "[]\n", jobs->cli->result);
	fflush(jobs->cli->result);
}

static int run_in_turn(struct jobs *jobs, jobs_ended *ended, void *context, struct err *err)
{
	struct run_result result;

	for (size_t i = 0; i < jobs->count; i++) {
		char *text = NULL;
		size_t len = 0;
		bool is_array = jobs->cli->is_json && jobs->count > 1;
		FILE *out = is_array ? open_memstream(&text, &len) : jobs->cli->result;
		if (!out)
			return err_sys(err, "memory");
		if (!is_array && !jobs->cli->is_json)
			print_separator(jobs);
		run_scenario(jobs->cli, jobs->job[i].path, out, &result);
		if (is_array) {
			fclose(out);
			print_text(jobs, text, len);
			free(text);
		}
		ended(context, i, &jobs->job[i], &result);
		if (result.status == ERR_SIGINT || result.status == ERR_SIGTERM)
			break; /* `ended` has it: nothing more is begun */
	}
	print_end(jobs);
	return 0;
}

static _Noreturn void be_child(struct jobs *jobs, size_t index, pid_t parent, const sigset_t *old)
{
	struct child *child = &jobs->child[index];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(ERR_BROKE);
	sigprocmask(SIG_SETMASK, old, NULL);
	FILE *out = fdopen(child->output, "w");
	if (!out)
		_exit(ERR_BROKE);
	run_scenario(jobs->cli, jobs->job[index].path, out, &jobs->result[index]);
	fflush(out);
	fflush(jobs->cli->progress);
	_exit(0);
}

static int start_child(struct jobs *jobs, const sigset_t *old, struct err *err)
{
	size_t index = jobs->started;
	struct child *child = &jobs->child[index];
	pid_t parent = getpid();

	child->output = memfd_create("run", MFD_CLOEXEC);
	if (child->output < 0)
		return err_sys(err, "memory for a run's output");
	jobs->result[index] = (struct run_result){ .status = ERR_BROKE };
	snprintf(jobs->result[index].why, sizeof(jobs->result[index].why),
		 "the process of this run died");
	fflush(NULL);
	child->pid = fork();
	if (child->pid < 0) {
		err_sys(err, "a process for a run");
		close(child->output);
		return -1;
	}
	if (child->pid == 0)
		be_child(jobs, index, parent, old);
	jobs->started++;
	jobs->running++;
	return 0;
}

static void reap(struct jobs *jobs)
{
	for (size_t i = jobs->printed; i < jobs->started; i++) {
		struct child *child = &jobs->child[i];
		if (!child->is_done && waitpid(child->pid, NULL, WNOHANG) == child->pid) {
			child->is_done = true;
			jobs->running--;
		}
	}
}

static void print_done(struct jobs *jobs, jobs_ended *ended, void *context)
{
	while (jobs->printed < jobs->started && jobs->child[jobs->printed].is_done) {
		struct child *child = &jobs->child[jobs->printed];
		off_t len = lseek(child->output, 0, SEEK_END);
		char *text = len > 0
				 ? mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, child->output, 0)
				 : MAP_FAILED;
		if (text != MAP_FAILED) {
			print_text(jobs, text, (size_t)len);
			munmap(text, (size_t)len);
		}
		close(child->output);
		ended(context, jobs->printed, &jobs->job[jobs->printed],
		      &jobs->result[jobs->printed]);
		jobs->printed++;
	}
}

static void take_signal(struct jobs *jobs, const sigset_t *set)
{
	int caught = sigwaitinfo(set, NULL);

	if (caught < 0 || caught == SIGCHLD)
		return;
	jobs->caught = caught;
	for (size_t i = jobs->printed; i < jobs->started; i++)
		if (!jobs->child[i].is_done)
			kill(jobs->child[i].pid, SIGTERM);
}

static int run_side_by_side(struct jobs *jobs, jobs_ended *ended, void *context, struct err *err)
{
	size_t most = (size_t)jobs->cli->jobs;
	sigset_t set, old;
	int status = 0;

	signals_set(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (;;) {
		while (status == 0 && !jobs->caught && jobs->running < most &&
		       jobs->started < jobs->count)
			status = start_child(jobs, &old, err);
		if (jobs->running == 0)
			break;
		take_signal(jobs, &set);
		reap(jobs);
		print_done(jobs, ended, context);
	}
	print_end(jobs);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (status == 0 && jobs->caught)
		return err_set(err, jobs->caught == SIGINT ? ERR_SIGINT : ERR_SIGTERM,
			       "interrupted, every run was ended");
	return status;
}

int jobs_run(const struct cli *cli, const struct job *job, size_t count, jobs_ended *ended,
	     void *context, struct err *err)
{
	struct jobs jobs = { .cli = cli, .job = job, .count = count };

	if (cli->jobs <= 1 || count <= 1)
		return run_in_turn(&jobs, ended, context, err);
	size_t len = count * sizeof(*jobs.result);
	jobs.child = arena_array(cli->arena, count, sizeof(*jobs.child));
	jobs.result = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (jobs.result == MAP_FAILED)
		return err_sys(err, "memory for %zu results", count);
	int status = run_side_by_side(&jobs, ended, context, err);
	munmap(jobs.result, len);
	return status;
}
