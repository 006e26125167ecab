/* Plays one side once: a batch of it at the same time, each in a folder of its own, and takes from
 * each what was measured, when its answer is right. */
#include <errno.h>
#include <sys/stat.h>

#include "measure.h"

struct batch {
	struct child child[BATCH_MAX];
	char folder[BATCH_MAX][NAME_LEN];
	int count;
};

static int start(struct batch *batch, const struct side *side, const char *folder, char *why)
{
	char *own = batch->folder[batch->count];

	snprintf(own, NAME_LEN, "%s/%s-%d", folder, side->name, batch->count);
	if (mkdir(own, 0700) < 0 ||
	    (side->uid && chown(own, (uid_t)side->uid, (gid_t)side->uid) < 0))
		return snprintf(why, WHY_LEN, "folder: %s", strerror(errno)), -1;
	return child_start(&batch->child[batch->count++], side, own, why);
}

/* Every answer is right, and the slowest counts. */
static int judge(const struct batch *batch, struct side *side, double *v, char *why)
{
	v[CPU_MS] = 0;
	for (int i = 0; i < batch->count; i++) {
		const struct child *child = &batch->child[i];
		if (answer_check(side, child, batch->folder[i], why) < 0)
			return -1;
		v[CPU_MS] += child->cpu_ms;
		v[EXIT_MS] = child->exit_ms > v[EXIT_MS] ? child->exit_ms : v[EXIT_MS];
		v[VERDICT_MS] = child->mark_ms > v[VERDICT_MS] ? child->mark_ms : v[VERDICT_MS];
	}
	return side->is_lab ? answer_left(side, why) : 0;
}

static void stamps(const struct batch *batch, const struct side *side, double start_ms, double *v)
{
	double phase_ms, end_ms;

	if (side->mark) {
		v[CREATE_MS] = v[VERDICT_MS];
		v[DESTROY_MS] = v[EXIT_MS] - v[VERDICT_MS];
	}
	if (!side->is_lab || batch->count != 1)
		return;
	answer_stamps(batch->folder[0], &phase_ms, &end_ms);
	v[CREATE_MS] = phase_ms < 0 ? ABSENT : phase_ms - start_ms;
	v[END_MS] = end_ms < 0 ? ABSENT : v[EXIT_MS] - (end_ms - start_ms);
}

int side_run(struct side *side, int count, const char *folder, int settler, struct measured *out,
	     char *why)
{
	struct batch batch = { .count = 0 };
	double *v = out->value;
	int result = 0;

	for (int i = 0; i < METRICS; i++)
		v[i] = ABSENT;
	while (result == 0 && batch.count < count)
		result = start(&batch, side, folder, why);
	double before = side->memory ? memory_available_kib() : 0, least = before;
	double start_ms = now_ms();
	for (int i = 0; result == 0 && i < batch.count; i++)
		child_go(&batch.child[i]);
	if (result == 0)
		result = children_wait(batch.child, batch.count, side, start_ms,
				       side->memory ? &least : NULL, why);
	for (int i = 0; result < 0 && i < batch.count; i++)
		child_close(&batch.child[i]);
	if (settle(settler) < 0 && result == 0)
		result = (snprintf(why, WHY_LEN, "the kernel is not done with namespaces"), -1);
	if (settler >= 0)
		v[GONE_MS] = now_ms() - start_ms;
	if (result == 0)
		result = judge(&batch, side, v, why);
	if (result == 0)
		stamps(&batch, side, start_ms, v);
	if (side->memory)
		v[MEMORY_KIB] = before - least;
	for (int i = 0; i < batch.count; i++) {
		child_close(&batch.child[i]);
		folder_remove(batch.folder[i]);
	}
	return result;
}
