/* The table of `make bench`: each goal beside its figure, then the figures themselves, in 80
 * columns; read from the lines of JSON that were measured.   table FILE */
#include <jansson.h>
#include <stdbool.h>

enum kind {
	RATIO,    /* median of A / B over the pairs */
	PER_HOST, /* the same, each divided by its side's hosts */
	MEDIAN,   /* of side A, divided by `divide` */
	MOST,     /* of side A, divided by `divide` */
	EACH,     /* MOST, divided by side A's hosts */
	FIELD,    /* a number of the row itself */
	ANSWER,   /* that the row was measured at all: its answer was checked */
};

struct goal {
	const char *what, *against, *row, *key;
	enum kind kind;
	double limit, divide;
	const char *unit;
};

static const struct goal goals[] = {
	{ "refused, to the verdict", "Mininet", "demo-mininet", "verdict_ms", RATIO, 1.0 / 15, 0,
	  "" },
	{ "refused, to the verdict", "bash", "demo-bash", "verdict_ms", RATIO, 1.0 / 6, 0, "" },
	{ "refused, to the verdict", "bare", "demo-bare", "verdict_ms", RATIO, 4, 0, "" },
	{ "refused, to the exit", "Mininet", "demo-mininet", "exit_ms", RATIO, 1.0 / 5, 0, "" },
	{ "refused, to the exit", "bash", "demo-bash", "exit_ms", RATIO, 1.0 / 2, 0, "" },
	{ "refused, to the exit", "bare", "demo-bare", "exit_ms", RATIO, 1.7, 0, "" },
	{ "refused, until the kernel is done", "bare", "demo-bare", "gone_ms", RATIO, 1.7, 0, "" },
	{ "refused, ordinary user, verdict", "root", "demo-user", "verdict_ms", RATIO, 1.2, 0, "" },
	{ "refused, ordinary user, exit", "root", "demo-user", "exit_ms", RATIO, 1.2, 0, "" },
	{ "refused, 40 at once", "bash", "forty-bash", "exit_ms", RATIO, 1.0 / 5, 0, "" },
	{ "refused, 40 at once", "bare", "forty-bare", "exit_ms", RATIO, 2, 0, "" },
	{ "refused, 40 at once, the slowest", "", "forty-bare", "exit_ms", MOST, 0.9, 1e3, " s" },
	{ "300 hosts: create", "Mininet", "hosts-mininet", "create_ms", RATIO, 1.0 / 8, 0, "" },
	{ "300 hosts: create", "ip -batch", "hosts-batch", "create_ms", RATIO, 1.0 / 2, 0, "" },
	{ "300 hosts: create", "bare", "hosts-bare", "create_ms", RATIO, 2, 0, "" },
	{ "300 hosts: destroy", "Mininet", "hosts-mininet", "destroy_ms", RATIO, 1.0 / 15, 0, "" },
	{ "300 hosts: destroy", "bare", "hosts-bare", "destroy_ms", RATIO, 1.5, 0, "" },
	{ "300 hosts: until the kernel is done", "bare", "hosts-bare", "gone_ms", RATIO, 1.5, 0,
	  "" },
	{ "1000 hosts: create, a host", "at 10", "size", "create_ms", PER_HOST, 1.6, 0, "" },
	{ "1000 hosts: whole run, a host", "at 10", "size-run", "exit_ms", PER_HOST, 1.6, 0, "" },
	{ "1000 hosts: memory a host", "", "size-run", "memory_kib", EACH, 700, 1, " KiB" },
	{ "lab run all", "", "all", "exit_ms", MEDIAN, 20, 1e3, " s" },
	{ "64 machines by SSH, a program", "bare", "exec-bare", "exit_ms", RATIO, 1.4, 0, "" },
	{ "64 machines by SSH, one step", "ansible", "ssh-ansible", "exit_ms", RATIO, 1.0 / 8, 0,
	  "" },
	{ "64 machines by SSH, one step", "pdsh", "ssh-pdsh", "exit_ms", RATIO, 1.0 / 3, 0, "" },
	{ "64 machines by SSH, one step", "bare", "ssh-bare", "exit_ms", RATIO, 1.4, 0, "" },
	{ "64 machines by SSH: CPU a host", "", "ssh-bare", "cpu_ms", MEDIAN, 3, 64, " ms" },
	{ "agent copied to 32 and started", "ansible", "push-ansible", "exit_ms", RATIO, 1.0 / 15,
	  0, "" },
	{ "agent copied to 32 and started", "scp by 32", "push-pssh", "exit_ms", RATIO, 1 / 2.5, 0,
	  "" },
	{ "agent copied to 32 and started", "bare", "push-bare", "exit_ms", RATIO, 1.4, 0, "" },
	{ "128 machines by SSH, a host", "at 8", "ssh-size", "exit_ms", PER_HOST, 1.3, 0, "" },
	{ "capture: lost of the last 1000", "", "capture-stop", "lost", FIELD, 0, 0, "" },
	{ "capture: lost at 200 000 packets/s", "", "capture-flood", "lost", FIELD, 0, 0, "" },
	{ "refused --repeat 1000, one trace hash", "", "repeat", "", ANSWER, 0, 0, "" },
};

