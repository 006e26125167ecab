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
