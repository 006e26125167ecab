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

/* A server that was not heard repeats its SYN+ACK for a minute: it comes when the fault is healed.
 */
static bool is_after_end(const struct view *view, const struct segment *answer)
{
	return view->connection.event && view->end_ns != INT64_MAX && answer->t_ns > view->end_ns;
}

static void unanswered(struct facts *facts, const struct view *view,
		       const struct capture_seen *capture, const struct flow *flow)
{
	const struct segment *answer = first_answer(flow);
	bool is_late = answer && is_after_end(view, answer);
	if (answer && !is_late)
		fact_packet(fact_set(facts, FACT_UNANSWERED, NO, NULL), capture, answer->number,
			    answer->number);
	else if (!flow->has_syn || !has_waited(view, flow))
		fact_set(facts, FACT_UNANSWERED, UNSEEN,
			 "the capture ends before an answer could come");
	else if (!capture->is_whole)
		fact_set(facts, FACT_UNANSWERED, UNSEEN, lossy(view, capture));
	else
		cite_syns(
		    fact_set(facts, FACT_UNANSWERED, YES,
			     is_late ? "nothing answered before connect() had given up" : NULL),
		    capture, flow);
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

/* While a SYN is out the kernel ends connect() for these; port and protocol unreachable are a no of
 * the machine itself, and too big is none. */
static const struct icmp_code {
	uint8_t family, type, code;
	enum fact fact;
	const char *says;
} icmp_codes[] = {
	{ 4, 3, 0, FACT_WAY_REFUSED, "network unreachable" },
	{ 4, 3, 1, FACT_WAY_REFUSED, "host unreachable" },
	{ 4, 11, 0, FACT_WAY_REFUSED, "forwarded too often" },
	{ 4, 3, 9, FACT_WAY_FORBIDDEN, "network forbidden" },
	{ 4, 3, 10, FACT_WAY_FORBIDDEN, "host forbidden" },
	{ 4, 3, 13, FACT_WAY_FORBIDDEN, "forbidden by an administrator" },
	{ 6, 1, 0, FACT_WAY_REFUSED, "no route" },
	{ 6, 1, 3, FACT_WAY_REFUSED, "address unreachable" },
	{ 6, 3, 0, FACT_WAY_REFUSED, "forwarded too often" },
	{ 6, 1, 1, FACT_WAY_FORBIDDEN, "forbidden by an administrator" },
	{ 6, 1, 5, FACT_WAY_FORBIDDEN, "forbidden by a policy" },
	{ 6, 1, 6, FACT_WAY_FORBIDDEN, "a route that rejects" },
};

/* The first of a SYN that nothing else answers: a host that is busy with the socket drops it. */
static const struct segment *way_error(const struct flow *flow, const struct icmp_code **code)
{
	size_t i = 0;
	if (!flow->has_syn || flow_first(flow, false, segment_is_syn_ack) || rst_to_syn(flow))
		return NULL;
	while (i < flow->nsegment && (!flow->segment[i].is_icmp || flow->segment[i].is_from_client))
		i++;
	const struct segment *segment = &flow->segment[i];
	if (i == flow->nsegment || segment->seq != flow->isn)
		return NULL;
	for (size_t k = 0; k < COUNT(icmp_codes); k++) {
		*code = &icmp_codes[k];
		if ((*code)->family == flow->teller.family && (*code)->type == segment->icmp_type &&
		    (*code)->code == segment->icmp_code)
			return segment;
	}
	return NULL;
}

static void no_way(struct facts *facts, const struct view *view, const struct capture_seen *capture,
		   const struct flow *flow)
{
	const struct icmp_code *code = NULL;
	const struct segment *segment = way_error(flow, &code);
	char teller[ADDR_TEXT];

	seen(facts, FACT_WAY_REFUSED, view, capture, NULL);
	seen(facts, FACT_WAY_FORBIDDEN, view, capture, NULL);
	if (!segment)
		return;
	const char *says = arena_printf(
	    view->trace->arena, "ICMP %u/%u (%s) from %s%s answers the SYN", segment->icmp_type,
	    segment->icmp_code, code->says, addr_ip_text(&flow->teller, teller),
	    addr_same_ip(&flow->teller, &flow->server) ? ", the server itself,"
						       : ", a machine on the way,");
	fact_packet(fact_set(facts, code->fact, YES, says), capture, segment->number,
		    segment->number);
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
	no_way(facts, view, capture, flow);
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

/* No filter, or one that names the port. */
static bool is_meant_to_show(const struct view *view, const struct capture_seen *capture)
{
	char port[16];
	if (!capture->is_whole)
		return false;
	if (!capture->is_filtered)
		return true;
	snprintf(port, sizeof port, "port %u", (unsigned)view->server.port);
	const char *at = capture->filter ? strstr(capture->filter, port) : NULL;
	return at && !strchr("0123456789", at[strlen(port)] ? at[strlen(port)] : ' ');
}

/* An answer that came without a packet, at either end, was made at home. */
static void nothing_seen(struct facts *facts, const struct view *view)
{
	if (view->client_flow || view->server_flow)
		fact_set(facts, FACT_NOTHING_SEEN, NO, NULL);
	else if (view->client_capture && view->server_capture && view->has_client &&
		 view->client_host != view->server_host &&
		 is_meant_to_show(view, view->client_capture) &&
		 is_meant_to_show(view, view->server_capture))
		fact_set(facts, FACT_NOTHING_SEEN, YES, NULL);
}

void facts_of_wire(struct facts *facts, const struct view *view)
{
	nothing_seen(facts, view);
	at_client(facts, view);
	at_server(facts, view);
}
