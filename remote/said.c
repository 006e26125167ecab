/* The reason stands in the last lines; the ones before are banners and warnings. */
#include "said.h"

#include <ctype.h>

#include "buf.h"

enum {
	LINES = 3
};

static bool has_words(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (isalnum((unsigned char)line[i]))
			return true;
	}
	return false;
}

const char *said_words(const char *said, char out[SAID_WORDS])
{
	const char *line[LINES] = { 0 };
	size_t len[LINES] = { 0 }, count = 0, used = 0;

	for (const char *at = said ? said : ""; *at; at += strspn(at, "\r\n")) {
		size_t n = strcspn(at, "\r\n");

		if (has_words(at, n)) {
			line[count % LINES] = at;
			len[count++ % LINES] = n;
		}
		at += n;
	}
	out[0] = '\0';
	for (size_t i = count < LINES ? 0 : count - LINES; i < count && used < SAID_WORDS; i++)
		used += (size_t)snprintf(out + used, SAID_WORDS - used, "%s%.*s", used ? "; " : "",
					 (int)len[i % LINES], line[i % LINES]);
	return out;
}

const char *said_behind(const char *line, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
		return NULL;
	return line[len] ? line + len + 1 : line + len;
}
