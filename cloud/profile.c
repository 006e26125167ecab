/* Line by line, in the place where it was read. Lines that are indented deeper than the key above
 * them belong to that key's value: they are nested settings, of which none is for us. */
#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>

#include "file.h"
#include "util.h"

#define SPACE " \t\r\f\v"

enum {
	ROOM = 1 << 15 /* beside the file: what file_read may read beyond its limit */
};

struct reading {
	struct profile_file *file;
	enum profile_kind kind;
	struct arena *arena;
	size_t cap;
	const char *profile; /* of the section that we are in; NULL: it is none */
	bool is_in_section, has_key;
	bool has_long_default; /* [profile default] was seen: [default] does not count */
	size_t indent;         /* of the key */
	int line;
};

static const char bare_default[] = "default";

static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, SPACE);
	len = strlen(text);
	while (len > 0 && strchr(SPACE, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static int complain(const struct reading *r, const char *why, struct err *err)
{
	return err_set(err, ERR_CANNOT, "%s:%d: %s", r->file->path, r->line, why);
}

static void add(struct reading *r, const char *key, char *value)
{
	struct profile_file *file = r->file;

	if (!r->profile)
		return;
	file->rows = arena_grow(r->arena, file->rows, file->count, &r->cap, sizeof *file->rows);
	file->rows[file->count++] = (struct profile_row){
		.profile = r->profile, .key = key, .value = value, .line = r->line
	};
}

/* The name may be quoted: [profile "a b"]. */
static const char *unquoted(char *name)
{
	size_t len = strlen(name);

	if (len < 2 || (*name != '"' && *name != '\'') || name[len - 1] != *name)
		return name;
	name[len - 1] = '\0';
	return name + 1;
}

static const char *profile_of(struct reading *r, char *section)
{
	static const char prefix[] = "profile";
	const char *name;

	if (r->kind == PROFILE_CREDENTIALS)
		return section;
	if (streq(section, bare_default))
		return bare_default;
	if (!starts_with(section, prefix) || !section[strlen(prefix)] ||
	    !strchr(SPACE, section[strlen(prefix)]))
		return NULL;
	name = unquoted(trimmed(section + strlen(prefix)));
	r->has_long_default |= streq(name, bare_default);
	return name;
}

static int read_section(struct reading *r, char *text, struct err *err)
{
	char *end = strchr(text, ']'), *name;

	if (!end)
		return complain(r, "\"[\" without \"]\"", err);
	*end = '\0';
	name = trimmed(text + 1);
	if (!*name)
		return complain(r, "a section without a name", err);
	r->is_in_section = true;
	r->has_key = false;
	r->profile = profile_of(r, name);
	add(r, NULL, NULL);
	return 0;
}

/* A comment behind a value begins with a space. */
static void cut_comment(char *value)
{
	for (char *at = value; *at; at++)
		if ((*at == '#' || *at == ';') && (at == value || strchr(SPACE, at[-1]))) {
			*at = '\0';
			return;
		}
}

static int read_key(struct reading *r, char *text, struct err *err)
{
	char *equals = strchr(text, '='), *key, *value;

	if (!equals)
		return complain(r, "neither [section] nor key = value", err);
	if (!r->is_in_section)
		return complain(r, "a key before the first [section]", err);
	*equals = '\0';
	key = trimmed(text);
	if (!*key)
		return complain(r, "a value without a key", err);
	cut_comment(equals + 1);
	value = trimmed(equals + 1);
	r->has_key = true;
	add(r, key, value);
	return 0;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && !strchr(SPACE, *text)) || *text == 0x7f)
			return true;
	return false;
}

static int read_line(struct reading *r, char *line, struct err *err)
{
	size_t indent = strspn(line, SPACE);
	char *text = line + indent;

	if (has_control(text))
		return complain(r, "a control character", err);
	if (!*text || *text == '#' || *text == ';')
		return 0;
	if (r->has_key && indent > r->indent)
		return 0;
	r->indent = indent;
	return *text == '[' ? read_section(r, text, err) : read_key(r, text, err);
}

static int read_lines(struct reading *r, struct err *err)
{
	char *line = r->file->text.data, *end = line + r->file->text.len, *next;

	if (r->file->text.len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	for (; line < end; line = next) {
		char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		next = stop < end ? stop + 1 : end;
		*stop = '\0';
		r->line++;
		if (strlen(line) != (size_t)(stop - line))
			return complain(r, "a zero byte", err);
		if (read_line(r, line, err) < 0)
			return -1;
	}
	return 0;
}

/* [default] of the configuration, where [profile default] is there too. */
static void forget_bare_default(struct profile_file *file)
{
	size_t kept = 0;

	for (size_t i = 0; i < file->count; i++)
		if (file->rows[i].profile != bare_default)
			file->rows[kept++] = file->rows[i];
	file->count = kept;
}

int profile_read(struct profile_file *out, const char *path, enum profile_kind kind,
		 struct arena *arena, struct err *err)
{
	struct reading r = { .file = out, .kind = kind, .arena = arena };

	*out = (struct profile_file){ .path = path };
	/* All at once: bytes that are moved while it grows would be left behind. */
	buf_reserve(&out->text, PROFILE_BYTES + ROOM);
	if (file_read(AT_FDCWD, path, PROFILE_BYTES, &out->text, err) < 0)
		return err->sys == ENOENT || err->sys == ENOTDIR ? 0 : -1;
	if (out->text.len > 0 && read_lines(&r, err) < 0)
		return -1;
	if (r.has_long_default)
		forget_bare_default(out);
	return 0;
}

void profile_close(struct profile_file *file)
{
	if (file->text.data)
		explicit_bzero(file->text.data, file->text.len);
	buf_close(&file->text);
	file->count = 0;
}

bool profile_has(const struct profile_file *file, const char *profile)
{
	for (size_t i = 0; i < file->count; i++)
		if (streq(file->rows[i].profile, profile))
			return true;
	return false;
}

const struct profile_row *profile_find(const struct profile_file *file, const char *profile,
				       const char *key)
{
	for (size_t i = file->count; i > 0; i--) {
		const struct profile_row *row = &file->rows[i - 1];

		if (row->key && *row->value && streq(row->profile, profile) &&
		    strcasecmp(row->key, key) == 0)
			return row;
	}
	return NULL;
}

/* One word from *from to *to, which may overlap; false: a quote does not end. */
static bool read_word(char **from, char **to)
{
	char quote = '\0';

	for (; **from && (quote || !strchr(SPACE, **from)); (*from)++) {
		char c = **from, next = (*from)[1];

		if (quote ? c == quote : c == '"' || c == '\'') {
			if (quote)
				quote = '\0';
			else
				quote = c;
			continue;
		}
		if (c == '\\' && next && (!quote || (quote == '"' && strchr("\"\\", next))))
			(*from)++;
		*(*to)++ = **from;
	}
	return !quote;
}

int profile_words(char *line, const char *words[PROFILE_WORDS + 1])
{
	char *from = line, *to = line;
	int count = 0;

	for (;;) {
		bool is_last;

		from += strspn(from, SPACE);
		if (!*from)
			break;
		if (count == PROFILE_WORDS)
			return -1;
		words[count++] = to;
		if (!read_word(&from, &to))
			return -1;
		is_last = !*from;
		*to++ = '\0'; /* at most where the space was */
		from += !is_last;
	}
	words[count] = NULL;
	return count > 0 ? count : -1;
}
