/* Again and again in the order of the table, until nothing is left: what still holds something else
 * is refused, and goes the next time. */
#include "sweep.h"

#include <poll.h>

#include "clock.h"
#include "kind.h"
#include "sweep_one.h"

enum {
	BETWEEN_MS = 2000,
	STUCK_S = 300 /* hosts and gateways need a minute or two */
};

struct round {
	const struct sweep *sweep;
	const struct left *left;
	size_t count;
	struct arena *arena;
	struct err last; /* why the last one stayed */
	bool is_told;    /* each is told once */
	size_t before;
	int64_t changed_ns; /* when there were more, at last */
};

static void tell(const struct round *round, const struct left *what)
{
	if (round->sweep->tell && !round->is_told)
		round->sweep->tell(round->sweep->context, what);
}

static int remove_other(const struct round *round, const struct left *what, struct err *err)
{
	const struct sweep *sweep = round->sweep;

	if (streq(what->kind, "profile"))
		return sweep_profile(sweep, round->arena, err);
	if (streq(what->kind, "role"))
		return sweep_role(sweep, round->arena, err);
	if (streq(what->kind, "zone"))
		return sweep_zone(sweep, what->id, round->arena, err);
	if (streq(what->kind, "bucket"))
		return sweep_bucket(sweep, round->arena, err);
	return err_set(err, ERR_CANNOT, "%s %s: of no kind that lab makes, so it stays", what->kind,
		       what->id);
}

static void remove_kind(struct round *round, const struct kind *kind)
{
	for (size_t i = 0; i < round->count; i++) {
		const struct left *what = &round->left[i];
		if (!streq(what->service, "ec2") || !streq(what->kind, kind->name))
			continue;
		tell(round, what);
		struct err err;
		if (sweep_ec2(round->sweep, kind->name, what->id, round->arena, &err) < 0)
			round->last = err;
	}
}

static void remove_all(struct round *round)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].remove)
			remove_kind(round, &kinds[i]);
	for (size_t i = 0; i < round->count; i++) {
		const struct left *what = &round->left[i];
		struct err err;
		if (streq(what->service, "ec2") && kind_find(what->kind))
			continue;
		tell(round, what);
		if (remove_other(round, what, &err) < 0)
			round->last = err;
	}
}

static bool is_stuck(struct round *round)
{
	int64_t now_ns = clock_mono_ns();

	if (round->count != round->before)
		round->changed_ns = now_ns;
	round->before = round->count;
	return clock_left_ms(round->sweep->deadline_ns) == 0 ||
	       now_ns - round->changed_ns > STUCK_S * INT64_C(1000000000);
}

static bool is_stopped(const struct sweep *sweep, int ms)
{
	struct pollfd end = { .fd = sweep->stop_fd, .events = POLLIN };

	return poll(&end, 1, ms) > 0;
}

int sweep_aws(const struct sweep *sweep, struct arena *arena, struct err *err)
{
	struct round round = { .sweep = sweep, .arena = arena };

	for (;;) {
		struct left *left;
		if (left_in_aws(sweep->aws, sweep->names, arena, &left, &round.count, err) < 0)
			return -1;
		if (round.count == 0)
			return 0;
		if (is_stuck(&round))
			return err_set(err, ERR_LEFTOVER, "%zu of %s could not be removed: %.600s",
				       round.count, sweep->names->lab,
				       *round.last.text ? round.last.text : "AWS takes its time");
		round.left = left;
		remove_all(&round);
		round.is_told = true;
		if (is_stopped(sweep, BETWEEN_MS))
			return err_set(err, ERR_SIGINT, "interrupted; not all of %s is removed",
				       sweep->names->lab);
	}
}
