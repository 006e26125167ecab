/* The kernel names the tables in /proc; what is in them only the program of the old interface can
 * read: iptables-legacy-save where both are installed, else iptables-save. */
#include "iptables.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "file.h"
#include "proc.h"
#include "util.h"

enum {
	RUN_MS = 3000,
	TEXT_MAX = 1 << 18,
	NAMES_MAX = 4096
};

static const struct family {
	int number;
	const char *names, *legacy, *plain;
} families[] = {
	{ 4, "/proc/thread-self/net/ip_tables_names", "iptables-legacy-save", "iptables-save" },
	{ 6, "/proc/thread-self/net/ip6_tables_names", "ip6tables-legacy-save", "ip6tables-save" },
};

static int save(const struct family *family, const struct proc_beside *beside,
		struct proc_result *result, struct err *err)
{
	char path[4096];
	const char *program =
	    proc_find(family->legacy, path, sizeof path) == 0 ? family->legacy : family->plain;
	const char *const argv[] = { program, "-c", NULL };

	if (proc_run_beside(argv, NULL, RUN_MS, beside, result, err) < 0)
		return -1;
	if (!WIFEXITED(result->status) || WEXITSTATUS(result->status) != 0)
		return err_set(err, ERR_BROKE, "%s: %.200s", program,
			       result->err.len > 0 ? result->err.data : "failed");
	if (result->out.len == 0 || result->out.len > TEXT_MAX)
		return err_set(err, ERR_BROKE, "%s: %zu bytes", program, result->out.len);
	return 0;
}

static void emit(int64_t snapshot, const struct family *family, const struct sink *sink)
{
	struct proc_result result = { 0 };
	struct err err = { 0 };
	struct event event;

	event_init(&event, "iptables");
	event_int(&event, "snapshot", snapshot);
	event_int(&event, "family", family->number);
	if (save(family, sink->beside, &result, &err) == 0)
		event_text(&event, "text", result.out.data);
	else
		event_text(&event, "error", err.text);
	sink_event(sink, &event);
	proc_result_close(&result);
}

void iptables_emit_family(int64_t snapshot, int family, const struct sink *sink)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (families[i].number == family)
			emit(snapshot, &families[i], sink);
}

void iptables_emit(int64_t snapshot, const struct sink *sink)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		struct buf names = { 0 };
		struct err ignored = { 0 };

		if (file_read(AT_FDCWD, families[i].names, NAMES_MAX, &names, &ignored) == 0 &&
		    names.len > 0)
			emit(snapshot, &families[i], sink);
		buf_close(&names);
	}
}
