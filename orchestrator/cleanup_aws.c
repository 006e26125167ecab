/* lab cleanup -b aws --older-than TIME: labs of this account and region that somebody forgot, each
 * with its age and what is left of it; then they are removed by call, whoever made them. */
#include "cleanup_aws.h"

#include <unistd.h>

#include "clock.h"
#include "credentials.h"
#include "labs.h"
#include "sandbox.h"
#include "signals.h"
#include "sweep.h"

enum {
	DEADLINE_MS = 30 * 60000
};

struct cleaning {
	const struct cli *cli;
	struct aws aws;
	struct sandbox own; /* of this state directory */
	int signal_fd;
	int64_t now_s;
	size_t told;
};

static struct left_names names_of(const struct cleaning *c, const struct lab_there *lab)
{
	return (struct left_names){
		.lab = lab->name,
		.bucket = arena_printf(c->cli->arena, "%s-captures", lab->name),
	};
}

static bool is_old(const struct cleaning *c, const struct lab_there *lab)
{
	int64_t least_s = c->cli->older_ns / 1000000000;

	if (lab->made_s >= 0)
		return c->now_s - lab->made_s >= least_s;
	/* What is left has no age, but it says when it should have been gone. */
	int64_t expires_s = sandbox_seconds(lab->expires);
	return expires_s >= 0 && c->now_s - expires_s >= least_s;
}

static const char *age_of(const struct cleaning *c, const struct lab_there *lab)
{
	if (lab->made_s < 0)
		return "of unknown age";
	return arena_printf(c->cli->arena, "%s old",
			    sandbox_span(c->now_s - lab->made_s, c->cli->arena));
}

static bool is_own(const struct cleaning *c, const struct lab_there *lab)
{
	return c->own.is_there && streq(c->own.name, lab->name);
}

/* Its own sandbox only under its lock: a lab that works on it is not disturbed. */
static int remove_lab(struct cleaning *c, const struct lab_there *lab, struct err *err)
{
	const struct left_names names = names_of(c, lab);
	const struct sweep sweep = { .aws = &c->aws,
				     .names = &names,
				     .deadline_ns = clock_after_ms(DEADLINE_MS),
				     .stop_fd = c->signal_fd };

	if (is_own(c, lab) && sandbox_lock(&c->own, c->cli->arena, err) < 0)
		return -1;
	if (sweep_aws(&sweep, c->cli->arena, err) < 0)
		return -1;
	return is_own(c, lab) ? sandbox_forget(&c->own, err) : 0;
}

/* The exit status of one lab. */
static int clean(struct cleaning *c, const struct lab_there *lab, struct err *err)
{
	const struct left_names names = names_of(c, lab);
	FILE *out = c->cli->result;
	struct left *left;
	size_t count;

	if (left_in_aws(&c->aws, &names, c->cli->arena, &left, &count, err) < 0)
		return -1;
	if (count == 0)
		return 0; /* its tags are told for a while after it */
	c->told++;
	fprintf(out, "%s: %s, %zu resources", lab->name, age_of(c, lab), count);
	if (!is_old(c, lab)) {
		fputs(": not old enough\n", out);
		return 0;
	}
	if (c->cli->is_dry_run) {
		fputs(": would be removed\n", out);
		for (size_t i = 0; i < count; i++)
			cli_print_named(out, arena_printf(c->cli->arena, "  %s ", left[i].kind),
					left[i].id, "");
		return 0;
	}
	fflush(out);
	if (remove_lab(c, lab, err) < 0) {
		fputs(": not removed\n", out);
		return -1;
	}
	fputs(": removed, 0 are left\n", out);
	return 0;
}

static int clean_all(struct cleaning *c, struct err *err)
{
	struct lab_there *lab;
	size_t count;
	int status = 0;

	if (sandbox_find(&c->own, c->cli->arena, err) < 0)
		c->own = (struct sandbox){ .lock_fd = -1 }; /* damaged: that is what this is for */
	c->now_s = clock_real_ns() / 1000000000;
	if (labs_in_aws(&c->aws, c->cli->arena, &lab, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && status == 0; i++)
		status = clean(c, &lab[i], err);
	if (status == 0 && c->told == 0)
		fprintf(c->cli->result, "there is no lab in %s\n", c->aws.region);
	sandbox_close(&c->own);
	return status;
}

int cleanup_aws(const struct cli *cli, struct err *err)
{
	struct cleaning c = { .cli = cli };
	struct credentials credentials = { 0 };
	const struct credentials_asked asked = { .region = cli->region };
	sigset_t old;

	c.signal_fd = signals_open(&old);
	int status = credentials_find(&credentials, &asked, cli->arena, err);
	if (status == 0) {
		credentials_to_aws(&credentials, &c.aws);
		status = clean_all(&c, err);
	}
	credentials_close(&credentials);
	signals_close(c.signal_fd, &old);
	return status;
}
