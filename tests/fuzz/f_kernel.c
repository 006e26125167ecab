/* What the kernel answers, by the first byte: netlink dumps of sockets, tables and routes, and the
 * files of counters. nldump's own reader is run on the input in place of a socket's bytes. */
/* Aims at: agents/nldump.c agents/counters.c agents/routes.c */
#define nldump_run nldump_run_by_socket
#include "../../agents/nldump.c"
#undef nldump_run
int nldump_run(struct nldump *nl, unsigned type, const void *body, size_t len, nldump_row *row,
	       void *context, struct err *err);

#include "fuzz.h"

#include "counters.h"
#include "routes.h"
#include "ruleset.h"
#include "sockdiag.h"

static const uint8_t *answer;
static size_t answer_len;

/* Datagrams of at most 32 KiB, as nldump reads them; sequence numbers are the input's to guess, so
 * that foreign answers are tried too: 1 is ours. */
int nldump_run(struct nldump *nl, unsigned type, const void *body, size_t len, nldump_row *row,
	       void *context, struct err *err)
{
	char bytes[ANSWER];
	struct buf rows = { 0 };
	bool is_torn = false;
	int more = 1;

	(void)type;
	(void)body;
	(void)len;
	nl->seq = 1;
	for (size_t at = 0; at < answer_len && more > 0;) {
		size_t part = answer_len - at < sizeof bytes ? answer_len - at : sizeof bytes;

		memcpy(bytes, answer + at, part);
		more = answer_read(nl, bytes, part, &rows, &is_torn, err);
		at += part;
	}
	if (more >= 0) /* torn or not: the readers get what was there */
		give_rows(&rows, row, context);
	buf_close(&rows);
	return more < 0 ? -1 : 0;
}

static void take(void *to, const struct event *event)
{
	struct buf json = { 0 };

	event_json(&json, event);
	LAW(memchr(json.data, '\n', json.len) == json.data + json.len - 1);
	buf_close(&json);
	(*(size_t *)to)++;
}

static void each_socket(void *context, const struct socket_row *row)
{
	char text[ADDR_TEXT];

	LAW(row->local.family == 4 || row->local.family == 6);
	LAW(sockdiag_state(row->state) != NULL && addr_text(&row->peer, text) == text);
	(*(size_t *)context)++;
}

static void as_sockets(const struct sink *sink)
{
	const struct addr listening = { .family = 4, .ip = { 127, 0, 0, 1 }, .port = 1234 };
	struct err err = { 0 };
	size_t count = 0;

	(void)sink;
	(void)sockdiag_each(0, SOCKDIAG_ALL, each_socket, &count, &err);
	LAW(count <= answer_len);
	(void)sockdiag_listening(&listening, &err);
}

static void as_tables(const struct sink *sink)
{
	struct err err = { 0 };

	(void)sink;
	(void)ruleset_tables(NULL, &err);
	(void)ruleset_tables("lab_block", &err);
}

static void as_routes(const struct sink *sink)
{
	struct err err = { 0 };

	(void)routes_emit(1, sink, &err);
	LAW(*(size_t *)sink->to <= ROUTES_MAX + 1);
	*(size_t *)sink->to = 0;
	routes_get_emit(1, "10.0.0.1,fd00::1,nowhere", sink);
	LAW(*(size_t *)sink->to == 3); /* each is answered once: a route, or why not */
}

/* The three files one behind the other, parted by a line "==". */
static void as_counters(const struct sink *sink)
{
	static int fd[3] = { -1, -1, -1 };
	struct counters counters = COUNTERS_INIT;
	const uint8_t *at = answer;
	size_t left = answer_len;
	struct err err = { 0 };
	char near[200];

	for (size_t i = 0; i < COUNT(fd); i++) {
		const uint8_t *mark = memmem(at, left, "\n==\n", 4);
		size_t len = mark ? (size_t)(mark - at) : left, step = mark ? len + 4 : len;

		if (fd[i] < 0)
			fd[i] = memfd_create("counters", MFD_CLOEXEC);
		fuzz_fill(fd[i], at, len);
		at += step;
		left -= step;
		counters.fd[i] = fd[i];
	}
	LAW(counters_emit(&counters, 1, sink, &err) == 0);
	LAW(*(size_t *)sink->to <= counters.count + 1);
	counters_near(&counters, "TcpOutRst", near, sizeof near);
	for (size_t i = 0; i < COUNT(fd); i++)
		counters.fd[i] = -1; /* they are ours */
	counters_close(&counters);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const readers[])(const struct sink *) = { as_sockets, as_tables, as_routes,
								as_counters };
	size_t events = 0;
	const struct sink sink = { .event = take, .to = &events };

	if (len == 0)
		return 0;
	answer = bytes + 1;
	answer_len = len - 1;
	readers[bytes[0] % COUNT(readers)](&sink);
	return 0;
}
