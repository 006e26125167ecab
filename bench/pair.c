/* Two sides, A B A B: each started in turn, timed from outside, its answer checked; the figures as
 * one line of JSON on standard output.
 * pair row=NAME [pairs=N] [batch=N] [warm=0] : KEY=VALUE... : PROGRAM WORD... [: the same of B]
 * Keys, as struct side has them: name want same mark captures lab memory hosts late uid. */
#include <jansson.h>
#include <sys/stat.h>

#include "measure.h"

static const char *const metric_name[METRICS] = {
	[VERDICT_MS] = "verdict_ms", [EXIT_MS] = "exit_ms",       [CPU_MS] = "cpu_ms",
	[GONE_MS] = "gone_ms",       [CREATE_MS] = "create_ms",   [DESTROY_MS] = "destroy_ms",
	[END_MS] = "end_ms",         [MEMORY_KIB] = "memory_kib",
};

struct plan {
	const char *row;
	int pairs, batch, warm, sides;
	struct side side[2];
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *value, int count)
{
	qsort(value, (size_t)count, sizeof(*value), by_size);
	return count % 2 ? value[count / 2] : (value[count / 2 - 1] + value[count / 2]) / 2;
}

/* [min, median, max] of each metric that every run has. */
static json_t *summary(const struct measured *run, int pairs, int step)
{
	json_t *out = json_object();
	double *value = calloc((size_t)pairs, sizeof(*value));

	for (int m = 0; value && m < METRICS; m++) {
		bool is_there = true;
		for (int i = 0; i < pairs; i++) {
			value[i] = run[i * step].value[m];
			is_there &= value[i] > ABSENT;
		}
		if (!is_there)
			continue;
		double middle = median(value, pairs);
		json_object_set_new(out, metric_name[m],
				    json_pack("[fff]", value[0], middle, value[pairs - 1]));
	}
	free(value);
	return out;
}

/* Median over the pairs of A / B. */
static json_t *ratios(const struct measured *run, int pairs)
{
	json_t *out = json_object();
	double *value = calloc((size_t)pairs, sizeof(*value));

	for (int m = 0; value && m < METRICS; m++) {
		bool is_there = true;
		for (int i = 0; i < pairs; i++) {
			is_there &= run[2 * i].value[m] > 0 && run[2 * i + 1].value[m] > 0;
			value[i] = run[2 * i].value[m] / run[2 * i + 1].value[m];
		}
		if (is_there)
			json_object_set_new(out, metric_name[m], json_real(median(value, pairs)));
	}
	free(value);
	return out;
}

static int print_line(json_t *line)
{
	int result = json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));

	putchar('\n');
	json_decref(line);
	return result < 0 || fflush(stdout) != 0 ? -1 : 0;
}

static int play(struct plan *plan, const char *folder, int settler, char *why)
{
	int all = plan->pairs * plan->sides;
	struct measured *run = calloc((size_t)all + 2, sizeof(*run));
	double load[1] = { 0 };
	int result = run ? 0 : -1;

	getloadavg(load, 1);
	/* One of each first, not counted: files come into the cache. */
	for (int i = 0; result == 0 && plan->warm && i < plan->sides; i++)
		result = side_run(&plan->side[i], plan->batch, folder, settler, run, why);
	for (int i = 0; result == 0 && i < all; i++)
		result = side_run(&plan->side[i % plan->sides], plan->batch, folder, settler,
				  &run[i], why);
	if (result == 0) {
		json_t *line =
		    json_pack("{ss si si sf so}", "row", plan->row, "pairs", plan->pairs, "batch",
			      plan->batch, "load", load[0], "sides", json_array());
		for (int i = 0; i < plan->sides; i++) {
			json_t *side = summary(run + i, plan->pairs, plan->sides);
			json_object_set_new(side, "name", json_string(plan->side[i].name));
			if (plan->side[i].hosts)
				json_object_set_new(side, "hosts",
						    json_integer(plan->side[i].hosts));
			if (plan->side[i].same)
				json_object_set_new(side, "same", json_string(plan->side[i].seen));
			json_array_append_new(json_object_get(line, "sides"), side);
		}
		if (plan->sides == 2)
			json_object_set_new(line, "ratio", ratios(run, plan->pairs));
		result = print_line(line);
	}
	free(run);
	return result;
}

