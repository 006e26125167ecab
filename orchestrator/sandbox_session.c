/* Opened in the order in which things can be refused: nothing is asked of AWS while somebody else
 * works on it. */
#include "sandbox_session.h"

#include <unistd.h>

#include "clock.h"
#include "ec2.h"
#include "left.h"
#include "terraform_child.h"
#include "wrap.h"

enum {
	DEADLINE_MS = 30 * 60000 /* when --timeout is not given */
};

static int check_account(const struct sandbox_session *session, struct err *err)
{
	const struct sandbox *sandbox = &session->sandbox;

	if (!sandbox->is_there)
		return 0;
	if (!streq(sandbox->account, session->account))
		return err_set(
		    err, ERR_CANNOT,
		    "the sandbox %s is in account %s, and %s is of account %s: AWS_PROFILE "
		    "or other credentials",
		    sandbox->name, sandbox->account, session->arn, session->account);
	if (!streq(sandbox->region, session->aws.region))
		return err_set(err, ERR_CANNOT,
			       "the sandbox %s is in %s, not in %s: lab down, then lab up there",
			       sandbox->name, sandbox->region, session->aws.region);
	return 0;
}

/* A sandbox that is there says the region, where the person does not. */
static int find_credentials(struct sandbox_session *session, const struct cli *cli, struct err *err)
{
	const struct sandbox *sandbox = &session->sandbox;
	const struct credentials_asked asked = {
		.region = cli->region ? cli->region : sandbox->region,
	};

	if (credentials_find(&session->credentials, &asked, cli->arena, err) < 0)
		return -1;
	credentials_to_aws(&session->credentials, &session->aws);
	return ec2_identity(&session->aws, cli->arena, &session->account, &session->arn, err);
}

int sandbox_session_open(struct sandbox_session *out, const struct cli *cli, struct err *err)
{
	struct sandbox_work *work = &out->work;
	int64_t ms = cli->timeout_ns ? cli->timeout_ns / 1000000 : DEADLINE_MS;

	*out = (struct sandbox_session){ .sandbox = { .lock_fd = -1 } };
	*work = (struct sandbox_work){ .sandbox = &out->sandbox,
				       .credentials = &out->credentials,
				       .aws = &out->aws,
				       .deadline_ns = clock_after_ms(ms),
				       .progress = cli->progress,
				       .is_terminal = isatty(fileno(cli->progress)) == 1,
				       .arena = cli->arena };
	work->signal_fd = signals_open(&out->old);
	if (sandbox_find(&out->sandbox, cli->arena, err) < 0 ||
	    sandbox_lock(&out->sandbox, cli->arena, err) < 0 ||
	    sandbox_read(&out->sandbox, cli->arena, err) < 0 ||
	    terraform_find(&work->terraform, cli->arena, err) < 0 ||
	    find_credentials(out, cli, err) < 0)
		return -1;
	return check_account(out, err);
}

void sandbox_session_close(struct sandbox_session *session)
{
	credentials_close(&session->credentials);
	if (session->sandbox.lock_fd >= 0)
		sandbox_give(&session->sandbox);
	sandbox_close(&session->sandbox);
	signals_close(session->work.signal_fd, &session->old);
}

/* "vpc 1, subnet 2": kinds in the order in which they were told. */
static const char *count_kinds(const struct left *left, size_t count, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		size_t of = 0, before = 0;
		for (size_t k = 0; k < count; k++) {
			of += streq(left[k].kind, left[i].kind);
			before += k < i && streq(left[k].kind, left[i].kind);
		}
		if (before == 0)
			text = arena_printf(arena, "%s%s%s %zu", text, *text ? ", " : "",
					    left[i].kind, of);
	}
	return text;
}

int sandbox_left(const struct sandbox_session *session, size_t *count, const char **text,
		 struct err *err)
{
	struct arena *arena = session->work.arena;
	const char *name = session->sandbox.name;
	const struct left_names names = { .lab = name,
					  .bucket = arena_printf(arena, "%s-captures", name) };
	struct left *left;

	if (left_in_aws(&session->aws, &names, arena, &left, count, err) < 0)
		return -1;
	*text =
	    arena_printf(arena, "%zu of %s: %s", *count, name, count_kinds(left, *count, arena));
	return 0;
}

void sandbox_tell_left(const struct sandbox_session *session, const char *text, const char *behind)
{
	const struct sandbox_work *work = &session->work;

	if (work->is_terminal)
		wrap_text(work->progress, 0, 2,
			  arena_printf(work->arena, "in AWS there is %s%s", text, behind));
	else
		cli_print_named(work->progress, "in AWS there is ", text, behind);
}
