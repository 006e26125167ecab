/* lab up: what will be is written down, shown and asked for; Terraform makes it; then each host is
 * waited for. A second one goes on where the first ended, and of what is whole it changes nothing.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "env.h"
#include "safe.h"
#include "sandbox_from.h"
#include "sandbox_hosts.h"
#include "sandbox_key.h"
#include "sandbox_price.h"
#include "sandbox_session.h"

enum {
	CLIENTS = 3,
	TTL_LEAST_S = 600,
	SECOND_NS = 1000000000
};

struct up {
	const struct cli *cli;
	struct sandbox_session session;
	bool is_new; /* nothing of it was made before */
	struct sandbox_changes changes;
};

static int check_ttl(const struct cli *cli, int64_t *seconds, struct err *err)
{
	*seconds = cli->ttl_ns ? cli->ttl_ns / SECOND_NS : SANDBOX_TTL_H * 3600;
	if (*seconds >= TTL_LEAST_S && *seconds <= SANDBOX_TTL_MOST_H * 3600)
		return 0;
	return err_set(err, ERR_USAGE, "--ttl: 10m to %dh", SANDBOX_TTL_MOST_H);
}

/* What can be said before anything is asked of AWS. */
static int check_asked(const struct cli *cli, struct err *err)
{
	const char *cidr;
	int64_t seconds;

	if (cli->clients > SANDBOX_CLIENTS)
		return err_set(err, ERR_USAGE, "--clients: 1 to %d", SANDBOX_CLIENTS);
	if (cli->from && sandbox_from_check(&cidr, cli->from, cli->arena, err) < 0)
		return -1;
	if (!cli->is_yes && !cli->is_dry_run && isatty(STDIN_FILENO) != 1)
		return err_set(err, ERR_USAGE,
			       "nobody can be asked here: --yes, or --dry-run to see the plan");
	return check_ttl(cli, &seconds, err);
}

static int find_from(struct up *up, struct err *err)
{
	struct sandbox *sandbox = &up->session.sandbox;
	struct arena *arena = up->cli->arena;

	if (up->cli->from)
		return sandbox_from_check(&sandbox->from, up->cli->from, arena, err);
	return sandbox->from ? 0 : sandbox_from_ask(&sandbox->from, &up->session.aws, arena, err);
}

static int fill_new(struct up *up, struct err *err)
{
	struct sandbox *sandbox = &up->session.sandbox;
	struct arena *arena = up->cli->arena;
	int64_t now = clock_real_ns() / SECOND_NS, seconds;

	if (check_ttl(up->cli, &seconds, err) < 0 || find_from(up, err) < 0)
		return -1;
	sandbox->id = sandbox_new_id(arena);
	if (!sandbox->id)
		return err_sys(err, "getrandom");
	sandbox->name = arena_printf(arena, "lab-%s", sandbox->id);
	sandbox->account = up->session.account;
	sandbox->region = up->session.aws.region;
	sandbox->made_at = sandbox_time(now, arena);
	sandbox->expires_at = sandbox_time(now + seconds, arena);
	sandbox->clients = up->cli->clients ? up->cli->clients : CLIENTS;
	sandbox->is_there = true;
	up->is_new = true;
	return 0;
}

static int fill_again(struct up *up, struct err *err)
{
	struct sandbox *sandbox = &up->session.sandbox;

	if (sandbox->is_making)
		return err_set(
		    err, ERR_CANNOT,
		    "Terraform died while it made %s, and its state may lack what is there: "
		    "lab up would make that twice; lab down, then lab up",
		    sandbox->name);
	if (up->cli->ttl_ns)
		return err_set(
		    err, ERR_USAGE,
		    "the sandbox %s is there until %s, which its hosts know: --ttl is for "
		    "a new one (lab down)",
		    sandbox->name, sandbox->expires_at);
	if (sandbox_seconds(sandbox->expires_at) * SECOND_NS <= clock_real_ns())
		return err_set(err, ERR_CANNOT,
			       "the hosts of the sandbox %s ended by themselves at %s: lab down, "
			       "then lab up",
			       sandbox->name, sandbox->expires_at);
	if (up->cli->clients)
		sandbox->clients = up->cli->clients;
	return find_from(up, err);
}

