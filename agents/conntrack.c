/* A line an entry, in /proc/net/nf_conntrack as in what conntrack(8) prints:
 * "ipv4 2 tcp 6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=50000 dport=1234 ...". */
#include "conntrack.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parse.h"
#include "proc.h"
#include "util.h"

enum {
	RUN_MS = 3000
};

struct listing {
	const struct sink *sink;
	int64_t snapshot;
	const uint16_t *ports;
	size_t nport;
	int64_t rows, left_out, lines;
};

static bool has_port(const struct listing *listing, const char *line)
{
	static const char word[] = "port=";

	for (const char *at = line; (at = strstr(at, word)) != NULL;) {
		int64_t port;

		at += strlen(word);
		if (parse_digits(at, &port) == 0)
			continue;
		for (size_t i = 0; i < listing->nport; i++)
			if (port == listing->ports[i])
				return true;
	}
	return false;
}

/* Blanks that make columns become one. */
static void squeeze(char *line)
{
	char *to = line;

	for (const char *from = line; *from != '\0' && *from != '\n'; from++)
		if (*from != ' ' || (from[1] != ' ' && from[1] != '\n' && from[1] != '\0'))
			*to++ = *from;
	*to = '\0';
}

static void take_line(struct listing *listing, char *line)
{
	struct event event;

	listing->lines++;
	if (!has_port(listing, line))
		return;
	if (listing->rows == CONNTRACK_ROWS) {
		listing->left_out++;
		return;
	}
	listing->rows++;
	squeeze(line);
	event_init(&event, "conntrack");
	event_int(&event, "snapshot", listing->snapshot);
	event_text(&event, "entry", line);
	sink_event(listing->sink, &event);
}

static void end(const struct listing *listing, const char *error)
{
	struct event event;

	event_init(&event, "conntracks");
	event_int(&event, "snapshot", listing->snapshot);
	event_int(&event, "rows", listing->rows);
	event_int(&event, "left_out", listing->left_out);
	event_text(&event, "error", error);
	sink_event(listing->sink, &event);
}

static void take_file(struct listing *listing, FILE *file, bool is_cut)
{
	char line[1024];

	while (listing->lines < CONNTRACK_LINES && fgets(line, sizeof line, file) != NULL)
		take_line(listing, line);
	end(listing, is_cut || listing->lines == CONNTRACK_LINES
			 ? "there are more entries than are read"
			 : NULL);
}

void conntrack_emit_text(int64_t snapshot, const char *text, const uint16_t *ports, size_t nport,
			 const struct sink *sink)
{
	struct listing listing = {
		.sink = sink, .snapshot = snapshot, .ports = ports, .nport = nport
	};
	size_t len = strlen(text);
	FILE *file = fmemopen((char *)text, len, "r");

	if (file == NULL) { /* also for no bytes at all */
		end(&listing, NULL);
		return;
	}
	take_file(&listing, file, len >= PROC_KEPT);
	(void)fclose(file);
}

void conntrack_emit(int64_t snapshot, const uint16_t *ports, size_t nport, const struct sink *sink)
{
	static const char *const argv[] = { "conntrack", "-L", "-p", "tcp", NULL };
	struct listing listing = {
		.sink = sink, .snapshot = snapshot, .ports = ports, .nport = nport
	};
	struct proc_result result = { 0 };
	struct err err = { 0 };
	char path[4096];
	FILE *file = fopen("/proc/thread-self/net/nf_conntrack", "re");

	if (file != NULL) {
		take_file(&listing, file, false);
		(void)fclose(file);
		return;
	}
	/* Where no connection is tracked the program's question would load what tracks them. */
	if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) < 0 ||
	    proc_find("conntrack", path, sizeof path) < 0)
		return;
	if (proc_run_beside(argv, NULL, RUN_MS, sink->beside, &result, &err) < 0)
		end(&listing, err.text);
	else if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0)
		end(&listing, result.err.len > 0 ? result.err.data : "conntrack -L failed");
	else
		conntrack_emit_text(snapshot, result.out.len > 0 ? result.out.data : "", ports,
				    nport, sink);
	proc_result_close(&result);
}
