/* Runs made by hand for the tests of the report: the record and the events as lines of JSON, what
 * the analysis would find as plain data. Times are fixed, so that texts can be compared whole. */
#ifndef T_REPORT_FIXTURE_H
#define T_REPORT_FIXTURE_H

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "judge.h"
#include "report.h"

/* tests/golden/report-refused.NAME.ndjson: the tests run in the repository's own folder. */
static inline char *golden_lines(const char *name, struct arena *arena)
{
	struct buf text = { 0 };
	struct err err = { 0 };
	char path[128], *lines;

	snprintf(path, sizeof path, "tests/golden/report-refused.%s.ndjson", name);
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.text);
	lines = arena_dup(arena, text.data);
	buf_close(&text);
	return lines;
}

static const struct rung alice_rungs[] = {
	{ 0, true, "[S]", "SYN", 0, 1 },       { 41000, false, "[S.]", "SYN+ACK", 0, 2 },
	{ 60000, true, "[.]", "ACK", 0, 3 },   { 90000, true, "[P.]", "PSH+ACK 32", 32, 4 },
	{ 120000, false, "[.]", "ACK", 0, 5 }, { 140000, false, "[P.]", "PSH+ACK 53", 53, 6 },
	{ 160000, true, "[.]", "ACK", 0, 7 },
};
static const struct rung carol_rungs[] = {
	{ 0, true, "[S]", "SYN", 0, 14 },
	{ 38000, false, "[R.]", "RST+ACK", 0, 15 },
};
static const struct connection refused_connections[] = {
	{ .label = "alice",
	  .step = 2,
	  .client_host = "client-1",
	  .server_host = "server",
	  .client = "10.7.0.2:40112",
	  .server = "10.7.0.1:1234",
	  .target = "server:1234",
	  .result = "ok",
	  .took_ns = 60000,
	  .event = 5,
	  .client_file = "client-1.lan",
	  .nrung = 7,
	  .rung = alice_rungs,
	  .folded = "C>S [S], S>C [S.], C>S [.]" },
	{ .label = "carol",
	  .step = 7,
	  .client_host = "client-1",
	  .server_host = "server",
	  .client = "10.7.0.2:40116",
	  .server = "10.7.0.1:1234",
	  .target = "server:1234",
	  .result = "ECONNREFUSED",
	  .text = "Connection refused",
	  .took_ns = 80000,
	  .event = 19,
	  .client_file = "client-1.lan",
	  .server_file = "server.lan",
	  .nrung = 2,
	  .rung = carol_rungs,
	  .folded = "C>S [S], S>C [R.]",
	  .server_folded = "C>S [S], S>C [R.]" },
};
static const struct evidence carol_evidence[] = {
	{ WITNESS_APPLICATION,
	  "connect-refused",
	  "connect: ECONNREFUSED after 0.08 ms",
	  1,
	  { { SOURCE_EVENT, NULL, 19, 19 } } },
	{ WITNESS_WIRE,
	  "rst-to-syn",
	  "RST answers the SYN, ack = ISN+1",
	  1,
	  { { SOURCE_PACKET, "client-1.lan", 14, 15 } } },
	{ WITNESS_WIRE,
	  "rst-at-server",
	  "the RST left the server itself",
	  2,
	  { { SOURCE_PACKET, "server.lan", 22, 22 }, { SOURCE_PACKET, "server.lan", 23, 23 } } },
	{ WITNESS_KERNEL,
	  "no-listener",
	  "no socket listens on 1234; pid 212 did",
	  2,
	  { { SOURCE_EVENT, NULL, 18, 18 }, { SOURCE_EVENT, NULL, 14, 14 } } },
};
static const struct ruled_out carol_ruled_out[] = {
	{ "refused.bound-elsewhere",
	  "no listener on any address",
	  1,
	  { { SOURCE_EVENT, NULL, 18, 18 } } },
	{ "refused.firewall-reset",
	  "TcpOutRsts moved, no rule matched",
	  1,
	  { { SOURCE_EVENT, NULL, 18, 18 } } },
};
static const char *const carol_next[] = { "ss -ltnp 'sport = :1234'" };
static const struct finding refused_findings[] = {
	{ .connection = &refused_connections[0],
	  .code = "ok",
	  .confidence = PROVEN,
	  .says = "The connection was established." },
	{ .connection = &refused_connections[1],
	  .code = "refused.no-listener",
	  .says = "The machine was reached, and no program listens on that port.",
	  .confidence = PROVEN,
	  .nevidence = 4,
	  .evidence = carol_evidence,
	  .nruled_out = 2,
	  .ruled_out = carol_ruled_out,
	  .nnext = 1,
	  .next = carol_next },
};
static const struct capture_info refused_captures[] = {
	{ "client-1", "lan", "client-1.lan", 15, 0, false },
	{ "server", "lan", "server.lan", 23, 0, false },
};

/* Lines of JSON as events, through the product's own reader. */
static inline void lines_load(const char *lines, const struct event **event, size_t *count,
			      struct arena *arena)
{
	char path[] = "/tmp/lab-report-XXXXXX";
	struct err err = { 0 };
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, "x.ndjson", lines, strlen(lines), &err), 0);
	int status = events_load(fd, "x.ndjson", event, count, arena, &err);
	assert_int_equal(unlinkat(fd, "x.ndjson", 0), 0);
	close(fd);
	assert_int_equal(rmdir(path), 0);
	if (status < 0)
		fail_msg("%s", err.text);
}

static inline struct analysis refused_analysis(struct arena *arena)
{
	struct analysis analysis = {
		.nconnection = 2,
		.nfinding = 2,
		.ncapture = 2,
		.connection = refused_connections,
		.finding = refused_findings,
		.capture = refused_captures,
		.trace_hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	};

	lines_load(golden_lines("events", arena), &analysis.event, &analysis.nevent, arena);
	return analysis;
}

/* The whole refused run, judged. */
static inline struct result refused_result(struct arena *arena)
{
	struct result result = { .dir = "runs/20261122T175308Z-refused-4f2a",
				 .scenario = "refused",
				 .backend = "netns",
				 .run = "4f2a" };
	struct judge_input input = { 0 };
	struct judgement judgement;

	result.analysis = refused_analysis(arena);
	lines_load(golden_lines("steps", arena), &result.record, &result.nrecord, arena);
	input.analysis = &result.analysis;
	input.record = result.record;
	input.nrecord = result.nrecord;
	judge(&judgement, &input, arena);
	result.expected = judgement.expected;
	result.verdict = judgement.verdict;
	result.confidence = judgement.confidence;
	result.finding = judgement.finding;
	result.exit_status = judgement.exit_status;
	result.nobjection = judgement.nobjection;
	result.objection = judgement.objection;
	result.control = &result.analysis.finding[0];
	return result;
}

#endif