/* The keys of `key` whose values are numbers. */
static int set_number(const char *name, const char *text, int *const at[], const char *const key[])
{
	char *end;

	for (size_t i = 0; key[i]; i++) {
		if (strcmp(key[i], name) != 0)
			continue;
		*at[i] = (int)strtol(text, &end, 10);
		return *text && !*end ? 0 : -1;
	}
	return -1;
}

static int set_key(struct side *side, const char *name, const char *value)
{
	static const char *const words[] = { "name", "want", "same", "mark" };
	static const char *const key[] = {
		"captures", "uid", "lab", "memory", "hosts", "late", NULL
	};
	const char **const word[] = { &side->name, &side->want, &side->same, &side->mark };
	int *const at[] = { &side->captures, &side->uid,   &side->is_lab,
			    &side->memory,   &side->hosts, &side->late_s };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i], name) == 0) {
			*word[i] = value;
			return 0;
		}
	}
	return set_number(name, value, at, key);
}

/* KEY=VALUE up to ":" or NULL, each given to `set`. Where it ended, NULL when one is unknown. */
static char **each_key(char **word, int (*set)(void *into, const char *name, const char *value),
		       void *into)
{
	for (; *word && strcmp(*word, ":") != 0; word++) {
		char *value = strchr(*word, '=');
		if (!value)
			return NULL;
		*value++ = '\0';
		if (set(into, *word, value) < 0)
			return NULL;
	}
	return word;
}

static int compile(regex_t *re, const char *text)
{
	return text ? regcomp(re, text, REG_EXTENDED | REG_NEWLINE) : 0;
}

static int set_side(void *into, const char *name, const char *value)
{
	return set_key(into, name, value);
}

static int set_plan(void *into, const char *name, const char *value)
{
	static const char *const key[] = { "pairs", "batch", "warm", NULL };
	struct plan *plan = into;
	int *const at[] = { &plan->pairs, &plan->batch, &plan->warm };

	if (strcmp(name, "row") != 0)
		return set_number(name, value, at, key);
	plan->row = value;
	return 0;
}

/* Keys up to ":"; then words up to ":" or the end. */
static int read_side(struct side *side, char ***at)
{
	*side = (struct side){ .name = "", .late_s = 60 };
	char **word = each_key(*at, set_side, side);
	if (!word || !*word || compile(&side->want_re, side->want) ||
	    compile(&side->same_re, side->same) || compile(&side->mark_re, side->mark))
		return -1;
	side->argv = ++word;
	while (*word && strcmp(*word, ":") != 0)
		word++;
	*at = *word ? word + 1 : word;
	*word = NULL;
	return *side->argv ? 0 : -1;
}

static int read_plan(struct plan *plan, char **word)
{
	*plan = (struct plan){ .row = "", .pairs = 1, .batch = 1, .warm = 1 };
	word = each_key(word, set_plan, plan);
	if (!word || !*word || plan->pairs < 1 || plan->batch < 1 || plan->batch > BATCH_MAX)
		return -1;
	for (word++; *word && plan->sides < 2; plan->sides++)
		if (read_side(&plan->side[plan->sides], &word) < 0)
			return -1;
	return *word || plan->sides == 0 ? -1 : 0;
}

static void plan_close(struct plan *plan)
{
	for (int i = 0; i < plan->sides; i++) {
		if (plan->side[i].want)
			regfree(&plan->side[i].want_re);
		if (plan->side[i].same)
			regfree(&plan->side[i].same_re);
		if (plan->side[i].mark)
			regfree(&plan->side[i].mark_re);
	}
}

int main(int argc, char **argv)
{
	char folder[NAME_LEN - 256], why[WHY_LEN] = "";
	const char *tmp = getenv("TMPDIR");
	struct plan plan;

	(void)argc;
	if (read_plan(&plan, argv + 1) < 0) {
		fprintf(stderr, "usage: pair row=NAME pairs=N : KEY=VALUE... : PROGRAM...\n");
		return 2;
	}
	snprintf(folder, sizeof(folder), "%s/lab-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chmod(folder, 0711) < 0) {
		perror(folder);
		return 2;
	}
	int settler = settle_start();
	int result = play(&plan, folder, settler, why);
	folder_remove(folder);
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", plan.row, why);
		print_line(json_pack("{ss ss}", "row", plan.row, "failed", why));
	}
	plan_close(&plan);
	return result < 0;
}
