/* Runs made from tests/golden/NAME.trace, read by the analysis, whole or with changed text. */
#ifndef ANALYSIS_RUN_H
#define ANALYSIS_RUN_H

#include "finding.h"
#include "folder.h"
#include "golden.h"

static const char *const traces[] = {
	"ok-tcp",
	"refused",
	"refused-wrong-port",
	"refused-bound-localhost",
	"refused-firewall-reset",
	"timeout-drop-input",
	"reject-icmp",
	"unreachable-forbidden",
	"unreachable-no-neighbour",
	"unreachable-no-route",
};

struct scratch {
	char dir[FOLDER_PATH];
};

/* A run directory of that trace, in the group's folder. */
static inline void scratch_make(struct scratch *scratch, const char *folder, const char *name)
{
	char path[96];
	folder_inside(folder, scratch->dir);
	snprintf(path, sizeof path, "tests/golden/%s.trace", name);
	assert_int_equal(golden_make(path, scratch->dir), 0);
}

static inline void load(struct analysis *analysis, const char *path, struct arena *arena)
{
	struct err err = { 0 };
	if (analysis_load(analysis, path, arena, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void check_verdict(const char *dir, const char *code, enum confidence confidence)
{
	struct arena arena = { 0 };
	struct analysis analysis;
	load(&analysis, dir, &arena);
	const struct finding *finding = analysis_of(&analysis, "carol");
	assert_non_null(finding);
	if (code)
		assert_string_equal(finding->code, code);
	if (finding->confidence != confidence)
		fail_msg("%s: %s, not %s", finding->code, confidence_name(finding->confidence),
			 confidence_name(confidence));
	arena_close(&arena);
}

static inline void replace_all(struct buf *out, const char *text, const char *from, const char *to)
{
	const char *at;
	while ((at = strstr(text, from))) {
		buf_add(out, text, (size_t)(at - text));
		buf_str(out, to);
		text = at + strlen(from);
	}
	buf_str(out, text);
}

static inline void rewrite_events(const char *dir, const char *from, const char *to)
{
	struct buf text = { 0 }, out = { 0 };
	struct err err = { 0 };
	char path[128];
	snprintf(path, sizeof path, "%s/events.ndjson", dir);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &err), 0);
	assert_non_null(strstr(text.data, from));
	replace_all(&out, text.data, from, to);
	assert_int_equal(file_write(AT_FDCWD, path, out.data, out.len, &err), 0);
	buf_close(&text);
	buf_close(&out);
}

#endif