static int plan(struct up *up, struct err *err)
{
	struct sandbox_work *work = &up->session.work;
	const char *public_key;

	fprintf(work->progress, "planning %s ...\n", up->session.sandbox.name);
	/* Of one that is there a plan changes nothing: what was asked for may not come to be. */
	if ((up->is_new && sandbox_write(&up->session.sandbox, err) < 0) ||
	    sandbox_key(&up->session.sandbox, &public_key, work->arena, err) < 0 ||
	    sandbox_module(&up->session.sandbox, public_key, work->arena, err) < 0 ||
	    sandbox_init(work, err) < 0)
		return -1;
	return sandbox_plan(work, &up->changes, err);
}

/* What Terraform would choose (infra/terraform/names.tf). */
static const char *instance_type(void)
{
	const char *type = env_get(VAR_TF_VAR_INSTANCE_TYPE);
	const char *architecture = env_get(VAR_TF_VAR_ARCHITECTURE);

	if (type)
		return type;
	return architecture && streq(architecture, "arm64") ? "t4g.micro" : "t3.micro";
}

static const char *price(const struct up *up)
{
	const struct sandbox *sandbox = &up->session.sandbox;
	struct arena *arena = up->cli->arena;
	struct sandbox_price price;
	const char *file = sandbox_path(sandbox, "terraform/prices.ini", arena);
	const char *type = instance_type();

	if (!sandbox_price(&price, file, sandbox->region, type, sandbox->clients, arena))
		return arena_printf(arena, "unknown: no price of %s in %s is written down", type,
				    sandbox->region);
	return arena_printf(arena, "about $%.3f an hour (%lld %s, prices of %s)", price.dollars,
			    (long long)sandbox->clients + 1, type, price.as_of);
}

static void show_row(FILE *out, const char *name, const char *text)
{
	struct buf safe = { 0 };

	safe_add(&safe, text);
	fprintf(out, "%-9s %s\n", name, safe.data ? safe.data : "");
	buf_close(&safe);
}

static void show(const struct up *up, FILE *out)
{
	const struct sandbox_session *session = &up->session;
	const struct sandbox *sandbox = &session->sandbox;
	struct arena *arena = up->cli->arena;

	show_row(out, "account",
		 arena_printf(arena, "%s (%s)", session->account, session->credentials.source));
	show_row(out, "identity", session->arn);
	show_row(out, "region", sandbox->region);
	show_row(out, "sandbox",
		 arena_printf(arena, "%s: server, client-1 to client-%lld", sandbox->name,
			      (long long)sandbox->clients));
	show_row(out, "SSH from", sandbox->from);
	show_row(out, "until",
		 arena_printf(arena, "%s, then its hosts end by themselves", sandbox->expires_at));
	show_row(out, "plan",
		 arena_printf(arena, "%lld to add, %lld to change, %lld to destroy",
			      (long long)up->changes.add, (long long)up->changes.change,
			      (long long)up->changes.remove));
	show_row(out, "price", price(up));
}

static bool is_change(const struct up *up)
{
	return up->changes.add || up->changes.change || up->changes.remove;
}

/* Ctrl-C comes by the signalfd alone: a read of the answer would not end by it. */
static int await_answer(const struct sandbox_work *work, struct err *err)
{
	struct pollfd at[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			       { .fd = work->signal_fd, .events = POLLIN } };

	while (poll(at, COUNT(at), -1) < 0 && errno == EINTR)
		;
	return signals_heard(work->signal_fd, "at the question", err);
}

