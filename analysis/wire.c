/* Wire notation: does a folded trace begin with what a scenario asks for? docs/wire.md. */
#include "finding.h"

#include "parse.h"

enum {
	WIRE_NAME = 16,
	WIRE_COUNT_MAX = 2000000000
};

struct wire_item {
	char from, to;
	char name[WIRE_NAME]; /* "[S.]", "icmp 3/3" */
	int64_t count;        /* -1: none was given */
	bool is_least;        /* "2+" */
};

static const char *blanks_skip(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static bool is_one_of(char c, const char *letters)
{
	return c != '\0' && strchr(letters, c) != NULL;
}

static bool is_icmp_name(const char *text)
{
	const char *slash = strchr(text, '/');
	char type[4] = "";
	int64_t number;
	if (!slash || slash == text || slash - text > 3)
		return false;
	memcpy(type, text, (size_t)(slash - text));
	return parse_int(type, 0, 255, &number) == 0 && parse_int(slash + 1, 0, 255, &number) == 0;
}

/* Copies the word at *at (up to a blank or comma) and steps over it; false: it is too long. */
static bool word_take(const char **at, char *word, size_t size)
{
	size_t len = strcspn(*at, " \t,");
	if (len >= size)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at = blanks_skip(*at + len);
	return true;
}

static int name_take(const char **at, struct wire_item *item, struct err *err)
{
	static const char *const flags[] = { "[S]", "[S.]", "[.]", "[P.]", "[F.]", "[R]", "[R.]" };
	char word[WIRE_NAME], type[8];
	if (!word_take(at, word, sizeof word))
		return err_set(err, ERR_USAGE, "wire: \"%.20s\": a word is too long", *at);
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (streq(word, flags[i])) {
			memcpy(item->name, word, sizeof word);
			return 0;
		}
	}
	if (streq(word, "icmp") && word_take(at, type, sizeof type) && is_icmp_name(type)) {
		snprintf(item->name, sizeof item->name, "icmp %s", type);
		return 0;
	}
	return err_set(err, ERR_USAGE,
		       "wire: \"%s\" is none of [S] [S.] [.] [P.] [F.] [R] [R.] icmp TYPE/CODE",
		       word);
}

/* One item at *at; steps over it and the comma behind it. */
static int item_take(const char **at, struct wire_item *item, struct err *err)
{
	const char *text = *at;
	*item = (struct wire_item){ .count = -1 };
	if (!is_one_of(text[0], "CSX") || text[1] != '>' || !is_one_of(text[2], "CS") ||
	    text[0] == text[2] || !is_one_of(text[3], " \t"))
		return err_set(err, ERR_USAGE, "wire: \"%.20s\": expected C>S or S>C", text);
	item->from = text[0];
	item->to = text[2];
	text = blanks_skip(text + 3);
	if (name_take(&text, item, err) < 0)
		return -1;
	if (*text && *text != ',') {
		char word[WIRE_NAME] = "";
		bool is_word = word_take(&text, word, sizeof word);
		size_t len = strlen(word);
		if (len && word[len - 1] == '+') {
			item->is_least = true;
			word[len - 1] = '\0';
		}
		if (!is_word || parse_int(word, 1, WIRE_COUNT_MAX, &item->count) < 0)
			return err_set(err, ERR_USAGE,
				       "wire: \"%s\" behind %s is no count (2 or 2+)", word,
				       item->name);
	}
	if (*text == ',') {
		text = blanks_skip(text + 1);
		if (!*text)
			return err_set(err, ERR_USAGE, "wire: nothing behind the last comma");
	} else if (*text) {
		return err_set(err, ERR_USAGE, "wire: \"%.20s\": expected a comma", text);
	}
	*at = text;
	return 0;
}

static bool item_fits(const struct wire_item *want, const struct wire_item *got)
{
	int64_t count = got->count < 0 ? 1 : got->count;
	if (want->from != got->from || want->to != got->to || !streq(want->name, got->name))
		return false;
	return want->count < 0 || (want->is_least ? count >= want->count : count == want->count);
}

int wire_match(const char *pattern, const char *folded, struct err *err)
{
	struct wire_item want, got;
	pattern = blanks_skip(pattern);
	if (!*pattern)
		return err_set(err, ERR_USAGE, "wire: empty; write \"nothing\" for no packet");
	if (starts_with(pattern, "nothing") && !*blanks_skip(pattern + strlen("nothing")))
		return folded && !*folded;
	int fits = folded != NULL;
	while (*pattern) { /* to its end even when it no longer fits: it must be readable */
		if (item_take(&pattern, &want, err) < 0)
			return -1;
		if (!fits)
			continue;
		if (!*folded)
			fits = 0;
		else if (item_take(&folded, &got, err) < 0)
			return -1;
		else
			fits = item_fits(&want, &got);
	}
	return fits;
}