/* The first line of that row; captures: of the engine that is the default. */
static const json_t *row(const json_t *all, const char *name)
{
	size_t i;
	json_t *line;

	json_array_foreach(all, i, line)
	{
		const char *engine = json_string_value(json_object_get(line, "engine"));
		const char *is = json_string_value(json_object_get(line, "row"));
		if (is && strcmp(is, name) == 0 && (!engine || strcmp(engine, "packet") == 0))
			return line;
	}
	return NULL;
}

static double hosts(const json_t *line, size_t side)
{
	return json_number_value(
	    json_object_get(json_array_get(json_object_get(line, "sides"), side), "hosts"));
}

/* [min, median, max] of a side. */
static double of_side(const json_t *line, size_t side, const char *key, size_t at)
{
	const json_t *figures =
	    json_object_get(json_array_get(json_object_get(line, "sides"), side), key);

	return figures ? json_number_value(json_array_get(figures, at)) : -1;
}

static double figure(const struct goal *goal, const json_t *line)
{
	const json_t *ratio = json_object_get(json_object_get(line, "ratio"), goal->key);

	switch (goal->kind) {
	case RATIO:
		return ratio ? json_number_value(ratio) : -1;
	case PER_HOST:
		return ratio ? json_number_value(ratio) * hosts(line, 1) / hosts(line, 0) : -1;
	case MEDIAN:
		return of_side(line, 0, goal->key, 1) / goal->divide;
	case MOST:
		return of_side(line, 0, goal->key, 2) / goal->divide;
	case EACH:
		return of_side(line, 0, goal->key, 2) / hosts(line, 0);
	case FIELD:
		return json_number_value(json_object_get(line, goal->key));
	case ANSWER:
		return 0;
	}
	return -1;
}

static void put_number(const struct goal *goal, double value, char *out, size_t size)
{
	bool is_ratio = goal->kind == RATIO || goal->kind == PER_HOST;

	if (is_ratio && value < 1 && goal->limit < 1)
		snprintf(out, size, "1/%.*f",
			 value == goal->limit && 1 / value == (int)(1 / value) ? 0 : 1, 1 / value);
	else if (is_ratio)
		snprintf(out, size, "%.2f", value);
	else if (goal->divide > 1)
		snprintf(out, size, "%.2f%s", value, goal->unit);
	else
		snprintf(out, size, "%.0f%s", value, goal->unit);
}

static void print_goal(const struct goal *goal, const json_t *all)
{
	const json_t *line = row(all, goal->row);
	const char *why = json_string_value(json_object_get(line, "skipped"));
	const char *wrong = json_string_value(json_object_get(line, "failed"));
	char limit[24] = "yes", is[24] = "yes", goal_text[32];

	if (goal->kind != ANSWER)
		put_number(goal, goal->limit, limit, sizeof(limit));
	snprintf(goal_text, sizeof(goal_text), "%s%s",
		 goal->kind == FIELD || goal->kind == ANSWER ? "" : "<= ", limit);
	printf("%-38s %-10s %-10s ", goal->what, goal->against, goal_text);
	if (!line || why) {
		printf("%-11s %s\n", "-", why ? "skipped" : "not run");
		return;
	}
	if (wrong) {
		printf("%-11s %s\n", "WRONG", "NO");
		return;
	}
	double value = figure(goal, line);
	if (goal->kind != ANSWER)
		put_number(goal, value, is, sizeof(is));
	bool is_met = value >= 0 && value <= goal->limit;
	/* Fewer packets a second than asked for prove nothing. */
	if (is_met && strcmp(goal->row, "capture-flood") == 0 &&
	    json_number_value(json_object_get(line, "rate")) < 195000) {
		is_met = false;
		snprintf(is, sizeof(is), "too slow");
	}
	printf("%-11s %s\n", value < 0 ? "absent" : is, is_met ? "yes" : "NO");
}

