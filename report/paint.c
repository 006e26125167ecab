/* A line as it grows. Columns are counted here, so that colours and signs never shift a table. */
#include "paint.h"

#include <stdarg.h>

#include "safe.h"

static const struct {
	const char *utf8, *ascii;
} signs[] = {
	[SIGN_YES] = { "✓", "+" },    [SIGN_NO] = { "✗", "!" },     [SIGN_OPEN] = { "…", "~" },
	[SIGN_BAR] = { "│", "|" },    [SIGN_DASH] = { "─", "-" },   [SIGN_DASH_END] = { "─", "-" },
	[SIGN_RIGHT] = { "▶", ">" },  [SIGN_LEFT] = { "◀", "<" },   [SIGN_TOP] = { "┐", "." },
	[SIGN_MIDDLE] = { "┤", "|" }, [SIGN_BOTTOM] = { "┴", "'" }, [SIGN_DOT] = { "·", "-" },
	[SIGN_MORE] = { "…", "~" },
};

static const char *const paints[] = {
	[PAINT_NONE] = "\033[0m",
	[PAINT_GOOD] = "\033[38;5;33m",
	[PAINT_BAD] = "\033[38;5;208m",
	[PAINT_DIM] = "\033[2m",
	[PAINT_BOLD] = "\033[1m",
	[PAINT_CLIENT] = "\033[38;5;33m",
	[PAINT_CLIENT + 1] = "\033[38;5;208m",
	[PAINT_CLIENT + 2] = "\033[38;5;141m",
	[PAINT_CLIENT + 3] = "\033[38;5;43m",
	[PAINT_CLIENT + 4] = "\033[38;5;175m",
	[PAINT_CLIENT + 5] = "\033[38;5;185m",
};

struct line line_of(const struct style *style)
{
	return (struct line){ .style = style };
}

/* What our own words use beyond ASCII, and what stands for it. */
static const struct {
	const char *from, *to;
} plain_words[] = {
	{ "…", "..." }, { "§", "section " }, { "·", "-" },
	{ "│", "|" },   { "→", "->" },       { "≥", ">=" },
};

static const char *plain_of(const char *at)
{
	for (size_t i = 0; i < COUNT(plain_words); i++)
		if (starts_with(at, plain_words[i].from))
			return plain_words[i].to;
	return "?";
}

/* One character of safe text; returns its bytes. */
static size_t add_character(struct line *line, const char *at, const char *end)
{
	size_t len = utf8_len(at, end);
	const char *plain;

	if (len <= 1 || !line->style->is_ascii) {
		buf_add(&line->buf, at, len ? len : 1);
		line->columns++;
		return len ? len : 1;
	}
	plain = plain_of(at);
	buf_str(&line->buf, plain);
	line->columns += strlen(plain);
	return len;
}

void line_text(struct line *line, const char *text)
{
	struct buf safe = { 0 };

	safe_add(&safe, text);
	for (size_t at = 0; at < safe.len;)
		at += add_character(line, safe.data + at, safe.data + safe.len);
	buf_close(&safe);
}

void line_printf(struct line *line, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	line_text(line, text);
}

void line_fit(struct line *line, const char *text, size_t columns)
{
	struct line whole = line_of(line->style);
	size_t count = 0;
	const char *at, *end;

	line_text(&whole, text);
	if (whole.columns <= columns) {
		line_text(line, text);
		line_close(&whole);
		return;
	}
	at = whole.buf.data;
	end = at + whole.buf.len;
	for (; at < end && count + 1 < columns; count++)
		at += add_character(line, at, end);
	line_sign(line, SIGN_MORE);
	line_close(&whole);
}

void line_sign(struct line *line, enum sign sign)
{
	buf_str(&line->buf, line->style->is_ascii ? signs[sign].ascii : signs[sign].utf8);
	line->columns++;
}

void line_signs(struct line *line, enum sign sign, size_t count)
{
	while (count-- > 0)
		line_sign(line, sign);
}

void line_to(struct line *line, size_t column)
{
	size_t count = column > line->columns ? column - line->columns : line->columns > 0;

	line->columns += count;
	while (count-- > 0)
		buf_char(&line->buf, ' ');
}

void line_right(struct line *line, const char *text, size_t column)
{
	struct line end = line_of(line->style);

	line_text(&end, text);
	line_to(line, end.columns < column ? column - end.columns : 0);
	line_text(line, text);
	line_close(&end);
}

void line_paint(struct line *line, enum paint paint)
{
	if (!line->style->has_colour)
		return;
	if (paint != PAINT_NONE || line->is_painted)
		buf_str(&line->buf, paints[paint]);
	line->is_painted = paint != PAINT_NONE;
}

void line_words(struct line *line, FILE *out, const char *text, size_t indent, size_t limit)
{
	bool is_first = true;

	while (*(text += strspn(text, " \n"))) {
		struct line word = line_of(line->style);
		size_t len = strcspn(text, " \n");
		struct buf raw = { 0 };
		size_t gap = !is_first;

		buf_add(&raw, text, len);
		line_text(&word, raw.data);
		if (line->columns + gap + word.columns > limit && line->columns > indent) {
			line_end(line, out);
			line_to(line, indent);
			gap = 0;
		}
		if (gap)
			line_to(line, line->columns + 1);
		line_text(line, raw.data);
		is_first = false;
		text += len;
		buf_close(&raw);
		line_close(&word);
	}
}

void line_end(struct line *line, FILE *out)
{
	line_paint(line, PAINT_NONE);
	while (line->buf.len > 0 && line->buf.data[line->buf.len - 1] == ' ')
		line->buf.len--;
	if (line->buf.len > 0)
		fwrite(line->buf.data, 1, line->buf.len, out);
	fputc('\n', out);
	buf_clear(&line->buf);
	line->columns = 0;
}

void line_close(struct line *line)
{
	buf_close(&line->buf);
	line->columns = 0;
}

const char *time_text(int64_t ns, char text[TIME_TEXT])
{
	double ms = (double)ns / 1e6;

	if (ns < 0)
		snprintf(text, TIME_TEXT, "-");
	else if (ms < 0.995)
		snprintf(text, TIME_TEXT, "%.2f ms", ms);
	else if (ms < 99.95)
		snprintf(text, TIME_TEXT, "%.1f ms", ms);
	else if (ms < 999.5)
		snprintf(text, TIME_TEXT, "%.0f ms", ms);
	else
		snprintf(text, TIME_TEXT, "%.2f s", ms / 1e3);
	return text;
}
