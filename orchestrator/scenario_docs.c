/* The reference as the documents hold it: docs/scenario.md and lab-scenario(5), from the tables. */
#include "scenario.h"
#include "scdoc.h"
#include "scenario_schema.h"
#include "step_text.h"

static char upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

void sections_markdown(FILE *out, const struct schema_section *sections)
{
	struct buf form = { 0 }, text = { 0 };

	for (const struct schema_section *s = sections; s->name; s++) {
		fprintf(out, "### `[%s]`\n%c%s.\n\n", s->name, upper(s->text[0]), s->text + 1);
		if (!s->rows)
			continue;
		fprintf(out, "| written as | means |\n| --- | --- |\n");
		for (const struct schema_row *r = s->rows; r->param.name; r++) {
			buf_clear(&form);
			buf_clear(&text);
			schema_row_form(&form, r);
			schema_row_text(&text, r);
			fprintf(out, "| `%s` | ", form.data);
			for (const char *c = text.data; *c; c++)
				fprintf(out, *c == '|' ? "\\%c" : "%c", *c);
			fprintf(out, " |\n");
		}
		fprintf(out, "\n");
	}
	buf_close(&form);
	buf_close(&text);
}

void schema_markdown(FILE *out)
{
	sections_markdown(out, schema);
}

void steps_markdown(FILE *out)
{
	struct arena arena = { 0 };

	for (size_t i = 0; step_kinds[i]; i++) {
		const struct step_kind *kind = step_kinds[i];
		const char *needs = needs_text(kind->needs, &arena);
		struct buf usage = { 0 };
		step_usage(&usage, kind);
		fprintf(out, "### `%s`\n`%s`\n\n%c%s. Results: %s.", kind->name, usage.data,
			upper(kind->text[0]), kind->text + 1, step_results(kind, &arena));
		if (kind->flags & STEP_OBSERVES)
			fprintf(out, " `within TIME` asks again until it holds.");
		if (kind->flags & STEP_FAULT)
			fprintf(out, " Its effect is read back; `heal` undoes it.");
		if (*needs)
			fprintf(out, " Needs: %s.", needs);
		fprintf(out, "\n\n");
		buf_close(&usage);
		if (!kind->params || !kind->params->name)
			continue;
		fprintf(out, "| parameter | means | default |\n| --- | --- | --- |\n");
		for (const struct param *p = kind->params; p->name; p++)
			fprintf(out, "| `%s`%s | %s | %s |\n", p->name,
				p->is_required ? " (needed)" : "", p->text,
				p->fallback ? p->fallback : "");
		fprintf(out, "\n");
	}
	arena_close(&arena);
}

void scdoc_text(FILE *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (strchr("_*\\#<>|`~[]+-=", *c) && *c)
			fputc('\\', out);
		fputc(*c, out);
	}
}

void scdoc_entry(FILE *out, const char *form, const char *text)
{
	fprintf(out, "*");
	scdoc_text(out, form);
	fprintf(out, "*\n\t");
	scdoc_text(out, text);
	fprintf(out, "\n\n");
}

void schema_scdoc(FILE *out)
{
	struct buf form = { 0 }, text = { 0 };

	for (const struct schema_section *s = schema; s->name; s++) {
		fprintf(out, "## Section %s\n\n", s->name);
		scdoc_text(out, s->text);
		fprintf(out, "\n\n");
		for (const struct schema_row *r = s->rows; r && r->param.name; r++) {
			buf_clear(&form);
			buf_clear(&text);
			schema_row_form(&form, r);
			schema_row_text(&text, r);
			scdoc_entry(out, form.data, text.data);
		}
	}
	buf_close(&form);
	buf_close(&text);
}

void steps_scdoc(FILE *out)
{
	struct arena arena = { 0 };

	for (size_t i = 0; step_kinds[i]; i++) {
		const struct step_kind *kind = step_kinds[i];
		struct buf usage = { 0 };
		step_usage(&usage, kind);
		fprintf(out, "## %s\n\n*", kind->name);
		scdoc_text(out, usage.data);
		fprintf(out, "*\n\n");
		scdoc_text(out, kind->text);
		fprintf(out, ". Results: %s.\n\n", step_results(kind, &arena));
		for (const struct param *p = kind->params; p && p->name; p++)
			scdoc_entry(out, p->name,
				    p->fallback ? arena_printf(&arena, "%s (default %s)", p->text,
							       p->fallback)
						: p->text);
		buf_close(&usage);
	}
	arena_close(&arena);
}