static void print_three(const json_t *side, const char *key)
{
	const json_t *figures = json_object_get(side, key);
	char text[40] = "-";

	if (figures) {
		double most = json_number_value(json_array_get(figures, 2));
		int digits = most < 1000 ? 1 : 0;
		snprintf(text, sizeof(text), "%.*f/%.*f/%.*f", digits,
			 json_number_value(json_array_get(figures, 0)), digits,
			 json_number_value(json_array_get(figures, 1)), digits, most);
	}
	printf(" %17s", text);
}

static void print_figures(const json_t *all, bool of_hosts)
{
	size_t i, j;
	json_t *line, *side;

	printf("\n%-25s %17s %17s %17s\n", "ms: min/median/max",
	       of_hosts ? "create" : "to the verdict", of_hosts ? "destroy" : "to the exit", "CPU");
	json_array_foreach(all, i, line)
	{
		const char *name = json_string_value(json_object_get(line, "row"));
		bool is_hosts =
		    name && (strncmp(name, "hosts", 5) == 0 || strncmp(name, "size", 4) == 0);
		if (is_hosts != of_hosts)
			continue;
		json_array_foreach(json_object_get(line, "sides"), j, side)
		{
			char label[32];
			snprintf(label, sizeof(label), "%s %s", name,
				 json_string_value(json_object_get(side, "name")));
			printf("%-21.21s %3d", label,
			       (int)json_integer_value(json_object_get(line, "pairs")));
			print_three(side, of_hosts ? "create_ms" : "verdict_ms");
			print_three(side, of_hosts ? "destroy_ms" : "exit_ms");
			print_three(side, "cpu_ms");
			putchar('\n');
		}
	}
}

static void print_rest(const json_t *all)
{
	static const char *const what[] = { "skipped", "failed" };
	const json_t *place = row(all, "environment");
	const char *key;
	json_t *value, *line;
	size_t i;

	putchar('\n');
	json_array_foreach(all, i, line)
	{
		const char *engine = json_string_value(json_object_get(line, "engine"));
		if (engine)
			printf("%s, engine %s: %d sent, %d lost, %.0f packets/s\n",
			       json_string_value(json_object_get(line, "row")), engine,
			       (int)json_integer_value(json_object_get(line, "sent")),
			       (int)json_integer_value(json_object_get(line, "lost")),
			       json_number_value(json_object_get(line, "rate")));
		for (size_t j = 0; j < 2; j++)
			if (json_object_get(line, what[j]))
				printf("%s %s: %s\n",
				       json_string_value(json_object_get(line, "row")), what[j],
				       json_string_value(json_object_get(line, what[j])));
	}
	json_object_foreach((json_t *)place, key,
			    value) if (json_is_string(value) && strcmp(key, "row") != 0)
	    printf("%s: %s\n", key, json_string_value(value));
}

static json_t *read_lines(const char *name)
{
	json_t *all = json_array(), *line;
	FILE *in = fopen(name, "re");
	char *text = NULL;
	size_t size = 0;
	json_error_t error;

	if (!in)
		return NULL;
	for (int number = 1; getline(&text, &size, in) > 0; number++) {
		line = json_loads(text, 0, &error);
		if (!line) {
			fprintf(stderr, "%s:%d: %s\n", name, number, error.text);
			return NULL;
		}
		json_array_append_new(all, line);
	}
	free(text);
	fclose(in);
	return all;
}

int main(int argc, char **argv)
{
	json_t *all = argc == 2 ? read_lines(argv[1]) : NULL;

	if (!all) {
		fprintf(stderr, "usage: table FILE of lines of JSON\n");
		return 2;
	}
	printf("%-38s %-10s %-10s %-11s %s\n", "what", "against", "goal", "figure", "met");
	for (size_t i = 0; i < sizeof(goals) / sizeof(*goals); i++)
		print_goal(&goals[i], all);
	print_figures(all, false);
	print_figures(all, true);
	print_rest(all);
	json_decref(all);
	return 0;
}