/* 1: yes, or nothing to ask, 0: no, -1: interrupted. */
static int ask(const struct up *up, struct err *err)
{
	FILE *out = up->cli->progress;
	char answer[16] = "";

	if (up->cli->is_yes || !is_change(up))
		return 1;
	fputs("Make it? [y/N] ", out);
	fflush(out);
	int status = await_answer(&up->session.work, err);
	if (status < 0 || !fgets(answer, sizeof answer, stdin))
		fputc('\n', out); /* no Enter has ended the line */
	return status < 0 ? -1 : *answer == 'y' || *answer == 'Y';
}

/* It is written down that Terraform works, until it has ended by itself. */
static int apply(struct up *up, struct err *err)
{
	struct sandbox *sandbox = &up->session.sandbox;
	struct err ignored;

	sandbox->is_up = false;
	sandbox->is_making = is_change(up);
	if (sandbox_write(sandbox, err) < 0)
		return -1;
	if (!sandbox->is_making)
		return 0;
	int status = sandbox_apply(&up->session.work, &up->changes, err);
	sandbox->is_making = status < 0 && err->kind == ERR_LEFTOVER;
	return sandbox_write(sandbox, status < 0 ? &ignored : err) < 0 ? -1 : status;
}

static int make(struct up *up, struct err *err)
{
	struct sandbox_session *session = &up->session;
	struct targets targets;

	if (apply(up, err) < 0 || sandbox_outputs(&session->work, err) < 0 ||
	    sandbox_hosts(&session->sandbox, &targets, up->cli->arena, err) < 0 ||
	    sandbox_pin_hosts(&session->work, &targets, err) < 0 ||
	    sandbox_await_hosts(&session->work, &targets, err) < 0)
		return -1;
	session->sandbox.is_up = true;
	return sandbox_write(&session->sandbox, err);
}

/* What exists, and how to remove it; the error itself is told by main. */
static void tell_rest(const struct up *up)
{
	bool is_torn = up->session.sandbox.is_making;
	const struct sandbox_session *session = &up->session;
	FILE *out = up->cli->progress;
	const char *text;
	struct err err;
	size_t count;

	if (sandbox_left(session, &count, &text, &err) < 0)
		fprintf(out, "what exists of %s in AWS is not known now\n", session->sandbox.name);
	else if (count == 0)
		fprintf(out, "nothing of %s is in AWS\n", session->sandbox.name);
	else
		sandbox_tell_left(session, text, "");
	fputs(is_torn ? "lab down removes it\n" : "lab up goes on with it; lab down removes it\n",
	      out);
}

/* Of a new one nothing is in AWS, so nothing is kept here. */
static int end_unmade(struct up *up, int status, struct err *err)
{
	struct err ignored;

	fputs("nothing was made\n", up->cli->progress);
	if (up->is_new && sandbox_forget(&up->session.sandbox, status < 0 ? &ignored : err) < 0)
		return -1;
	return status;
}

static int play(struct up *up, struct err *err)
{
	struct sandbox *sandbox = &up->session.sandbox;
	FILE *out = up->cli->is_dry_run ? up->cli->result : up->cli->progress;

	if ((sandbox->is_there ? fill_again(up, err) : fill_new(up, err)) < 0)
		return -1;
	if (plan(up, err) < 0)
		return end_unmade(up, -1, err);
	show(up, out);
	int answer = up->cli->is_dry_run ? 0 : ask(up, err);
	if (answer <= 0)
		return end_unmade(up, answer, err);
	if (make(up, err) < 0) {
		tell_rest(up);
		return -1;
	}
	fprintf(up->cli->result, "%s is up: lab run refused -b aws; lab status; lab down\n",
		sandbox->name);
	return 0;
}

int cmd_up(const struct cli *cli, struct err *err)
{
	struct up up = { .cli = cli };

	if (check_asked(cli, err) < 0)
		return -1;
	int status = sandbox_session_open(&up.session, cli, err);
	if (status == 0)
		status = play(&up, err);
	sandbox_session_close(&up.session);
	return status;
}
