/* Terraform's machine-readable lines (-json), as what a person sees and what a plan comes to. */
#include "sandbox_terraform.h"

#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "cli.h"
#include "file.h"
#include "safe.h"
#include "terraform.h"
#include "terraform_child.h"

enum {
	WORDS = 12,
	WIDTH = 78,  /* of a line that is written over */
	REASON = 900 /* an error's text holds it */
};

struct telling {
	const struct sandbox_work *work;
	struct sandbox_changes changes;
	int64_t done, total; /* resources of this apply or destroy */
	bool is_drawn;       /* a line is to be written over */
	char reason[REASON]; /* the first error that it told; "": none */
	struct buf whole;    /* what is no stream of events: an output */
	bool is_whole, is_too_long;
	bool is_change; /* of what is in AWS */
	bool has_died;
};

static void wipe_line(struct telling *t)
{
	if (t->is_drawn)
		fputs("\r\033[K", t->work->progress);
	t->is_drawn = false;
}

/* What Terraform says is text from outside. */
static void say(struct telling *t, const char *text)
{
	struct buf safe = { 0 };

	safe_add(&safe, text);
	wipe_line(t);
	if (t->work->is_terminal) {
		fprintf(t->work->progress, "%.*s", WIDTH, safe.data);
		t->is_drawn = true;
	} else {
		fprintf(t->work->progress, "%s\n", safe.data);
	}
	fflush(t->work->progress);
	buf_close(&safe);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void take_summary(struct telling *t, const json_t *line)
{
	const json_t *changes = json_object_get(line, "changes");

	t->changes.add = json_integer_value(json_object_get(changes, "add"));
	t->changes.change = json_integer_value(json_object_get(changes, "change"));
	t->changes.remove = json_integer_value(json_object_get(changes, "remove"));
	if (t->total == 0) /* a destroy plans by itself */
		t->total = t->changes.add + t->changes.change + t->changes.remove;
}

static void take_diagnostic(struct telling *t, const json_t *line)
{
	const json_t *diagnostic = json_object_get(line, "diagnostic");
	const char *detail = text_at(diagnostic, "detail");

	if (*t->reason || !streq(text_at(diagnostic, "severity"), "error"))
		return;
	/* The provider's summary says what the API said at its end. */
	int len = snprintf(t->reason, sizeof t->reason, "%s%s%.*s", text_at(diagnostic, "summary"),
			   *detail ? ": " : "", (int)strcspn(detail, "\n"), detail);
	if (len >= (int)sizeof t->reason)
		memcpy(t->reason + sizeof t->reason - 4, "...", 4);
}

static void take_progress(struct telling *t, const json_t *line, bool is_done)
{
	const json_t *hook = json_object_get(line, "hook");
	const char *what = text_at(json_object_get(hook, "resource"), "addr");
	bool is_removal = streq(text_at(hook, "action"), "delete");

	if (streq(text_at(hook, "action"), "read"))
		return;
	t->done += is_done;
	int64_t at = is_done ? t->done : t->done + 1;
	if (!is_done && !t->work->is_terminal)
		return;
	say(t, arena_printf(t->work->arena, "%s %lld of %lld: %s",
			    is_done      ? is_removal ? "removed" : "made"
			    : is_removal ? "removing"
					 : "making",
			    (long long)at, (long long)t->total, what));
}

static void keep(struct telling *t, const char *line, size_t len)
{
	if (t->whole.len + len + 1 > TERRAFORM_BYTES)
		t->is_too_long = true;
	if (t->is_too_long)
		return;
	buf_add(&t->whole, line, len);
	buf_char(&t->whole, '\n');
}

static void hear(void *context, const char *line, size_t len)
{
	struct telling *t = context;

	if (t->is_whole) {
		keep(t, line, len);
		return;
	}
	json_t *event = json_loadb(line, len, 0, NULL);
	const char *type = text_at(event, "type");
	if (streq(type, "change_summary"))
		take_summary(t, event);
	else if (streq(type, "diagnostic"))
		take_diagnostic(t, event);
	else if (streq(type, "apply_start") || streq(type, "apply_complete"))
		take_progress(t, event, streq(type, "apply_complete"));
	json_decref(event);
}

static void tell_interrupted(void *context)
{
	struct telling *t = context;

	wipe_line(t);
	fputs("interrupted: terraform ends what it has begun\n", t->work->progress);
	if (t->is_change)
		fputs("once more kills it, and something may be left then\n", t->work->progress);
}

/* Where it said why on its standard error: the line behind "Error: ". */
static void find_reason(struct telling *t, const char *said)
{
	const char *error = strstr(said, "Error: ");

	if (error && !*t->reason)
		snprintf(t->reason, sizeof t->reason, "%.*s", (int)strcspn(error + 7, "\n"),
			 error + 7);
}

/* `credentials` NULL: for what needs none. */
static int play(struct telling *t, const char *const *words, const struct credentials *credentials,
		struct err *err)
{
	const struct sandbox_work *work = t->work;
	char **base = credentials_environment(credentials, work->arena);
	char said[TERRAFORM_SAID];
	const struct terraform_child child = {
		.program = work->terraform,
		.folder = sandbox_path(work->sandbox, "terraform", work->arena),
		.environment = terraform_environment(base, work->arena),
		.signal_fd = work->signal_fd,
		.line = hear,
		.interrupted = tell_interrupted,
		.context = t,
		.has_died = &t->has_died
	};
	int status = terraform_play(&child, words, work->deadline_ns, said, err);

	wipe_line(t);
	if (status < 0 && err->kind == ERR_BROKE) {
		find_reason(t, said);
		if (*t->reason)
			err_set(err, ERR_BROKE, "terraform %s: %s", words[0], t->reason);
	}
	return status;
}

int sandbox_init(const struct sandbox_work *work, struct err *err)
{
	static const char *const words[] = { "init", "-input=false", "-no-color", NULL };
	struct telling t = { .work = work, .is_whole = true };
	int status = play(&t, words, NULL, err);

	buf_close(&t.whole);
	return status;
}

int sandbox_plan(const struct sandbox_work *work, struct sandbox_changes *out, struct err *err)
{
	static const char *const words[] = { "plan",      "-json",         "-input=false",
					     "-no-color", "-out=plan.bin", NULL };
	struct telling t = { .work = work };
	int status = play(&t, words, work->credentials, err);

	*out = t.changes;
	return status;
}

int sandbox_apply(const struct sandbox_work *work, const struct sandbox_changes *changes,
		  struct err *err)
{
	static const char *const words[] = { "apply",     "-json",    "-input=false",
					     "-no-color", "plan.bin", NULL };
	struct telling t = { .work = work,
			     .is_change = true,
			     .total = changes->add + changes->change + changes->remove };
	int status = play(&t, words, work->credentials, err);

	if (t.has_died) {
		err_in(err, "its state may lack what it made");
		err->kind = ERR_LEFTOVER;
	}
	return status;
}

int sandbox_destroy(const struct sandbox_work *work, struct err *err)
{
	static const char *const words[] = { "destroy",   "-json",         "-input=false",
					     "-no-color", "-auto-approve", NULL };
	struct telling t = { .work = work, .is_change = true };

	return play(&t, words, work->credentials, err);
}

static int write_outputs(const struct sandbox_work *work, const struct buf *text, struct err *err)
{
	const char *folder = work->sandbox->folder;
	int fd = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "%s", folder);
	int status = file_write(fd, "outputs.json", text->data, text->len, err);
	close(fd);
	return status;
}

int sandbox_outputs(const struct sandbox_work *work, struct err *err)
{
	static const char *const words[] = { "output", "-json", "-no-color", NULL };
	struct telling t = { .work = work, .is_whole = true };
	int status = play(&t, words, NULL, err);

	if (status == 0 && (t.is_too_long || t.whole.len == 0))
		status = err_set(err, ERR_BROKE, "terraform output: %s",
				 t.is_too_long ? "more than 1 MiB" : "nothing");
	if (status == 0)
		status = write_outputs(work, &t.whole, err);
	buf_close(&t.whole);
	return status;
}
