/* A foreign run directory, one part after the other behind lines "== NAME": what is read from it is
 * judged, told in text and written as JSON and pcapng; no text of it reaches a terminal raw. The
 * ruleset's part becomes the field `json` of the ruleset events before and after. */
/* Aims at: analysis/trace*.c analysis/fact*.c report/judge.c report/text*.c */
#include "fuzz.h"

#include <jansson.h>
#include <sys/stat.h>

#include "pcapng.h"
#include "report.h"

enum part {
	EVENTS,
	STEPS,
	MANIFEST,
	RULESET,
	PARTS
};
static const char *const files[PARTS] = { "events.ndjson", "steps.ndjson", "manifest.json",
					  "ruleset.json" };

/* One SYN and its RST, 10.7.0.2:40200 to 10.7.0.1:1234, on a raw link. */
static const uint8_t capture[] = "\x4d\x3c\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0"
				 "\0\xf1\x53\x65\0\0\0\0\x28\0\0\0\x28\0\0\0"
				 "\x45\0\0\x28\0\0\x40\0\x40\6\0\0\x0a\7\0\2\x0a\7\0\1"
				 "\x9d\x08\4\xd2\0\0\7\xd0\0\0\0\0\x50\2\xfa\xf0\0\0\0\0"
				 "\0\xf1\x53\x65\xff\0\0\0\x28\0\0\0\x28\0\0\0"
				 "\x45\0\0\x28\0\0\x40\0\x40\6\0\0\x0a\7\0\1\x0a\7\0\2"
				 "\4\xd2\x9d\x08\0\0\0\0\0\0\7\xd1\x50\x14\0\0\0\0\0\0";

struct scratch {
	char path[40]; /* in memory where /dev/shm is */
	int dir, file[PARTS - 1];
	bool has_manifest;
};
static struct scratch scratch = { .dir = -1 };

static void scratch_remove(void)
{
	static const char *const names[] = { "capture/client-1.lan.pcap",
					     "capture/server.lan.pcap",
					     "capture",
					     "events.ndjson",
					     "steps.ndjson",
					     "manifest.json",
					     "sealed.json",
					     "run.pcapng" };
	char path[96];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", scratch.path, names[i]);
		(void)remove(path);
	}
	(void)remove(scratch.path);
}

static void scratch_make(void)
{
	bool has_shm = access("/dev/shm", W_OK) == 0;
	struct err err;

	snprintf(scratch.path, sizeof scratch.path, "%s/f_run.XXXXXX",
		 has_shm ? "/dev/shm" : "/tmp");
	LAW(mkdtemp(scratch.path) && atexit(scratch_remove) == 0);
	scratch.dir = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	LAW(scratch.dir >= 0 && mkdirat(scratch.dir, "capture", 0700) == 0);
	LAW(file_write(scratch.dir, "capture/client-1.lan.pcap", capture, sizeof capture - 1,
		       &err) == 0);
	LAW(file_write(scratch.dir, "capture/server.lan.pcap", capture, sizeof capture - 1, &err) ==
	    0);
	for (size_t i = 0; i < COUNT(scratch.file); i++)
		scratch.file[i] = openat(scratch.dir, i == MANIFEST ? "sealed.json" : files[i],
					 O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* Without a manifest a run was interrupted: the file is there or not. */
static void manifest_set(bool is_there)
{
	if (is_there == scratch.has_manifest)
		return;
	LAW(renameat(scratch.dir, is_there ? "sealed.json" : "manifest.json", scratch.dir,
		     is_there ? "manifest.json" : "sealed.json") == 0);
	scratch.has_manifest = is_there;
}

static void ruleset_event(struct buf *out, const char *json, int snapshot)
{
	struct event event;

	event_init(&event, "ruleset");
	event.t_ns = snapshot == 1 ? 0 : INT64_C(1) << 50;
	event.host = "server";
	event_int(&event, "snapshot", snapshot);
	event_int(&event, "tables", 1);
	event_text(&event, "json", json);
	event_json(out, &event);
}

static void parts_split(struct buf part[PARTS], const char *text, size_t len)
{
	size_t now = EVENTS;

	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t line = newline ? (size_t)(newline - text) + 1 : len;
		bool is_mark = false;

		for (size_t i = 0; i < PARTS; i++) {
			size_t name = strlen(files[i]);

			if (line == name + 4 && memcmp(text, "== ", 3) == 0 &&
			    memcmp(text + 3, files[i], name) == 0) {
				now = i;
				is_mark = true;
			}
		}
		if (!is_mark)
			buf_add(&part[now], text, line);
		text += line;
		len -= line;
	}
}

static void parts_write(const char *text, size_t len)
{
	struct buf part[PARTS] = { 0 }, events = { 0 };

	parts_split(part, text, len);
	if (part[RULESET].len > 0) {
		buf_char(&part[RULESET], '\0');
		ruleset_event(&events, part[RULESET].data, 1);
	}
	buf_add(&events, part[EVENTS].data, part[EVENTS].len);
	if (part[RULESET].len > 0)
		ruleset_event(&events, part[RULESET].data, 2);
	fuzz_fill(scratch.file[EVENTS], events.data, events.len);
	fuzz_fill(scratch.file[STEPS], part[STEPS].data, part[STEPS].len);
	fuzz_fill(scratch.file[MANIFEST], part[MANIFEST].data, part[MANIFEST].len);
	manifest_set(part[MANIFEST].len > 0);
	for (size_t i = 0; i < PARTS; i++)
		buf_close(&part[i]);
	buf_close(&events);
}

static void check_text(const struct result *result, const struct style *style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	LAW(out);
	text_report(out, style, result);
	findings_text(out, style, &result->analysis);
	text_quiet(out, result);
	LAW(fclose(out) == 0);
	fuzz_terminal(text, len, style->has_colour);
	free(text);
}

static void check_json(const struct buf *json)
{
	json_t *root = json_loadb(json->data, json->len, JSON_REJECT_DUPLICATES, NULL);

	LAW(json_is_object(root));
	json_decref(root);
}

static void tell(const struct result *result, unsigned how)
{
	const struct style style = { .has_colour = how & 1,
				     .is_ascii = (how & 2) != 0,
				     .verbose = (how & 4) != 0,
				     .is_plain = (how & 8) != 0 };
	struct buf json = { 0 };
	struct err err;

	LAW(result->verdict && result->exit_status >= 0 && result->exit_status <= 3);
	check_text(result, &style);
	if ((how & 16) != 0) {
		result_json(&json, result);
		check_json(&json);
		buf_clear(&json);
		findings_json(&json, &result->analysis, scratch.path);
		check_json(&json);
		buf_close(&json);
	}
	if ((how & 96) == 96)
		(void)pcapng_write(scratch.dir, result, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	struct result result;
	struct err err = { 0 };
	unsigned how = (unsigned)len;

	if (scratch.dir < 0)
		scratch_make();
	for (size_t i = 0; i < len && i < 512; i++)
		how = how * 31 + bytes[i];
	parts_write((const char *)bytes, len);
	if (result_load(&result, scratch.path, NULL, &arena, &err) == 0)
		tell(&result, how);
	else
		LAW(err.text[0]);
	arena_close(&arena);
	return 0;
}
