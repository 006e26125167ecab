/* lab down: Terraform removes what it finished; then each service of AWS is asked for the rest,
 * which is removed by call, and asked again. */
#include <unistd.h>

#include "sandbox_session.h"
#include "sweep.h"

struct down {
	const struct cli *cli;
	struct sandbox_session session;
	struct err why; /* Terraform could not: what is left counts, and this tells why */
};

/* Whatever ends this, from here on nothing plays there: without outputs no command knows its hosts.
 * What cannot be written down is removed all the same. */
static int destroy_all(struct down *down)
{
	const struct sandbox_work *work = &down->session.work;
	struct sandbox *sandbox = &down->session.sandbox;
	struct err ignored;

	sandbox->is_up = false;
	(void)sandbox_write(sandbox, &ignored);
	(void)unlink(sandbox_path(sandbox, "outputs.json", work->arena));
	return sandbox_destroy(work, &down->why);
}

/* A Ctrl-C ends it; of anything else the services are asked what it left. What was not finished is
 * not Terraform's to remove: a thing that its state lacks would have it wait for minutes to remove
 * what that thing is in. */
static int destroy(struct down *down, struct err *err)
{
	const struct sandbox *sandbox = &down->session.sandbox;
	const struct sandbox_work *work = &down->session.work;
	const char *state = sandbox_path(sandbox, "terraform/terraform.tfstate", work->arena);

	if (!sandbox->is_up || access(state, F_OK) < 0)
		return 0;
	fprintf(work->progress, "removing %s ...\n", sandbox->name);
	if (sandbox_init(work, &down->why) == 0 && destroy_all(down) == 0)
		return 0;
	if (down->why.kind == ERR_SIGINT || down->why.kind == ERR_SIGTERM ||
	    down->why.kind == ERR_LEFTOVER) {
		*err = down->why;
		return -1;
	}
	cli_print_error(work->progress, down->why.text);
	return 0;
}

static void tell_removal(void *context, const struct left *what)
{
	const struct down *down = context;

	cli_print_named(down->cli->progress, "removing ",
			arena_printf(down->cli->arena, "%s %s", what->kind, what->id), "");
}

/* What Terraform does not know of: it was killed, or its state is lost. */
static int sweep(const struct down *down, struct err *err)
{
	const struct sandbox_session *session = &down->session;
	struct arena *arena = down->cli->arena;
	const char *name = session->sandbox.name, *text;
	size_t count;

	if (sandbox_left(session, &count, &text, err) < 0)
		return -1;
	if (count == 0)
		return 0;
	sandbox_tell_left(session, text, ": removed by call");
	const struct left_names names = { .lab = name,
					  .bucket = arena_printf(arena, "%s-captures", name) };
	const struct sweep all = { .aws = &session->aws,
				   .names = &names,
				   .deadline_ns = session->work.deadline_ns,
				   .stop_fd = session->work.signal_fd,
				   .tell = tell_removal,
				   .context = (void *)down };
	return sweep_aws(&all, arena, err);
}

static int play(struct down *down, struct err *err)
{
	struct sandbox_session *session = &down->session;
	struct sandbox *sandbox = &session->sandbox;
	const char *text;
	size_t count;

	if (destroy(down, err) < 0 || sweep(down, err) < 0 ||
	    sandbox_left(session, &count, &text, err) < 0) {
		fputs("lab down once more goes on with it\n", down->cli->progress);
		return -1;
	}
	if (count > 0)
		return err_set(err, ERR_LEFTOVER, "still there: %s: lab down once more", text);
	fprintf(down->cli->result, "0 resources left of %s in EC2, IAM, Route 53 and S3\n",
		sandbox->name);
	return sandbox_forget(sandbox, err);
}

int cmd_down(const struct cli *cli, struct err *err)
{
	struct down down = { .cli = cli };
	struct sandbox found;

	if (sandbox_find(&found, cli->arena, err) < 0)
		return -1;
	if (!found.is_there) {
		fputs("there is no sandbox (lab up makes one)\n", cli->result);
		return 0;
	}
	int status = sandbox_session_open(&down.session, cli, err);
	if (status == 0)
		status = play(&down, err);
	sandbox_session_close(&down.session);
	return status;
}
