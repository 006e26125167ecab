/* Prints rows of text; what comes from files is made safe for a terminal. */
#include "table.h"

#include "safe.h"

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

/* The first `columns` characters of the text, with a mark where it is cut. */
static void print_cut(FILE *out, const char *text, size_t columns)
{
	const char *end = text + strlen(text);

	if (utf8_columns(text) <= columns) {
		fputs(text, out);
		return;
	}
	for (; columns > 3; columns--) {
		size_t len = utf8_len(text, end);
		fwrite(text, 1, len ? len : 1, out);
		text += len ? len : 1;
	}
	fputs("...", out);
}

void table_print(FILE *out, const struct table *table, bool is_piped, size_t width)
{
	size_t columns[TABLE_COLUMNS] = { 0 };

	for (size_t i = 0; i < table->nrow; i++)
		for (size_t j = 0; j < table->ncolumn; j++)
			if (utf8_columns(cell(table, i, j)) > columns[j])
				columns[j] = utf8_columns(cell(table, i, j));
	for (size_t i = 0; i < table->nrow; i++) {
		size_t used = 0;
		for (size_t j = 0; j < table->ncolumn; j++) {
			const char *text = cell(table, i, j);
			if (is_piped) {
				fprintf(out, "%s%s", j ? "\t" : "", text);
				continue;
			}
			if (j + 1 == table->ncolumn) {
				print_cut(out, text, width > used + 10 ? width - used : SIZE_MAX);
				continue;
			}
			fprintf(out, "%s%*s", text, (int)(columns[j] - utf8_columns(text)) + 2, "");
			used += columns[j] + 2;
		}
		fputc('\n', out);
	}
}
