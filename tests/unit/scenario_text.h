/* Scenario files from text, for the tests of the reader: a good one, changed line by line. */
#ifndef SCENARIO_TEXT_H
#define SCENARIO_TEXT_H

#include <fcntl.h>

#include "file.h"
#include "folder.h"
#include "scenario.h"
#include "unit.h"

static const char good_text[] =
    "[lab]\n"                                                     /* 1 */
    "format = 1\n"                                                /* 2 */
    "title = a test\n"                                            /* 3 */
    "[params]\n"                                                  /* 4 */
    "port = 1234\n"                                               /* 5 */
    "[hosts]\n"                                                   /* 6 */
    "server =\n"                                                  /* 7 */
    "client =\n"                                                  /* 8 */
    "[control]\n"                                                 /* 9 */
    "serve = server tcp.serve ${port}\n"                          /* 10 */
    "alice = client tcp.connect server:${port} keep=yes -> ok\n"  /* 11 */
    "[fault]\n"                                                   /* 12 */
    "stop = server tcp.stop serve\n"                              /* 13 */
    "carol = client tcp.connect server:${port} -> ECONNREFUSED\n" /* 14 */
    "[expect]\n"                                                  /* 15 */
    "verdict = refused.no-listener on carol\n";                   /* 16 */

struct loaded {
	struct arena arena;
	struct scenario scenario;
	struct complaints complaints;
	struct err err;
	int status;
};

static char test_folder[] = "/tmp/lab-scenario-XXXXXX";

static inline void remove_folder(void)
{
	nftw(test_folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *test_file(const char *name)
{
	static char path[128];
	static bool is_made; /* the name cannot tell: one in 62 ends in X */

	if (!is_made) {
		assert_non_null(mkdtemp(test_folder));
		is_made = true;
		atexit(remove_folder);
	}
	snprintf(path, sizeof path, "%s/%s", test_folder, name);
	return path;
}

static inline void write_text(const char *name, const void *bytes, size_t len)
{
	struct err err;

	assert_int_equal(file_write(AT_FDCWD, test_file(name), bytes, len, &err), 0);
}

static inline void load_file(struct loaded *out, const char *name,
			     const struct scenario_options *options)
{
	*out = (struct loaded){ .status = 0 };
	out->complaints.arena = &out->arena;
	out->status = scenario_load(&out->scenario, test_file(name), options, &out->arena,
				    &out->complaints, &out->err);
}

static inline void load_bytes(struct loaded *out, const void *bytes, size_t len)
{
	write_text("t.ini", bytes, len);
	load_file(out, "t.ini", NULL);
}

/* The good text with its line `line` replaced (0: appended at the end), as a file. */
static inline void write_with(const char *name, int line, const char *text)
{
	struct buf all = { 0 };
	int at = 1;

	for (const char *from = good_text; *from; at++) {
		const char *end = strchr(from, '\n') + 1;
		if (at == line)
			buf_printf(&all, "%s\n", text);
		else
			buf_add(&all, from, (size_t)(end - from));
		from = end;
	}
	if (line == 0)
		buf_printf(&all, "%s\n", text);
	write_text(name, all.data, all.len);
	buf_close(&all);
}

static inline void load_with(struct loaded *out, int line, const char *text)
{
	write_with("t.ini", line, text);
	load_file(out, "t.ini", NULL);
}

static inline void unload(struct loaded *loaded)
{
	arena_close(&loaded->arena);
}

/* Is there a complaint in this line and column that holds the words? Prints all when not. */
static inline bool complains(const struct loaded *loaded, int line, int column, const char *words)
{
	for (size_t i = 0; i < loaded->complaints.count; i++) {
		const struct complaint *c = &loaded->complaints.at[i];
		if (c->line == line && c->column == column && strstr(c->text, words))
			return true;
	}
	print_message("# wanted %d:%d: %s\n", line, column, words);
	for (size_t i = 0; i < loaded->complaints.count; i++)
		print_message("# got %d:%d: %s\n", loaded->complaints.at[i].line,
			      loaded->complaints.at[i].column, loaded->complaints.at[i].text);
	if (loaded->complaints.count == 0)
		print_message("# got nothing: %s\n", loaded->err.text);
	return false;
}

/* One change, one complaint, in one of the lines changed. */
static inline void refused(int line, const char *text, int column, const char *words)
{
	struct loaded loaded;
	int first = line ? line : 17, last = first;

	for (const char *c = text; *c; c++)
		last += *c == '\n';
	load_with(&loaded, line, text);
	assert_int_equal(loaded.status, -1);
	if (loaded.complaints.count != 1 || loaded.complaints.at[0].line < first ||
	    loaded.complaints.at[0].line > last ||
	    !complains(&loaded, loaded.complaints.at[0].line, column, words)) {
		complains(&loaded, first, column, words);
		fail_msg("%s: not refused as it should be", text);
	}
	unload(&loaded);
}

/* As load_with, and it must be a scenario. */
static inline void load_good(struct loaded *out, int line, const char *text)
{
	load_with(out, line, text);
	if (out->status != 0)
		complains(out, -1, -1, text);
	assert_int_equal(out->status, 0);
}

static inline void accepted(int line, const char *text)
{
	struct loaded loaded;

	load_good(&loaded, line, text);
	unload(&loaded);
}

#endif
