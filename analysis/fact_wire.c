/* What the captures hold of the connection, at the client and at the server. That something is not
 * there counts only in a capture that lost nothing. */
#include "fact.h"

enum {
	PATIENCE_NS = 900000000
}; /* a SYN without an answer for less says nothing yet */

/* Absence of the whole flow: also the filter must not have hidden it. */
static bool would_show(const struct view *view, const struct capture_seen *capture)
{
	for (size_t i = 0; i < view->trace->ncapture; i++) {
		const struct capture_seen *other = &view->trace->capture[i];
		if (other->host == capture->host && (!other->is_whole || other->is_filtered))
			return false;
	}
	return capture->host == NO_HOST || !view->trace->host[capture->host].gone;
}

static const char *lossy(const struct view *view, const struct capture_seen *capture)
{
	struct arena *arena = view->trace->arena;
	const struct capture_info *info = &capture->info;
	if (info->is_cut)
		return arena_printf(arena, "the capture %s is cut", info->file);
	if (info->dropped > 0)
		return arena_printf(arena, "the capture %s dropped %lld packets", info->file,
				    (long long)info->dropped);
	if (!capture->is_whole)
		return arena_printf(arena, "how many packets %s dropped is not known", info->file);
	return arena_printf(arena, "the capture %s holds nothing of it", info->file);
}

/* Yes when it was seen; no when it would have been seen; unseen in a capture with losses. */
static void seen(struct facts *facts, enum fact fact, const struct view *view,
		 const struct capture_seen *capture, const struct segment *segment)
{
	if (segment)
		fact_packet(fact_set(facts, fact, YES, NULL), capture, segment->number,
			    segment->number);
	else if (capture->is_whole)
		fact_set(facts, fact, NO, NULL);
	else
		fact_set(facts, fact, UNSEEN, lossy(view, capture));
}

static const struct segment *rst_to_syn(const struct flow *flow)
{
	for (size_t i = 0; flow->has_syn && i < flow->nsegment; i++) {
		const struct segment *segment = &flow->segment[i];
		if (segment->is_from_client)
			continue;
		if (segment_is_syn_ack(segment))
			return NULL;
		if (segment_is_rst(segment) && (segment->flags & TCP_FLAG_ACK) &&
		    segment->seq == 0 && segment->ack == flow->isn + 1)
			return segment;
	}
	return NULL;
}

static const struct segment *handshake_ack(const struct flow *flow)
{
	for (size_t i = 0; flow->has_server_isn && i < flow->nsegment; i++) {
		const struct segment *segment = &flow->segment[i];
		if (segment->is_from_client && !segment->is_icmp &&
		    (segment->flags & (TCP_FLAG_ACK | TCP_FLAG_RST)) == TCP_FLAG_ACK &&
		    (int32_t)(segment->ack - flow->server_isn) > 0)
			return segment;
	}
	return NULL;
}

static const struct segment *reset_later(const struct view *view, const struct flow *flow)
{
	bool is_open = false;
	size_t over = flow_over(flow);
	for (size_t i = 0; i < flow->nsegment; i++) {
		const struct segment *segment = &flow->segment[i];
		if (i >= over && segment_is_bare_rst(segment))
			continue;
		is_open |= !segment->is_from_client && segment_is_syn_ack(segment);
		if (is_open && !segment->is_from_client && segment_is_rst(segment) &&
		    segment->t_ns <= view->trace->until_ns)
			return segment;
	}
	return NULL;
}

static const struct segment *first_answer(const struct flow *flow)
{
	for (size_t i = 0; i < flow->nsegment; i++)
		if (!flow->segment[i].is_from_client)
			return &flow->segment[i];
	return NULL;
}

/* The first and last SYN of the client, for a citation. */
static void cite_syns(struct fact_value *value, const struct capture_seen *capture,
		      const struct flow *flow)
{
	size_t cited = 0;
	for (size_t i = 0; i < flow->nsegment && cited < SOURCES; i++) {
		const struct segment *segment = &flow->segment[i];
		if (segment->is_from_client && segment_is_syn(segment)) {
			fact_packet(value, capture, segment->number, segment->number);
			cited++;
		}
	}
}

/* Nobody's connect() told that it waited in vain: then the capture must show a wait. */
static bool has_waited(const struct view *view, const struct flow *flow)
{
	if (view->connection.result)
		return true;
	return flow_count(flow, true, segment_is_syn) > 1 &&
	       flow->segment[flow->nsegment - 1].t_ns - flow->segment[0].t_ns >= PATIENCE_NS;
}

