/* Words are put one after the other; blanks at the place of a break are dropped. */
#include "wrap.h"

#include "safe.h"

void wrap_text(FILE *out, size_t used, size_t indent, const char *text)
{
	struct buf safe = { 0 }, word = { 0 };
	bool is_first = true; /* in its line */

	safe_add(&safe, text);
	for (const char *at = safe.data ? safe.data : ""; *at;) {
		at += strspn(at, " ");
		size_t len = strcspn(at, " ");
		if (len == 0)
			break;
		buf_clear(&word);
		buf_add(&word, at, len);
		size_t columns = utf8_columns(word.data);
		if (used > indent && used + !is_first + columns > WRAP_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			used = indent;
			is_first = true;
		}
		fprintf(out, "%s%s", is_first ? "" : " ", word.data);
		used += !is_first + columns;
		is_first = false;
		at += len;
	}
	fputc('\n', out);
	buf_close(&safe);
	buf_close(&word);
}

void wrap_entry(FILE *out, const char *term, size_t at, const char *text)
{
	size_t columns = utf8_columns(term);

	if (columns + 4 > at)
		fprintf(out, "  %s\n%*s", term, (int)at, "");
	else
		fprintf(out, "  %s%*s", term, (int)(at - 2 - columns), "");
	wrap_text(out, at, at, text);
}

/* Where a line that is too long goes on: at its last column (behind two blanks or more, or a tab)
 * in the first half, else further in than it began. */
static size_t hang_of(const char *line, size_t len)
{
	enum {
		HALF = WRAP_COLUMNS / 2,
		FURTHER = 8
	};
	size_t start = strspn(line, " "), hang = 0;

	for (size_t i = start + 2; i < len && i <= HALF; i++)
		if (line[i] != ' ' && line[i - 1] == ' ' && line[i - 2] == ' ')
			hang = i;
	return hang ? hang : start + FURTHER;
}

/* How many bytes of the text fit into so many columns, broken at a blank; a word that is longer
 * than all of them is not cut. */
static size_t fitting(const char *text, size_t columns)
{
	size_t best = 0, len = 0;
	struct buf part = { 0 };

	for (;; len++) {
		if (text[len] && text[len] != ' ')
			continue;
		buf_clear(&part);
		buf_add(&part, text, len);
		bool does_fit = utf8_columns(part.data) <= columns;
		if (!does_fit && best)
			break;
		best = len;
		if (!does_fit || !text[len])
			break;
		len += strspn(text + len, " ") - 1;
	}
	buf_close(&part);
	return best;
}

static void wrap_line(FILE *out, const char *line, size_t len)
{
	struct buf whole = { 0 };
	size_t indent = 0;

	for (size_t i = 0; i < len; i++)
		if (line[i] == '\t')
			buf_str(&whole, "  ");
		else
			buf_char(&whole, line[i]);
	buf_str(&whole, "");
	const char *at = whole.len ? whole.data : "";
	size_t hang = hang_of(at, whole.len);
	while (*at) {
		/* The first break comes behind the columns of the line. */
		size_t fixed = indent ? 0 : hang < whole.len ? hang : 0;
		size_t n = fixed + fitting(at + fixed, WRAP_COLUMNS - indent - fixed);
		fprintf(out, "%*s%.*s\n", (int)indent, "", (int)n, at);
		at += n;
		at += strspn(at, " ");
		indent = hang;
	}
	if (whole.len == 0)
		fputc('\n', out);
	buf_close(&whole);
}

FILE *wrap_begin(struct wrapped *wrapped, FILE *out, bool is_plain)
{
	*wrapped = (struct wrapped){ .out = out };
	if (!is_plain)
		wrapped->memory = open_memstream(&wrapped->text, &wrapped->len);
	return wrapped->memory ? wrapped->memory : out;
}

void wrap_end(struct wrapped *wrapped)
{
	if (!wrapped->memory)
		return;
	if (fclose(wrapped->memory) == 0)
		for (const char *at = wrapped->text; *at; at += *at == '\n') {
			size_t len = strcspn(at, "\n");
			wrap_line(wrapped->out, at, len);
			at += len;
		}
	free(wrapped->text);
}
