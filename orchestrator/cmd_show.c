/* lab show: what a scenario is about: its story, its hosts, its steps, what it proves. */
#include "cli.h"
#include "json.h"
#include "safe.h"
#include "step_text.h"
#include "wrap.h"

static void print_wrapped(FILE *out, const char *text)
{
	fputs("  ", out);
	wrap_text(out, 2, 2, text);
}

static void print_topology(FILE *out, const struct scenario *s)
{
	for (size_t i = 0; i < s->nlink; i++) {
		fprintf(out, "  %s", s->link[i].name);
		for (size_t j = 0, len; j < s->link[i].nhost; j += len) {
			const size_t *at = s->link[i].host + j;
			const struct scenario_host *h = &s->host[*at];
			len = scenario_group_len(s, at, s->link[i].nhost - j);
			fprintf(out, "%s%s", j ? ", " : ": ", h->name);
			if (len > 1)
				fprintf(out, " to %s", s->host[at[len - 1]].name);
			fprintf(out, "%s%s%s", h->does_forward ? " (forwards)" : "",
				h->address ? " " : "", h->address ? h->address : "");
		}
		fputc('\n', out);
	}
}

static void print_steps(FILE *out, const struct scenario *s)
{
	int last = -1, width = 0;
	struct buf words = { 0 };

	for (size_t i = 0; i < s->nstep; i++)
		if ((int)strlen(s->step[i].name) > width)
			width = (int)strlen(s->step[i].name);
	for (size_t i = 0; i < s->nstep; i++) {
		if ((int)s->step[i].phase != last)
			fprintf(out, "\n%s\n", phase_name(s->step[i].phase));
		last = (int)s->step[i].phase;
		buf_clear(&words);
		safe_add(&words, s->step[i].words);
		fprintf(out, "  %-*s  %s\n", width, s->step[i].name, words.data);
	}
	buf_close(&words);
}

static void print_proof(FILE *out, const struct scenario *s)
{
	fprintf(out, "\nproves\n  %s on %s%s%s\n", s->expect.verdict, s->step[s->expect.on].name,
		s->expect.confidence ? ", " : "", s->expect.confidence ? s->expect.confidence : "");
	if (s->expect.wire)
		fprintf(out, "  wire %s\n", s->expect.wire);
	if (s->expect.wire_at_value)
		fprintf(out, "  wire at %s: %s\n", s->host[s->expect.wire_at].name,
			s->expect.wire_at_value);
	if (s->expect.not )
		fprintf(out, "  and that it is not %s\n", s->expect.not );
}

static void print_text(const struct cli *cli, const struct scenario *s)
{
	struct wrapped wrapped;
	FILE *out = wrap_begin(&wrapped, cli->result, cli->style.is_plain);
	const char *needs = needs_text(s->needs, cli->arena);

	fprintf(out, "%s\n", s->name);
	print_wrapped(out, s->title);
	if (s->about) {
		fputc('\n', out);
		print_wrapped(out, s->about);
	}
	fprintf(out, "\nhosts\n");
	print_topology(out, s);
	print_steps(out, s);
	print_proof(out, s);
	fprintf(out, "\nneeds      %s\n", *needs ? needs : "nothing");
	for (size_t i = 0; i < s->nnot_on; i++)
		fprintf(out, "not on     %s: %s\n", s->not_on[i].name, s->not_on[i].value);
	for (size_t i = 0; i < s->nparam; i++)
		fprintf(out, "parameter  %s = %s\n", s->param[i].name, s->param[i].value);
	if (s->see)
		fprintf(out, "see        %s\n", s->see);
	wrap_end(&wrapped);
	cli_print_named(cli->result, "file       ", s->path, "");
}

static void json_lists(struct json *json, const struct scenario *s)
{
	needs_json(json, s->needs);
	json_object_begin(json, "not_on");
	for (size_t i = 0; i < s->nnot_on; i++)
		json_text(json, s->not_on[i].name, s->not_on[i].value);
	json_object_end(json);
	json_object_begin(json, "params");
	for (size_t i = 0; i < s->nparam; i++)
		json_text(json, s->param[i].name, s->param[i].value);
	json_object_end(json);
	json_array_begin(json, "links");
	for (size_t i = 0; i < s->nlink; i++) {
		json_object_begin(json, NULL);
		json_text(json, "name", s->link[i].name);
		json_array_begin(json, "hosts");
		for (size_t j = 0; j < s->link[i].nhost; j++)
			json_text(json, NULL, s->host[s->link[i].host[j]].name);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "steps");
	for (size_t i = 0; i < s->nstep; i++) {
		json_object_begin(json, NULL);
		json_int(json, "number", s->step[i].number);
		json_text(json, "name", s->step[i].name);
		json_text(json, "phase", phase_name(s->step[i].phase));
		json_text(json, "words", s->step[i].words);
		json_text(json, "expected", s->step[i].expect.text);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(const struct cli *cli, const struct scenario *s)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.show/1");
	json_text(&json, "name", s->name);
	json_text(&json, "path", s->path);
	json_text(&json, "title", s->title);
	json_text(&json, "about", s->about);
	json_text(&json, "family", s->family);
	json_text(&json, "level", s->level);
	json_text(&json, "see", s->see);
	json_lists(&json, s);
	json_object_begin(&json, "expect");
	json_text(&json, "verdict", s->expect.verdict);
	json_text(&json, "on", s->step[s->expect.on].name);
	json_text(&json, "wire", s->expect.wire);
	json_text(&json, "not", s->expect.not );
	json_text(&json, "confidence", s->expect.confidence);
	json_object_end(&json);
	json_text(&json, "resolved", s->source);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
}

static int print_schema(const struct cli *cli)
{
	struct buf out = { 0 };

	if (!cli->is_json) {
		struct wrapped wrapped;
		schema_text(wrap_begin(&wrapped, cli->result, cli->style.is_plain));
		wrap_end(&wrapped);
		return 0;
	}
	schema_json(&out);
	fwrite(out.data, 1, out.len, cli->result);
	buf_close(&out);
	return 0;
}

int cmd_show(const struct cli *cli, struct err *err)
{
	struct complaints complaints = { .arena = cli->arena };
	struct scenario_options options = {
		.backend = streq(cli->backend, "auto") ? NULL : cli->backend,
		.nset = cli->set.count,
		.set = cli->set.at,
	};
	struct scenario scenario;
	const char *path;

	if (cli->wants_schema)
		return print_schema(cli);
	if (cli->narg == 0)
		return err_set(err, ERR_USAGE, "lab show needs NAME or --schema (lab list)");
	if (scenario_find(cli->arg[0], &path, cli->arena, err) < 0)
		return -1;
	if (scenario_load(&scenario, path, &options, cli->arena, &complaints, err) < 0) {
		if (complaints.count == 0)
			return -1;
		cli_complain(cli, &complaints);
		return ERR_USAGE;
	}
	if (cli->wants_resolved && !cli->is_json)
		fputs(scenario.source, cli->result);
	else if (cli->is_json)
		print_json(cli, &scenario);
	else
		print_text(cli, &scenario);
	return 0;
}
