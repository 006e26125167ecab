/* lab: parses the command line, runs the command, prints the one error. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "file.h"
#include "mem.h"

/* The reader of a pipe may stop reading when it has seen enough (head): no error of ours. */
static bool has_no_reader(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

static ssize_t write_result(void *nothing, const char *bytes, size_t len)
{
	(void)nothing;
	return write_all(STDOUT_FILENO, bytes, len) < 0 ? 0 : (ssize_t)len;
}

/* A standard output that is not given up at EINTR, as stdio's own is. Without memory that one
 * stays.
 */
static void open_output(void)
{
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_result });

	if (!out)
		return;
	if (isatty(STDOUT_FILENO) == 1)
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
	stdout = out;
}

/* A result that could not be written (full disk) is no result. */
static int finish_output(int status)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || has_no_reader())
		return status;
	fprintf(stderr, "lab: error: standard output: %s\n",
		errno ? strerror(errno) : "not all of the result could be written");
	return status == 0 || status == 1 ? ERR_BROKE : status;
}

/* jansson without memory reads objects with holes, and worse: then nothing may go on. */
static void *json_memory(size_t size)
{
	return mem_resize(NULL, 1, size);
}

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct cli cli;
	int status = -1;

	json_set_alloc_funcs(json_memory, free);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* whoever started lab may have ignored it: no end were heard */
	open_output();
	if (cli_parse(&cli, argc, argv, &arena, &err) == 0) {
		if (cli.wants_help) {
			if (cli.is_bare)
				cli_help(stdout);
			else
				cli_help_command(stdout, cli.command);
			status = 0;
		} else {
			status = cli.command->run(&cli, &err);
		}
	}
	if (status < 0) {
		cli_print_error(stderr, err.text);
		status = err.kind != ERR_NONE ? (int)err.kind : ERR_BROKE;
	}
	status = finish_output(status);
	arena_close(&arena);
	return status;
}
