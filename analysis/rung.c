/* Flows as the ladders of a report, and as folded text. */
#include "view.h"

#include "fold.h"

enum {
	RUNGS_MAX = 256
}; /* a ladder longer than this is not read by people */

static const char *words_of(const struct segment *segment, struct arena *arena)
{
	static const struct {
		uint8_t flag;
		const char *word;
	} words[] = {
		{ TCP_FLAG_SYN, "SYN" }, { TCP_FLAG_FIN, "FIN" }, { TCP_FLAG_PSH, "PSH" },
		{ TCP_FLAG_RST, "RST" }, { TCP_FLAG_ACK, "ACK" },
	};
	char text[32] = "";
	size_t len = 0;
	if (segment->is_icmp)
		return arena_printf(arena, "ICMP %u/%u", segment->icmp_type, segment->icmp_code);
	for (size_t i = 0; i < COUNT(words); i++)
		if (segment->flags & words[i].flag)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
						len ? "+" : "", words[i].word);
	if (segment->len)
		return arena_printf(arena, "%s %u", text, segment->len);
	return arena_dup(arena, len ? text : "no flags");
}

static const struct rung *rungs_of(const struct flow *flow, size_t *count, struct arena *arena)
{
	*count = !flow ? 0 : flow->nsegment < RUNGS_MAX ? flow->nsegment : RUNGS_MAX;
	struct rung *rung = arena_array(arena, *count ? *count : 1, sizeof *rung);
	for (size_t i = 0; i < *count; i++) {
		const struct segment *segment = &flow->segment[i];
		rung[i] = (struct rung){
			.t_ns = segment->t_ns - flow->segment[0].t_ns,
			.is_from_client = segment->is_from_client,
			.flags = fold_flags(segment, arena),
			.words = words_of(segment, arena),
			.payload_len = segment->len,
			.packet = segment->number,
		};
	}
	return rung;
}

void view_draw(struct view *view)
{
	struct connection *connection = &view->connection;
	struct arena *arena = view->trace->arena;
	connection->rung = rungs_of(view->client_flow, &connection->nrung, arena);
	connection->server_rung = rungs_of(view->server_flow, &connection->nserver_rung, arena);
	if (view->client_flow)
		connection->client_file = view->client_capture->info.file;
	if (view->server_flow)
		connection->server_file = view->server_capture->info.file;
	if (view->client_capture)
		connection->folded =
		    fold_flow(view->client_flow, view->trace->until_ns, arena).text;
	if (view->server_capture)
		connection->server_folded =
		    fold_flow(view->server_flow, view->trace->until_ns, arena).text;
}
