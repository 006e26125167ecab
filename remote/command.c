/* The words are quoted for sh; that text is written so that it holds nothing which any shell reads
 * inside single quotes (fish: \ and ', csh: ! and newlines), and sh decodes it: printf %b. */
#include "command.h"

#include <string.h>

static bool is_plain(char c)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_./:=,@%+- ";

	return c != '\0' && strchr(plain, c);
}

static void encode(struct buf *out, const char *text)
{
	for (const char *c = text; *c; c++)
		if (is_plain(*c))
			buf_char(out, *c);
		else
			buf_printf(out, "\\0%03o", (unsigned)(unsigned char)*c);
}

static void quote(struct buf *out, const char *word)
{
	buf_char(out, '\'');
	for (const char *c = word; *c; c++)
		if (*c == '\'')
			buf_str(out, "'\\''");
		else
			buf_char(out, *c);
	buf_char(out, '\'');
}

void command_word(struct buf *out, const char *word)
{
	bool is_bare = *word != '\0';

	for (const char *c = word; *c; c++)
		is_bare = is_bare && *c != ' ' && is_plain(*c);
	if (is_bare)
		buf_str(out, word);
	else
		quote(out, word);
}

void command_line(struct buf *out, const char *const *word, size_t count, bool has_input)
{
	struct buf text = { 0 };

	buf_str(&text, "exec");
	for (size_t i = 0; i < count; i++) {
		buf_char(&text, ' ');
		quote(&text, word[i]);
	}
	if (!has_input)
		buf_str(&text, " </dev/null");
	buf_str(out, "exec sh -c 'eval \"$(printf %b \"");
	encode(out, text.data);
	buf_str(out, "\")\"'");
	buf_close(&text);
}
