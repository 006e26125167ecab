/* Ladders are drawn row by row, so that any two of any length stand side by side. */
#include "ladder.h"

enum {
	LEFT = 6,   /* column of the first ladder */
	RIGHT = 42, /* of the second */
	ARROW = 16, /* columns between the two bars */
	SHOWN = 5,  /* rungs shown whole; longer ones lose their middle */
	NAME_COLUMNS = 16,
};

struct ladder ladder_of(const struct connection *connection, const char *title, bool at_server)
{
	struct ladder ladder = {
		.title = title,
		.connection = connection,
		.rung = at_server ? connection->server_rung : connection->rung,
		.nrung = at_server ? connection->nserver_rung : connection->nrung,
		.seen_at = at_server ? connection->server_host : connection->client_host,
		.parts = SIZE_MAX,
	};

	if (!ladder.seen_at)
		ladder.seen_at = at_server ? "the server" : "the client";
	return ladder;
}

static bool is_same_rung(const struct rung *a, const struct rung *b)
{
	return a->is_from_client == b->is_from_client && streq(a->flags, b->flags);
}

void ladder_compare(struct ladder *a, struct ladder *b)
{
	size_t i = 0;

	while (i < a->nrung && i < b->nrung && is_same_rung(&a->rung[i], &b->rung[i]))
		i++;
	if (i < b->nrung || i < a->nrung)
		b->parts = i;
}

static void plan_rows(struct ladder *ladder, const struct style *style)
{
	ladder->nhead = ladder->nrung;
	ladder->ntail = 0;
	if (style->verbose > 0 || ladder->nrung <= SHOWN)
		return;
	ladder->nhead = 3;
	ladder->ntail = ladder->is_judged ? 1 : 0;
	if (ladder->is_judged && ladder->parts >= 3 && ladder->parts < ladder->nrung - 1)
		ladder->nhead = ladder->parts + 1 < 8 ? ladder->parts + 1 : 8;
	if (ladder->nhead + ladder->ntail >= ladder->nrung) {
		ladder->nhead = ladder->nrung;
		ladder->ntail = 0;
	}
}

static size_t row_count(const struct ladder *ladder)
{
	bool has_gap = ladder->nhead + ladder->ntail < ladder->nrung;

	return 2 + (ladder->nrung == 0) + ladder->nhead + has_gap + ladder->ntail +
	       ladder->is_judged;
}

static void draw_arrow(struct line *line, const struct rung *rung)
{
	struct line words = line_of(line->style);
	size_t lead;

	line_fit(&words, rung->words, ARROW - 4);
	lead = words.columns > ARROW - 7 ? ARROW - 3 - words.columns : 4;
	line_sign(line, rung->is_from_client ? SIGN_DASH_END : SIGN_LEFT);
	line_signs(line, SIGN_DASH, lead - 1);
	line_text(line, " ");
	line_fit(line, rung->words, ARROW - 4);
	line_text(line, " ");
	line_signs(line, SIGN_DASH, ARROW - 3 - lead - words.columns);
	line_sign(line, rung->is_from_client ? SIGN_RIGHT : SIGN_DASH_END);
	line_close(&words);
}

static void draw_rung(struct line *line, const struct ladder *ladder, size_t index)
{
	const struct rung *rung = &ladder->rung[index];
	bool does_part = ladder->is_judged && index == ladder->parts;

	if (does_part)
		line_paint(line, PAINT_BAD);
	line_sign(line, SIGN_BAR);
	draw_arrow(line, rung);
	line_sign(line, SIGN_BAR);
	if (rung->t_ns < 10000000)
		line_printf(line, " %.3f ms", (double)rung->t_ns / 1e6);
	else if (rung->t_ns < 999950000)
		line_printf(line, " %.1f ms", (double)rung->t_ns / 1e6);
	else
		line_printf(line, " %.3f s", (double)rung->t_ns / 1e9);
	if (does_part) {
		line_text(line, " ");
		line_sign(line, SIGN_LEFT);
		line_text(line, " parts");
		line_paint(line, PAINT_NONE);
	}
}

