/* Folding: pure ACKs, segment borders and retransmissions go, order and sums stay. New bytes are
 * counted in sequence space, so neither a lost nor a repeated segment changes the sum. */
#include "fold.h"

#include "buf.h"

enum fold_kind {
	FOLD_FLAGS,
	FOLD_DATA,
	FOLD_ICMP
};

struct fold_item {
	enum fold_kind kind;
	char from, to;
	const char *flags;
	uint32_t count; /* bytes of data, or how often it was sent */
};

struct fold {
	struct arena *arena;
	struct fold_item *item;
	size_t nitem, cap;
	struct { /* by is_from_client */
		bool has_next, is_closed;
		uint32_t next; /* the first sequence number not seen yet */
	} side[2];
	bool has_synack, has_ack; /* of the handshake */
	bool is_reset;
};

static char sender_of(const struct segment *segment)
{
	if (segment->is_from_other)
		return 'X';
	return segment->is_from_client ? 'C' : 'S';
}

static struct fold_item *item_add(struct fold *fold, const struct segment *segment,
				  enum fold_kind kind, const char *flags, uint32_t count)
{
	char from = sender_of(segment);
	fold->item =
	    arena_grow(fold->arena, fold->item, fold->nitem, &fold->cap, sizeof *fold->item);
	fold->item[fold->nitem] = (struct fold_item){
		.kind = kind,
		.from = from,
		.to = from == 'C' ? 'S' : 'C',
		.flags = flags,
		.count = count,
	};
	return &fold->item[fold->nitem++];
}

/* An item that was seen before counts there, and stays where it was first seen. */
static void item_repeat(struct fold *fold, const struct segment *segment, enum fold_kind kind,
			const char *flags)
{
	char from = sender_of(segment);
	for (size_t i = 0; i < fold->nitem; i++) {
		struct fold_item *item = &fold->item[i];
		if (item->kind == kind && item->from == from && streq(item->flags, flags)) {
			item->count++;
			return;
		}
	}
	item_add(fold, segment, kind, flags, 1);
}

const char *fold_flags(const struct segment *segment, struct arena *arena)
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{ TCP_FLAG_SYN, 'S' }, { TCP_FLAG_FIN, 'F' }, { TCP_FLAG_PSH, 'P' },
		{ TCP_FLAG_RST, 'R' }, { TCP_FLAG_ACK, '.' },
	};
	char text[8] = "";
	size_t len = 0;
	if (segment->is_icmp)
		return arena_printf(arena, "icmp %u/%u", segment->icmp_type, segment->icmp_code);
	for (size_t i = 0; i < COUNT(letters); i++)
		if (segment->flags & letters[i].flag)
			text[len++] = letters[i].letter;
	return arena_printf(arena, "[%s]", len ? text : "none");
}

static void data_add(struct fold *fold, const struct segment *segment)
{
	uint32_t end = segment->seq + segment->len;
	bool me = segment->is_from_client;
	if (!fold->side[me].has_next) {
		fold->side[me].has_next = true;
		fold->side[me].next = segment->seq;
	}
	uint32_t fresh = end - fold->side[me].next;
	if (segment->len == 0 || (int32_t)fresh <= 0)
		return;
	struct fold_item *last = fold->nitem ? &fold->item[fold->nitem - 1] : NULL;
	if (last && last->kind == FOLD_DATA && last->from == (me ? 'C' : 'S'))
		last->count += fresh;
	else
		item_add(fold, segment, FOLD_DATA, "[P.]", fresh);
	fold->side[me].next = end;
}

static void syn_add(struct fold *fold, const struct segment *segment)
{
	bool me = segment->is_from_client, has_ack = segment->flags & TCP_FLAG_ACK;
	fold->side[me].has_next = true;
	fold->side[me].next = segment->seq + 1;
	fold->has_synack |= has_ack && !me;
	item_repeat(fold, segment, FOLD_FLAGS, has_ack ? "[S.]" : "[S]");
}

static void fin_add(struct fold *fold, const struct segment *segment)
{
	bool me = segment->is_from_client;
	if (fold->side[me].is_closed)
		return;
	fold->side[me].is_closed = true;
	fold->side[me].next = segment->seq + segment->len + 1;
	item_add(fold, segment, FOLD_FLAGS, "[F.]", 1);
}

static void segment_fold(struct fold *fold, const struct segment *segment)
{
	if (segment->is_icmp) {
		item_repeat(fold, segment, FOLD_ICMP, fold_flags(segment, fold->arena));
		return;
	}
	if (segment->flags & TCP_FLAG_RST) {
		item_add(fold, segment, FOLD_FLAGS, segment->flags & TCP_FLAG_ACK ? "[R.]" : "[R]",
			 1);
		fold->is_reset = true; /* what follows is only its echo */
		return;
	}
	if (segment->flags & TCP_FLAG_SYN) {
		syn_add(fold, segment);
		return;
	}
	if (fold->has_synack && !fold->has_ack && segment->is_from_client) {
		fold->has_ack = true; /* data may carry it */
		item_add(fold, segment, FOLD_FLAGS, "[.]", 1);
	}
	data_add(fold, segment);
	if (segment->flags & TCP_FLAG_FIN)
		fin_add(fold, segment);
}

static void item_print(struct buf *out, const struct fold_item *item, bool is_canonical)
{
	buf_printf(out, "%s%c>%c %s", out->len ? ", " : "", item->from, item->to, item->flags);
	if (item->kind == FOLD_DATA || (item->count > 1 && !is_canonical))
		buf_printf(out, " %u", item->count);
}

struct folded fold_flow(const struct flow *flow, int64_t until_ns, struct arena *arena)
{
	struct fold fold = { .arena = arena };
	size_t over = flow ? flow_over(flow) : 0;
	for (size_t i = 0; flow && i < flow->nsegment && !fold.is_reset; i++) {
		const struct segment *segment = &flow->segment[i];
		bool is_closing = fold.side[0].is_closed || fold.side[1].is_closed;
		if (segment->t_ns > until_ns && fold.has_ack && !is_closing)
			break;
		if (i >= over && segment_is_bare_rst(segment))
			continue;
		segment_fold(&fold, segment);
	}
	struct buf text = { 0 }, canonical = { 0 };
	for (size_t i = 0; i < fold.nitem; i++) {
		item_print(&text, &fold.item[i], false);
		item_print(&canonical, &fold.item[i], true);
	}
	bool is_open =
	    fold.has_ack && !fold.is_reset && !fold.side[0].is_closed && !fold.side[1].is_closed;
	struct folded out = {
		.text = arena_ndup(arena, text.data ? text.data : "", text.len),
		.canonical = !fold.nitem ? "nothing"
					 : arena_printf(arena, "%s%s", canonical.data,
							is_open ? ", open" : ""),
	};
	buf_close(&text);
	buf_close(&canonical);
	return out;
}
