/* Rows of the table of verbs in words, for messages, listings and documents. */
#include "step_text.h"

/* "HOST tcp.serve PORT [address=ADDRESS]" */
void step_usage(struct buf *out, const struct step_kind *kind)
{
	static const char *const forms[] = {
		[PARAM_WORD] = "WORD",          [PARAM_PORT] = "PORT",
		[PARAM_ENDPOINT] = "NAME:PORT", [PARAM_COUNT] = "N",
		[PARAM_DURATION] = "TIME",      [PARAM_SIZE] = "SIZE",
		[PARAM_YESNO] = "yes|no",       [PARAM_STEP] = "STEP",
		[PARAM_TEXT] = "TEXT",          [PARAM_REST] = "WORD...",
		[PARAM_ADDRESS] = "ADDRESS",
	};

	if (kind->subject != SUBJECT_NONE)
		buf_str(out, kind->subject == SUBJECT_HOST ? "HOST " : "STEP ");
	buf_str(out, kind->name);
	for (const struct param *p = kind->params; p && p->name; p++) {
		const char *form = p->kind == PARAM_CHOICE ? p->choices : forms[p->kind];
		buf_str(out, p->is_required ? " " : " [");
		if (!p->is_positional)
			buf_printf(out, "%s=", p->name);
		for (const char *c = form; *c; c++) /* choices are separated by blanks */
			buf_char(out, (char)(*c == ' ' ? '|' : *c));
		if (!p->is_required)
			buf_char(out, ']');
	}
}

const char *step_results(const struct step_kind *kind, struct arena *arena)
{
	static const char *const words[] = { "ok",  "an errno name", "TIMEOUT",
					     "EOF", "socket counts", "a number" };
	const char *text = "";

	for (size_t i = 0; i < COUNT(words); i++)
		if (kind->results & 1u << i)
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", words[i]);
	return *text ? text : "none";
}

const char *needs_text(unsigned needs, struct arena *arena)
{
	const char *text = "";

	for (unsigned bit = 1; step_need_name(bit); bit <<= 1)
		if (needs & bit)
			text = arena_printf(arena, "%s%s%s", text, *text ? " " : "",
					    step_need_name(bit));
	return text;
}

void needs_json(struct json *json, unsigned needs)
{
	json_array_begin(json, "needs");
	for (unsigned bit = 1; step_need_name(bit); bit <<= 1)
		if (needs & bit)
			json_text(json, NULL, step_need_name(bit));
	json_array_end(json);
}
