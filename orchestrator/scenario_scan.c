/* The strict scan in front of iniparser: lines and columns, and a complaint for each thing that
 * iniparser would cut, join, fold or lose without a word. */
#include "scenario_ini.h"

#include "safe.h"

struct scan {
	struct ini *ini;
	const char *path;
	struct arena *arena;
	struct complaints *complaints;
	const char *section; /* NULL: none yet */
	int line;
};

struct line {
	const char *bytes;
	size_t start, end; /* without blanks around */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_key_char(char c, bool is_first)
{
	if (is_lower(c) || is_upper(c) || is_digit(c))
		return true;
	return !is_first && (c == '-' || c == '_' || c == '.' || c == '@');
}

#define COMPLAIN(s, column, ...)                                                                   \
	complaint_add((s)->complaints, (s)->path, (s)->line, (int)(column), __VA_ARGS__)

/* Control characters and broken UTF-8, so that what is read may be printed as it is; one complaint
 * a line is enough. */
static bool check_bytes(struct scan *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)bytes[i];
		size_t n = c < 0x80 ? 1 : utf8_len(bytes + i, bytes + len);
		if (c == 0) {
			COMPLAIN(s, i + 1, "a NUL byte: this is no text file");
			return false;
		}
		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			COMPLAIN(s, i + 1, "control byte 0x%02x: remove it", c);
			return false;
		}
		if (n == 0) {
			COMPLAIN(s, i + 1, "byte 0x%02x is not UTF-8", c);
			return false;
		}
		uint32_t code = utf8_code(bytes + i, n);
		if (c != '\t' && utf8_is_unsafe(code)) {
			COMPLAIN(s, i + 1, "U+%04X changes how a terminal shows text: remove it",
				 code);
			return false;
		}
		i += n;
	}
	return true;
}

static const char *lower_case(struct scan *s, const char *text, size_t len, bool *has_upper)
{
	char *name = arena_ndup(s->arena, text, len);

	*has_upper = false;
	for (char *c = name; *c; c++) {
		if (!is_upper(*c))
			continue;
		*c = (char)(*c - 'A' + 'a');
		*has_upper = true;
	}
	return name;
}

static void scan_section(struct scan *s, const struct line *l)
{
	const char *open = l->bytes + l->start;
	const char *close = memchr(open, ']', l->end - l->start);
	bool has_upper;

	s->section = ""; /* keys below a bad header belong nowhere, but are not complained about */
	if (!close) {
		COMPLAIN(s, l->end + 1, "the section has no closing ]");
		return;
	}
	size_t len = (size_t)(close - open - 1);
	if ((size_t)(close - l->bytes) + 1 != l->end)
		COMPLAIN(s, close - l->bytes + 2,
			 "text behind a section: give it a line of its own");
	for (size_t i = 0; i < len; i++) {
		char c = open[1 + i];
		if (is_lower(c) || is_upper(c) || (i > 0 && (is_digit(c) || c == '-')))
			continue;
		COMPLAIN(s, l->start + 2 + i, "'%s' in a section name: use a to z, 0 to 9 and -",
			 c == ':' ? ":" : arena_ndup(s->arena, &c, (unsigned char)c < 0x80));
		return;
	}
	if (len == 0) {
		COMPLAIN(s, l->start + 1, "a section needs a name");
		return;
	}
	const char *name = lower_case(s, open + 1, len, &has_upper);
	if (has_upper)
		COMPLAIN(s, l->start + 2, "section names are lower case: write [%s]", name);
	s->section = name;
	for (size_t i = 0; i < s->ini->nsection; i++) {
		if (!streq(s->ini->section[i].name, name))
			continue;
		COMPLAIN(s, l->start + 1, "section [%s] is in line %d already: merge the two", name,
			 s->ini->section[i].line);
		return;
	}
	if (s->ini->nsection == INI_SECTIONS) {
		COMPLAIN(s, l->start + 1, "more than %d sections", INI_SECTIONS);
		return;
	}
	s->ini->section = arena_grow(s->arena, s->ini->section, s->ini->nsection,
				     &s->ini->section_cap, sizeof(*s->ini->section));
	s->ini->section[s->ini->nsection++] = (struct ini_section){ .name = name, .line = s->line };
}

/* What a value may not hold; false when there was a complaint. */
static bool check_value(struct scan *s, const struct line *l, size_t at)
{
	bool is_good = true;

	if (at < l->end && (l->bytes[at] == '"' || l->bytes[at] == '\'')) {
		COMPLAIN(s, at + 1, "a value never begins with a quote: leave the quotes out");
		is_good = false;
	}
	for (size_t i = at; i < l->end; i++) {
		if (l->bytes[i] != ';' && l->bytes[i] != '#')
			continue;
		COMPLAIN(s, i + 1,
			 "'%c' inside a line: a comment stands on its own line; in a quoted word "
			 "write \\x%02x",
			 l->bytes[i], l->bytes[i]);
		return false;
	}
	return is_good;
}