static void unanswered(struct facts *facts, const struct view *view,
		       const struct capture_seen *capture, const struct flow *flow)
{
	const struct segment *answer = first_answer(flow);
	if (answer)
		fact_packet(fact_set(facts, FACT_UNANSWERED, NO, NULL), capture, answer->number,
			    answer->number);
	else if (!flow->has_syn || !has_waited(view, flow))
		fact_set(facts, FACT_UNANSWERED, UNSEEN,
			 "the capture ends before an answer could come");
	else if (!capture->is_whole)
		fact_set(facts, FACT_UNANSWERED, UNSEEN, lossy(view, capture));
	else
		cite_syns(fact_set(facts, FACT_UNANSWERED, YES, NULL), capture, flow);
}

/* The SYN and the RST that answers it, cited together. */
static void refusal(struct facts *facts, enum fact fact, const struct view *view,
		    const struct capture_seen *capture, const struct flow *flow)
{
	const struct segment *rst = rst_to_syn(flow), *syn = NULL;
	for (size_t i = 0; rst && &flow->segment[i] < rst; i++)
		if (flow->segment[i].is_from_client && segment_is_syn(&flow->segment[i]))
			syn = &flow->segment[i];
	seen(facts, fact, view, capture, rst);
	if (!syn)
		return;
	struct fact_value *value = fact_set(facts, fact, YES, NULL);
	fact_packet(value, capture, syn->number, syn->number);
	fact_packet(value, capture, rst->number, rst->number);
}

static void at_client(struct facts *facts, const struct view *view)
{
	const struct capture_seen *capture = view->client_capture;
	const struct flow *flow = view->client_flow;
	if (!capture)
		return;
	if (!flow) {
		bool is_certain = view->has_client && would_show(view, capture);
		fact_set(facts, FACT_SYN_SENT, is_certain ? NO : UNSEEN, lossy(view, capture));
		return;
	}
	seen(facts, FACT_SYN_SENT, view, capture, flow_first(flow, true, segment_is_syn));
	size_t syns = flow_count(flow, true, segment_is_syn);
	if (syns > 1)
		cite_syns(fact_set(facts, FACT_SYN_REPEATED, YES,
				   arena_printf(view->trace->arena,
						"the client sent its SYN %zu times", syns)),
			  capture, flow);
	else
		seen(facts, FACT_SYN_REPEATED, view, capture, NULL);
	seen(facts, FACT_SYN_ACK_RECEIVED, view, capture,
	     flow_first(flow, false, segment_is_syn_ack));
	seen(facts, FACT_HANDSHAKE, view, capture, handshake_ack(flow));
	seen(facts, FACT_RESET_LATER, view, capture, reset_later(view, flow));
	refusal(facts, FACT_RST_TO_SYN, view, capture, flow);
	unanswered(facts, view, capture, flow);
}

static void at_server(struct facts *facts, const struct view *view)
{
	const struct capture_seen *capture = view->server_capture;
	const struct flow *flow = view->server_flow;
	if (!capture)
		return;
	if (!flow) {
		/* A capture that would have shown the flow and does not: nothing came, nothing
		 * left. */
		static const enum fact silent[] = { FACT_SYN_ARRIVED, FACT_RST_LEFT,
						    FACT_SYN_ACK_LEFT };
		bool is_certain = view->has_client && would_show(view, capture);
		for (size_t i = 0; i < COUNT(silent); i++)
			fact_set(facts, silent[i], is_certain ? NO : UNSEEN, lossy(view, capture));
		return;
	}
	size_t syns = flow_count(flow, true, segment_is_syn);
	if (syns)
		cite_syns(fact_set(facts, FACT_SYN_ARRIVED, YES, NULL), capture, flow);
	else
		seen(facts, FACT_SYN_ARRIVED, view, capture, NULL);
	refusal(facts, FACT_RST_LEFT, view, capture, flow);
	seen(facts, FACT_SYN_ACK_LEFT, view, capture, flow_first(flow, false, segment_is_syn_ack));
	const struct segment *answer = first_answer(flow);
	if (answer)
		fact_packet(fact_set(facts, FACT_SERVER_SILENT, NO, NULL), capture, answer->number,
			    answer->number);
	else if (capture->is_whole)
		cite_syns(fact_set(facts, FACT_SERVER_SILENT, YES, NULL), capture, flow);
	else
		fact_set(facts, FACT_SERVER_SILENT, UNSEEN, lossy(view, capture));
}

void facts_of_wire(struct facts *facts, const struct view *view)
{
	at_client(facts, view);
	at_server(facts, view);
}