static void draw_outcome(struct line *line, const struct ladder *ladder)
{
	const struct connection *connection = ladder->connection;
	const char *result = connection->result;
	char time[TIME_TEXT];
	bool is_ok = result && streq(result, "ok");

	line_paint(line, is_ok ? PAINT_GOOD : PAINT_BAD);
	line_sign(line, is_ok ? SIGN_YES : SIGN_NO);
	line_text(line, " ");
	if (!result)
		line_text(line, "its end was not seen");
	else
		line_fit(line, is_ok ? "established" : result, 15);
	if (result && connection->took_ns >= 0)
		line_printf(line, " after %s", time_text(connection->took_ns, time));
	if (ladder->parts != SIZE_MAX && ladder->parts >= ladder->nrung) {
		line_text(line, " ");
		line_sign(line, SIGN_LEFT);
		line_text(line, " parts");
	}
	line_paint(line, PAINT_NONE);
}

static void draw_names(struct line *line, const struct ladder *ladder, size_t column)
{
	const struct connection *connection = ladder->connection;
	const char *client = connection->client_host ? connection->client_host : connection->client;
	const char *server = connection->server_host ? connection->server_host : connection->server;

	line_fit(line, client ? client : "client", NAME_COLUMNS);
	line_to(line, column + 18);
	line_fit(line, server ? server : "server", NAME_COLUMNS);
}

/* Row 0: title, 1: names, then rungs, the gap, rungs, the outcome. */
static void draw_row(struct line *line, const struct ladder *ladder, size_t row, size_t column)
{
	size_t gap = ladder->nrung - ladder->nhead - ladder->ntail;

	if (row >= row_count(ladder))
		return;
	line_to(line, column);
	if (row == 0) {
		line_to(line, column + 4);
		line_fit(line, ladder->title, 30);
		return;
	}
	if (row == 1) {
		draw_names(line, ladder, column);
		return;
	}
	row -= 2;
	line_to(line, column + 2);
	if (ladder->nrung == 0 && row-- == 0) {
		line_fit(line, "no capture holds this connection", 33);
		return;
	}
	if (row < ladder->nhead) {
		draw_rung(line, ladder, row);
		return;
	}
	row -= ladder->nhead;
	if (gap > 0 && row-- == 0) {
		line_sign(line, SIGN_BAR);
		line_text(line, "   ");
		line_sign(line, SIGN_OPEN);
		line_printf(line, " %zu packet%s", gap, gap == 1 ? "" : "s");
		return;
	}
	if (row < ladder->ntail)
		draw_rung(line, ladder, ladder->nrung - ladder->ntail + row);
	else
		draw_outcome(line, ladder);
}

/* Where the times were read; on the last line where the second ladder leaves room. */
static void draw_note(struct line *line, const struct ladder *a, const struct ladder *b)
{
	if (b->nrung == 0 && (!a || a->nrung == 0))
		return;
	line_to(line, a ? RIGHT + 2 : LEFT + 2);
	line_paint(line, PAINT_DIM);
	if (a && !streq(a->seen_at, b->seen_at)) {
		line_text(line, "times as seen at each client's host");
	} else {
		line_text(line, "times as seen at ");
		line_fit(line, b->seen_at, NAME_COLUMNS);
	}
	line_paint(line, PAINT_NONE);
}

void ladder_print(FILE *out, const struct style *style, const struct ladder *first,
		  const struct ladder *other)
{
	struct ladder a = *first, b = other ? *other : (struct ladder){ 0 };
	struct line line = line_of(style);
	size_t rows;

	plan_rows(&a, style);
	if (other)
		plan_rows(&b, style);
	rows = row_count(&a);
	if (other && row_count(&b) > rows)
		rows = row_count(&b);
	for (size_t row = 0; row < rows; row++) {
		draw_row(&line, &a, row, LEFT);
		if (other)
			draw_row(&line, &b, row, RIGHT);
		if (row + 1 == rows && other && row_count(&b) < rows)
			draw_note(&line, &a, &b);
		line_end(&line, out);
	}
	if (!other || row_count(&b) == rows) {
		draw_note(&line, other ? &a : NULL, other ? &b : &a);
		if (line.columns > 0)
			line_end(&line, out);
	}
	line_close(&line);
}
