/* From a run directory to findings: trace, views, facts, rules; and the trace's hash. */
#include "finding.h"

#include "buf.h"
#include "diagnose.h"
#include "fold.h"
#include "sha256.h"

const char *confidence_name(enum confidence confidence)
{
	static const char *const names[] = { "undecided", "likely", "proven" };
	return names[confidence];
}

const char *witness_name(enum witness witness)
{
	static const char *const names[] = { "application", "wire", "kernel", "cloud" };
	return names[witness];
}

/* One line a connection: folded trace, option kinds of its SYN. */
static void hash_line(struct buf *out, const struct view *view)
{
	const struct flow *flow = view->client_flow;
	buf_str(out, fold_flow(flow, view->trace->until_ns, view->trace->arena).canonical);
	buf_str(out, " |");
	for (size_t i = 0; flow && i < flow->noption; i++)
		buf_printf(out, " %u", flow->option[i]);
	buf_char(out, '\n');
}

/* Of the connections that steps made, in the order of their steps, as their clients saw them. */
static const char *trace_hash(const struct view *view, size_t count, struct arena *arena)
{
	char hex[SHA256_HEX];
	struct sha256 sha;
	struct buf text = { 0 };
	bool is_empty = true;
	for (size_t i = 0; i < count; i++) {
		if (view[i].connection.step <= 0)
			continue;
		hash_line(&text, &view[i]);
		is_empty &= view[i].client_flow == NULL;
	}
	sha256_init(&sha);
	if (text.len)
		sha256_add(&sha, text.data, text.len);
	sha256_hex(&sha, hex);
	buf_close(&text);
	return is_empty ? "" : arena_dup(arena, hex);
}

int analysis_load(struct analysis *out, const char *path, struct arena *arena, struct err *err)
{
	struct trace trace;
	struct view *view;
	*out = (struct analysis){ 0 };
	if (trace_load(&trace, path, arena, err) < 0)
		return -1;
	struct trace *kept = arena_alloc(arena, sizeof *kept); /* views point to it */
	*kept = trace;
	size_t count = view_all(kept, &view);
	struct connection *connection = arena_array(arena, count + 1, sizeof *connection);
	struct finding *finding = arena_array(arena, count + 1, sizeof *finding);
	struct capture_info *capture = arena_array(arena, kept->ncapture + 1, sizeof *capture);
	for (size_t i = 0; i < count; i++) {
		struct facts facts;
		view_draw(&view[i]);
		facts_fill(&facts, &view[i]);
		struct diagnosis diagnosis = diagnose(&facts);
		finding_tell(&finding[i], &diagnosis, &facts, &view[i]);
		connection[i] = view[i].connection;
		finding[i].connection = &connection[i];
	}
	for (size_t i = 0; i < kept->ncapture; i++)
		capture[i] = kept->capture[i].info;
	*out = (struct analysis){
		.nconnection = count,
		.nfinding = count,
		.ncapture = kept->ncapture,
		.nevent = kept->nevent,
		.connection = connection,
		.finding = finding,
		.capture = capture,
		.event = kept->event,
		.trace_hash = trace_hash(view, count, arena),
		.is_interrupted = kept->is_interrupted,
	};
	return 0;
}

const struct finding *analysis_of(const struct analysis *analysis, const char *label)
{
	const struct finding *found = NULL;
	for (size_t i = 0; i < analysis->nfinding; i++) {
		const struct finding *finding = &analysis->finding[i];
		if (finding->connection->label && streq(finding->connection->label, label))
			found = finding; /* of several tries the last one decides */
	}
	return found;
}
