/* One line of a report: text with its width in columns, signs in UTF-8 or ASCII, colours that never
 * mean anything alone. Everything added as text is made safe for a terminal. */
#ifndef PAINT_H
#define PAINT_H

#include <stdio.h>

#include "buf.h"
#include "report.h"
#include "util.h"

enum {
	COLUMNS = 80,
	TEXT_COLUMNS = 78
}; /* what a line may hold; where right-aligned text ends */

enum paint {
	PAINT_NONE,
	PAINT_GOOD, /* blue */
	PAINT_BAD,  /* orange */
	PAINT_DIM,
	PAINT_BOLD,
	PAINT_CLIENT, /* and the next CLIENT_PAINTS - 1: one a client */
};
enum {
	CLIENT_PAINTS = 6
};

enum sign {
	SIGN_YES,
	SIGN_NO,
	SIGN_OPEN, /* goes on */
	SIGN_BAR,
	SIGN_DASH,
	SIGN_DASH_END, /* the side of an arrow that has no head */
	SIGN_RIGHT,
	SIGN_LEFT,
	SIGN_TOP,    /* lines that come together: first, */
	SIGN_MIDDLE, /* next, */
	SIGN_BOTTOM, /* last with a way on */
	SIGN_DOT,
	SIGN_MORE,
};

struct line {
	struct buf buf;
	size_t columns;
	const struct style *style;
	bool is_painted;
};

struct line line_of(const struct style *style);
void line_text(struct line *line, const char *text);
void line_printf(struct line *line, const char *fmt, ...) PRINTF(2, 3);
/* At most `columns` of it; what is cut shows as a sign. */
void line_fit(struct line *line, const char *text, size_t columns);
void line_sign(struct line *line, enum sign sign);
void line_signs(struct line *line, enum sign sign, size_t count);
/* Blanks up to this column (from 0); at least one when the line is there already and not empty. */
void line_to(struct line *line, size_t column);
/* Text that ends before `column`; one blank before it at least. */
void line_right(struct line *line, const char *text, size_t column);
void line_paint(struct line *line, enum paint paint); /* PAINT_NONE ends a colour */
/* Words; a word that would pass `limit` begins a new line at `indent`. */
void line_words(struct line *line, FILE *out, const char *text, size_t indent, size_t limit);
/* Prints the line without blanks at its end, and empties it. */
void line_end(struct line *line, FILE *out);
void line_close(struct line *line);

enum {
	TIME_TEXT = 24
};
/* "0.08 ms", "1.2 ms", "340 ms", "3.06 s". Returns text. */
const char *time_text(int64_t ns, char text[TIME_TEXT]);

#endif
