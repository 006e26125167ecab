/* What is there is looked up for each route anew: one brought back may bring others. */
#include "route_kept.h"

#include "change.h"
#include "route_message.h"
#include "util.h"

struct gathering {
	const struct addr *address;
	unsigned index;
	bool has_named;
	struct buf *words;
	struct err lost; /* one could not be put back: why */
};

static void gather_row(void *context, const struct rtnet *row)
{
	struct gathering *gathering = context;
	const size_t ip_len = gathering->address->family == 6 ? 16 : 4;
	bool is_by_it, is_named;
	const void *data;
	struct rtmsg head;
	uint32_t index = 0;
	size_t len;

	memcpy(&head, row->bytes, sizeof head);
	if (head.rtm_protocol == RTPROT_KERNEL)
		return;
	data = rtnet_find(row, sizeof head, RTA_OIF, &len);
	if (data != NULL && len == sizeof index)
		memcpy(&index, data, sizeof index);
	is_by_it = index == gathering->index;
	data = rtnet_find(row, sizeof head, RTA_PREFSRC, &len);
	is_named =
	    data != NULL && len == ip_len && memcmp(data, gathering->address->ip, ip_len) == 0;
	if (gathering->has_named ? !is_by_it && !is_named : !is_by_it || is_named)
		return;
	if (gathering->has_named && gathering->lost.kind == ERR_NONE)
		(void)route_can_return(row, &gathering->lost);
	buf_char(gathering->words, '\t');
	rtnet_add(gathering->words, row);
}

int routes_with(struct buf *words, const struct addr *address, unsigned index, bool has_named,
		struct err *err)
{
	struct gathering gathering = {
		.address = address, .index = index, .has_named = has_named, .words = words
	};

	if (rtnet_routes(address->family, RT_TABLE_UNSPEC, gather_row, &gathering, err) < 0)
		return -1;
	if (gathering.lost.kind == ERR_NONE)
		return 0;
	*err = gathering.lost;
	return -1;
}

struct looking {
	const struct rtnet *like;
	bool is_taken;    /* there is a route of the same table, prefix and metric */
	bool is_stripped; /* it is ours, but for the source */
};

static bool is_same(const struct rtnet *a, const struct rtnet *b, unsigned type)
{
	size_t a_len = 0, b_len = 0;
	const void *of_a = rtnet_find(a, sizeof(struct rtmsg), type, &a_len);
	const void *of_b = rtnet_find(b, sizeof(struct rtmsg), type, &b_len);

	return a_len == b_len && (a_len == 0 || memcmp(of_a, of_b, a_len) == 0);
}

static void look_row(void *context, const struct rtnet *row)
{
	struct looking *looking = context;
	struct rtmsg head, like;
	size_t len;

	memcpy(&head, row->bytes, sizeof head);
	memcpy(&like, looking->like->bytes, sizeof like);
	if (head.rtm_dst_len != like.rtm_dst_len || head.rtm_tos != like.rtm_tos ||
	    route_table(row) != route_table(looking->like) ||
	    !is_same(row, looking->like, RTA_DST) || !is_same(row, looking->like, RTA_PRIORITY))
		return;
	looking->is_taken = true;
	/* IPv6 leaves the route and takes its source alone. */
	looking->is_stripped |= rtnet_find(looking->like, sizeof like, RTA_PREFSRC, &len) != NULL &&
				rtnet_find(row, sizeof head, RTA_PREFSRC, &len) == NULL &&
				route_same(row, looking->like, RTA_PREFSRC);
}

/* 1: it had gone; 0: nothing to do. */
static int restore(const struct rtnet *route, uint8_t family, struct err *err)
{
	struct looking looking = { .like = route };
	char text[RTNET_TEXT];

	if (rtnet_routes(family, RT_TABLE_UNSPEC, look_row, &looking, err) < 0)
		return -1;
	if (looking.is_taken && !looking.is_stripped)
		return 0;
	if (route_give(route, NLM_F_CREATE | (looking.is_taken ? NLM_F_REPLACE : NLM_F_EXCL), err) <
	    0)
		return err_in(err, "its route %s", route_say(route, text));
	return 1;
}

/* Again as long as that brings one back: the way to a gateway may stand behind what goes by it. */
int routes_restore(const char *words, uint8_t family, struct err *err)
{
	char word[2 * RTNET_BYTES + 1];
	int count = 0, before, failed;
	struct rtnet route;
	struct err why;

	do {
		const char *at = *words == '\t' ? words + 1 : words;

		before = count;
		failed = 0;
		while (change_word(&at, word, sizeof word)) {
			struct err now = { 0 };
			int status;

			if (rtnet_take(&route, word) < 0 || route.len < sizeof(struct rtmsg))
				return err_set(err, ERR_BROKE, "the journal's line is damaged");
			status = restore(&route, family, &now);
			count += status > 0;
			if (status < 0 && failed++ == 0)
				why = now;
		}
	} while (failed > 0 && count > before);
	if (failed == 0)
		return count;
	*err = why;
	return -1;
}
