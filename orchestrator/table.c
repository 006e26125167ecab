/* Prints rows of text; what comes from files is made safe for a terminal. */
#include "table.h"

#include "safe.h"
#include "wrap.h"

void table_add(struct table *table, const char *const *cells)
{
	table->row =
	    arena_grow(table->arena, table->row, table->nrow, &table->cap, sizeof(*table->row));
	for (size_t i = 0; i < TABLE_COLUMNS && cells[i]; i++) {
		struct buf text = { 0 };
		safe_add(&text, cells[i]);
		table->row[table->nrow][i] = arena_dup(table->arena, text.data ? text.data : "");
		buf_close(&text);
		if (i + 1 > table->ncolumn)
			table->ncolumn = i + 1;
	}
	table->nrow++;
}

static const char *cell(const struct table *table, size_t row, size_t column)
{
	return table->row[row][column] ? table->row[row][column] : "";
}

/* The last column is as wide as the rest of the line; where that is little, a text that does not
 * fit there has a line below. `gap`: blanks that are still owed to the cell in front. */
static void print_last(FILE *out, const char *text, size_t used, size_t gap)
{
	enum {
		LITTLE = WRAP_COLUMNS - 24,
		INDENT = 4
	};

	if (used > LITTLE && used + utf8_columns(text) > WRAP_COLUMNS) {
		fprintf(out, "\n%*s", INDENT, "");
		used = INDENT;
	} else if (text[0]) {
		fprintf(out, "%*s", (int)gap, "");
	}
	wrap_text(out, used, used, text);
}

void table_print(FILE *out, const struct table *table, bool is_piped)
{
	size_t columns[TABLE_COLUMNS] = { 0 };

	for (size_t i = 0; i < table->nrow; i++)
		for (size_t j = 0; j < table->ncolumn; j++)
			if (utf8_columns(cell(table, i, j)) > columns[j])
				columns[j] = utf8_columns(cell(table, i, j));
	for (size_t i = 0; i < table->nrow; i++) {
		size_t used = 0, gap = 0;
		for (size_t j = 0; j < table->ncolumn; j++) {
			const char *text = cell(table, i, j);
			if (is_piped) {
				fprintf(out, "%s%s%s", j ? "\t" : "", text,
					j + 1 < table->ncolumn ? "" : "\n");
			} else if (j + 1 == table->ncolumn) {
				print_last(out, text, used, gap);
			} else {
				fprintf(out, "%*s%s", (int)gap, "", text);
				gap = columns[j] - utf8_columns(text) + 2;
				used += columns[j] + 2;
			}
		}
	}
}
