/* lab exec: a program on machines, side by side. What it writes is passed on as it comes. */
#include "choose.h"
#include "cli.h"
#include "command.h"
#include "fleet.h"
#include "mem.h"
#include "safe.h"

#include <errno.h>
#include <stdlib.h>

enum {
	FAILED = 125, /* ours, as docker run has it: 126 and 127 are the shell's there */
	READ_SIZE = 65536,
	LINE_MAX_LEN = 1 << 16 /* longer ones are broken */
};

/* What came of one stream and is no whole line yet. */
struct partial {
	struct buf out, err;
};

struct exec {
	const struct cli *cli;
	const struct fleet *fleet;
	struct partial *partial; /* by machine */
	bool is_raw;             /* one machine, and no terminal: bytes as they are */
};

/* Tabs are kept; all else that a terminal might obey is not. */
static void print_line(const struct exec *exec, const struct fleet_machine *m, FILE *to, char *line,
		       size_t len)
{
	struct buf text = { 0 };

	if (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	if (exec->fleet->count > 1) {
		safe_add(&text, m->target->name);
		buf_str(&text, ": ");
	}
	for (char *next; line; line = next) {
		next = strchr(line, '\t');
		if (next)
			*next++ = '\0';
		safe_add(&text, line);
		if (next)
			buf_char(&text, '\t');
	}
	fprintf(to, "%s\n", text.data ? text.data : "");
	buf_close(&text);
}

static void print_lines(const struct exec *exec, const struct fleet_machine *m, FILE *to,
			struct buf *from, bool is_end)
{
	char *end;
	size_t at = 0;

	while (from->len > at && (end = memchr(from->data + at, '\n', from->len - at))) {
		print_line(exec, m, to, from->data + at, (size_t)(end - from->data) - at);
		at = (size_t)(end - from->data) + 1;
	}
	buf_drop(from, at);
	if (from->len > 0 && (is_end || from->len > LINE_MAX_LEN)) {
		print_line(exec, m, to, from->data, from->len);
		buf_clear(from);
	}
}

static void pass_on(const struct exec *exec, const struct fleet_machine *m, bool is_err,
		    const char *bytes, size_t len)
{
	FILE *to = is_err ? exec->cli->progress : exec->cli->result;
	struct partial *partial = &exec->partial[m - exec->fleet->at];
	struct buf *line = is_err ? &partial->err : &partial->out;

	if (exec->is_raw) {
		fwrite(bytes, 1, len, to);
		fflush(to);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (bytes[i]) /* a text holds no 0, and would end there */
			buf_char(line, bytes[i]);
		else
			buf_u8(line, 1);
	print_lines(exec, m, to, line, false);
	fflush(to);
}

static bool pass_said(const struct exec *exec, const struct fleet_machine *m)
{
	struct buf *said = &m->stream->said;

	if (said->len == 0)
		return false;
	pass_on(exec, m, true, said->data, said->len);
	buf_clear(said);
	return true;
}

static int play(struct fleet_machine *m, void *context, struct err *err)
{
	const struct exec *exec = context;
	bool has_begun = m->has_begun;
	char bytes[READ_SIZE];
	ssize_t n = 1;

	int begun = fleet_begin(m, err);
	if (begun <= 0)
		return begun;
	if (!has_begun) {
		m->stream->deadline_ns = 0; /* the program takes as long as it takes */
		m->stream->is_said_taken = true;
	}
	while (n > 0) {
		n = m->stream->transport->read(m->stream, bytes, sizeof bytes);
		int why = errno;
		if (n > 0)
			pass_on(exec, m, false, bytes, (size_t)n);
		if (pass_said(exec, m) && n == 0)
			n = 1; /* there may be more */
		errno = why;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* Lost, or its output ended: the end itself tells which. */
	return 1;
}

static int end(struct fleet_machine *m, void *context, struct err *err)
{
	int ended = fleet_end(m, NULL, err);

	pass_said(context, m);
	return ended;
}

/* 125 before all else, then the highest. */
static int gravest(const struct exec *exec)
{
	int gravest = 0;

	for (size_t i = 0; i < exec->fleet->count; i++) {
		const struct fleet_machine *m = &exec->fleet->at[i];
		if (m->why.kind != ERR_NONE)
			return FAILED;
		gravest = m->status > gravest ? m->status : gravest;
	}
	return gravest;
}

/* Among the lines of many machines an error is soon lost: who failed stands once more at the end.
 */
static void tell_failed(const struct exec *exec)
{
	const struct fleet *fleet = exec->fleet;
	struct buf line = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < fleet->count; i++) {
		const struct fleet_machine *m = &fleet->at[i];
		bool is_lost = m->why.kind != ERR_NONE;
		if (!is_lost && m->status == 0)
			continue;
		buf_str(&line, count++ ? ", " : "");
		safe_add(&line, m->target->name);
		if (is_lost)
			buf_str(&line, " (its error is above)");
		else
			buf_printf(&line, " (exit status %d)", m->status);
	}
	if (fleet->count > 1 && count > 0)
		fprintf(exec->cli->progress, "lab: it failed on %zu of %zu machines: %s\n", count,
			fleet->count, line.data);
	buf_close(&line);
}

static int exec_on(struct exec *exec, struct fleet *fleet, const char *command, struct err *err)
{
	if (fleet_open(fleet, command, err) < 0 || fleet_play(fleet, play, exec, 0, err) < 0 ||
	    fleet_play(fleet, end, exec, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < fleet->count; i++) {
		const struct fleet_machine *m = &fleet->at[i];
		print_lines(exec, m, exec->cli->result, &exec->partial[i].out, true);
		print_lines(exec, m, exec->cli->progress, &exec->partial[i].err, true);
		if (m->why.kind != ERR_NONE)
			cli_print_error(exec->cli->progress, m->why.text);
	}
	tell_failed(exec);
	return gravest(exec);
}

int cmd_exec(const struct cli *cli, struct err *err)
{
	struct chosen chosen;
	struct fleet fleet;
	struct exec exec = { .cli = cli, .fleet = &fleet };
	struct buf command = { 0 };

	if (choose(&chosen, cli, err) < 0) {
		cli_print_error(cli->progress, err->text);
		return FAILED;
	}
	exec.is_raw = chosen.count == 1 && cli->style.is_plain;
	exec.partial = arena_array(cli->arena, chosen.count, sizeof *exec.partial);
	command_line(&command, cli->word, cli->nword, false);
	fleet_init(&fleet, chosen.target, chosen.count);
	int status = exec_on(&exec, &fleet, command.data, err);
	fleet_close(&fleet);
	buf_close(&command);
	for (size_t i = 0; i < chosen.count; i++) {
		buf_close(&exec.partial[i].out);
		buf_close(&exec.partial[i].err);
	}
	if (status >= 0)
		return status;
	cli_print_error(cli->progress, err->text);
	return FAILED;
}
