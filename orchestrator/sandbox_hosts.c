/* A cloud tells nothing by itself: it is asked again and again, until a deadline. */
#include "sandbox_hosts.h"

#include <poll.h>

#include "clock.h"
#include "console.h"
#include "fleet_survey.h"
#include "signals.h"
#include "ssh_pin.h"

enum {
	CONSOLE_MS = 3000, /* between two questions to EC2 */
	SSH_MS = 1000,
	SURVEY_MS = 15000 /* of one attempt at SSH */
};

int sandbox_hosts(const struct sandbox *sandbox, struct targets *out, struct arena *arena,
		  struct err *err)
{
	const struct targets_asked asked = { .terraform =
						 sandbox_path(sandbox, "outputs.json", arena) };
	struct complaints complaints = { .arena = arena };

	if (targets_read(out, &asked, arena, &complaints, err) == 0)
		return 0;
	if (complaints.count > 0) /* no slip of a person's: Terraform wrote it */
		err_set(err, ERR_BROKE, "%s: %s", complaints.at[0].path, complaints.at[0].text);
	return -1;
}

/* -1: interrupted, or too late. */
static int wait_a_little(const struct sandbox_work *work, int ms, const char *what, struct err *err)
{
	struct pollfd end = { .fd = work->signal_fd, .events = POLLIN };
	int left = clock_left_ms(work->deadline_ns);

	if (left == 0)
		return err_set(err, ERR_BROKE, "%s", what);
	(void)poll(&end, 1, left < ms ? left : ms);
	return signals_heard(work->signal_fd, "while the hosts came up", err);
}

static void tell_count(const struct sandbox_work *work, const char *what, size_t done, size_t count)
{
	if (work->is_terminal)
		fprintf(work->progress, "\r\033[K%s: %zu of %zu", what, done, count);
	else if (done == count)
		fprintf(work->progress, "%s: all %zu\n", what, count);
	if (work->is_terminal && done == count)
		fputc('\n', work->progress);
	fflush(work->progress);
}

static int pin_keys(const struct sandbox_work *work, const struct target *target,
		    const char *instance, struct err *err)
{
	struct aws aws = *work->aws;
	struct console_key *key;
	size_t count;

	if (console_host_keys(&aws, instance, work->arena, &key, &count, err) < 0)
		return err_in(err, "%s", target->name);
	for (size_t i = 0; i < count; i++)
		if (ssh_pin_add(target, key[i].blob, key[i].len, err) < 0)
			return -1;
	return count > 0;
}

/* 1: pinned, 0: not yet told, -1. */
static int pin_host(const struct sandbox_work *work, struct targets *targets, size_t i,
		    const struct target **target, struct err *err)
{
	const struct machine *machine = &targets->machines.at[i];

	*target = targets_at(targets, i, err);
	if (!*target)
		return -1;
	if (!(*target)->pins || !machine->instance)
		return err_set(err, ERR_BROKE, "%s: the outputs do not say that it was made",
			       machine->name);
	int has = ssh_pin_has(*target, err);
	return has ? has : pin_keys(work, *target, machine->instance, err);
}

/* Of one round over those that are not pinned yet. */
static int pin_rest(const struct sandbox_work *work, struct targets *targets, bool *is_pinned,
		    size_t *done, const char **missing, struct err *err)
{
	const struct target *target;

	for (size_t i = 0; i < targets->machines.count; i++) {
		if (is_pinned[i])
			continue;
		int has = pin_host(work, targets, i, &target, err);
		if (has < 0)
			return -1;
		is_pinned[i] = has;
		*done += (size_t)has;
		if (!has)
			*missing = target->name;
	}
	return 0;
}

int sandbox_pin_hosts(const struct sandbox_work *work, struct targets *targets, struct err *err)
{
	size_t count = targets->machines.count, done = 0;
	bool *is_pinned = arena_array(work->arena, count, sizeof *is_pinned);
	const char *missing = "";

	for (;;) {
		if (pin_rest(work, targets, is_pinned, &done, &missing, err) < 0)
			return -1;
		tell_count(work, "host keys on the consoles", done, count);
		if (done == count)
			return 0;
		const char *why = arena_printf(work->arena,
					       "%s: its console does not show its host key, and "
					       "none is trusted unseen",
					       missing);
		if (wait_a_little(work, CONSOLE_MS, why, err) < 0)
			return -1;
	}
}

/* Asks those that have not answered; how many still have not. */
static int ask_rest(const struct target **rest, size_t *count, const char **why,
		    struct arena *arena, struct err *err)
{
	struct fleet_survey *at = fleet_survey(rest, *count, clock_after_ms(SURVEY_MS), err);
	size_t still = 0;

	if (!at)
		return -1;
	for (size_t i = 0; i < *count; i++) {
		if (at[i].why.kind == ERR_NONE)
			continue;
		*why = arena_dup(arena, at[i].why.text);
		rest[still++] = rest[i];
	}
	fleet_survey_close(at, *count);
	*count = still;
	return 0;
}

int sandbox_await_hosts(const struct sandbox_work *work, struct targets *targets, struct err *err)
{
	size_t all = targets->machines.count, count = all;
	const struct target **rest = arena_array(work->arena, all, sizeof(const struct target *));
	const char *why = "";

	for (size_t i = 0; i < all; i++)
		if (!(rest[i] = targets_at(targets, i, err)))
			return -1;
	for (;;) {
		if (ask_rest(rest, &count, &why, work->arena, err) < 0)
			return -1;
		tell_count(work, "hosts that answer SSH", all - count, all);
		if (count == 0)
			return 0;
		if (wait_a_little(work, SSH_MS, why, err) < 0)
			return -1;
	}
}