static void scan_entry(struct scan *s, const struct line *l, bool is_bad)
{
	const char *equals = memchr(l->bytes + l->start, '=', l->end - l->start);
	struct ini_entry entry = { .section = s->section, .path = s->path, .line = s->line };
	bool has_upper;

	if (!equals) {
		COMPLAIN(s, l->start + 1,
			 "no '=' in this line: NAME = VALUE, or # in front of a comment");
		return;
	}
	size_t at = (size_t)(equals - l->bytes), key_end = at;
	while (key_end > l->start && is_blank(l->bytes[key_end - 1]))
		key_end--;
	if (key_end == l->start) {
		COMPLAIN(s, l->start + 1, "no name in front of '='");
		return;
	}
	for (size_t i = l->start; i < key_end; i++) {
		if (is_key_char(l->bytes[i], i == l->start))
			continue;
		COMPLAIN(s, i + 1, "a name is one word of a to z, 0 to 9, - _ . and @%s",
			 l->bytes[i] == '*' ? ": each host or group has a line of its own" : "");
		return;
	}
	entry.key = lower_case(s, l->bytes + l->start, key_end - l->start, &has_upper);
	entry.key_column = (int)l->start + 1;
	if (has_upper)
		COMPLAIN(s, l->start + 1, "names are lower case: write %s", entry.key);
	for (at++; at < l->end && is_blank(l->bytes[at]); at++)
		;
	entry.column = (int)at + 1;
	entry.is_bad = !check_value(s, l, at) || is_bad;
	entry.value = arena_ndup(s->arena, l->bytes + at, l->end - at);
	if (!s->section) {
		COMPLAIN(s, l->start + 1, "%s stands before the first [section]", entry.key);
		return;
	}
	if (!*s->section)
		return;
	const struct ini_entry *first = ini_find(s->ini, s->section, entry.key);
	if (first)
		COMPLAIN(s, l->start + 1, "%s is in line %d already", entry.key, first->line);
	else if (s->ini->nentry == INI_ENTRIES)
		COMPLAIN(s, l->start + 1, "more than %d entries", INI_ENTRIES);
	else
		ini_add(s->ini, &entry, s->arena);
}

static void scan_line(struct scan *s, const char *bytes, size_t len)
{
	struct line l = { .bytes = bytes, .end = len };
	bool is_bad = false;

	if (len > INI_LINE) {
		COMPLAIN(s, INI_LINE + 1, "the line has %zu bytes, at most %d are read", len,
			 INI_LINE);
		is_bad = true;
	}
	if (!check_bytes(s, bytes, len))
		is_bad = true;
	while (l.start < l.end && is_blank(bytes[l.start]))
		l.start++;
	while (l.end > l.start && is_blank(bytes[l.end - 1]))
		l.end--;
	if (l.start == l.end)
		return;
	if (bytes[l.end - 1] == '\\') {
		COMPLAIN(s, l.end, "a backslash at the end would join the next line: remove it");
		is_bad = true;
	}
	if (bytes[l.start] == '#' || bytes[l.start] == ';')
		return;
	if (bytes[l.start] == '[')
		scan_section(s, &l);
	else
		scan_entry(s, &l, is_bad);
}

void ini_scan(struct ini *out, const char *path, const char *bytes, size_t len, struct arena *arena,
	      struct complaints *complaints)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct scan s = { .ini = out, .path = path, .arena = arena, .complaints = complaints };
	size_t at = 0;

	*out = (struct ini){ 0 };
	if (len > INI_BYTES) {
		complaint_add(complaints, path, 1, 1, "the file has %zu bytes, at most %d are read",
			      len, INI_BYTES);
		return;
	}
	if (len >= 3 && memcmp(bytes, bom, 3) == 0) {
		complaint_add(complaints, path, 1, 1,
			      "a byte order mark: save the file without it");
		at = 3;
	}
	while (at < len) {
		const char *newline = memchr(bytes + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - bytes) : len;
		size_t next = newline ? end + 1 : end;
		if (end > at && bytes[end - 1] == '\r')
			end--;
		s.line++;
		scan_line(&s, bytes + at, end - at);
		at = next;
	}
}

struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key)
{
	for (size_t i = 0; i < ini->nentry; i++)
		if (streq(ini->entry[i].section, section) && streq(ini->entry[i].key, key))
			return &ini->entry[i];
	return NULL;
}

void ini_add(struct ini *ini, const struct ini_entry *entry, struct arena *arena)
{
	ini->entry =
	    arena_grow(arena, ini->entry, ini->nentry, &ini->entry_cap, sizeof(*ini->entry));
	ini->entry[ini->nentry++] = *entry;
}
