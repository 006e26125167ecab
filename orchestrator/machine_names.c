/* `ssh -G` knows what a name means, but not which names there are: those stand in Host lines. */
#include "machine_names.h"

#include <fcntl.h>
#include <glob.h>
#include <strings.h>

#include "file.h"
#include "inventory.h"

enum {
	CONFIG_BYTES = 1 << 20,
	DEPTH = 8,  /* of Include */
	MOST = 1000 /* names; a list of more helps nobody */
};

static void add(struct machine_names *names, const char *name)
{
	if (names->count == MOST || !*name || *name == '-')
		return;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return;
	for (size_t i = 0; i < names->count; i++)
		if (streq(names->name[i], name))
			return;
	names->name =
	    arena_grow(names->arena, names->name, names->count, &names->cap, sizeof(const char *));
	names->name[names->count++] = name;
}

/* The next word of a line, with what "" holds together; NULL at its end. */
static const char *next_word(struct arena *arena, const char **at)
{
	const char *from = *at + strspn(*at, " \t\r");
	bool is_quoted = *from == '"';

	from += is_quoted;
	size_t len = strcspn(from, is_quoted ? "\"" : " \t\r");
	*at = from + len + (is_quoted && from[len] == '"');
	return len > 0 ? arena_ndup(arena, from, len) : NULL;
}

static void read_config(struct machine_names *names, const char *path, const char *home, int depth);

/* A path below ~/.ssh where it is not absolute, with * and ? in it. */
static void include(struct machine_names *names, const char *path, const char *home, int depth)
{
	glob_t found = { 0 };

	if (starts_with(path, "~/"))
		path = arena_printf(names->arena, "%s%s", home, path + 1);
	else if (*path != '/')
		path = arena_printf(names->arena, "%s/.ssh/%s", home, path);
	if (depth < DEPTH && glob(path, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && names->count < MOST; i++)
			read_config(names, found.gl_pathv[i], home, depth + 1);
	globfree(&found);
}

/* "Host web-1 web-2", "host=web-1" */
static void read_line(struct machine_names *names, const char *line, const char *home, int depth)
{
	const char *at = line + strspn(line, " \t"), *word;
	size_t len = strcspn(at, " \t=");
	bool is_host = len == 4 && strncasecmp(at, "host", len) == 0;
	bool is_include = len == 7 && strncasecmp(at, "include", len) == 0;

	at += len + strspn(at + len, " \t=");
	while ((is_host || is_include) && (word = next_word(names->arena, &at)) && *word != '#')
		if (is_include)
			include(names, word, home, depth);
		else if (!strpbrk(word, "*?!"))
			add(names, word);
}

static void read_config(struct machine_names *names, const char *path, const char *home, int depth)
{
	struct buf text = { 0 };
	struct err ignored;

	if (file_read(AT_FDCWD, path, CONFIG_BYTES, &text, &ignored) == 0)
		for (const char *at = text.data; at && *at;) {
			size_t len = strcspn(at, "\n");
			read_line(names, arena_ndup(names->arena, at, len), home, depth);
			at += len + (at[len] == '\n');
		}
	buf_close(&text);
}

void machine_names_aliases(struct machine_names *names, const char *home)
{
	read_config(names, arena_printf(names->arena, "%s/.ssh/config", home), home, 0);
}

void machine_names_inventory(struct machine_names *names, const char *path, const char *home)
{
	struct complaints complaints = { .arena = names->arena };
	struct machines machines = { 0 };
	struct err ignored;

	(void)inventory_read(&machines, path, home, names->arena, &complaints, &ignored);
	for (size_t i = 0; i < machines.count; i++)
		add(names, machines.at[i].name);
}
