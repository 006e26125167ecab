/* A dump tells more of a route than the kernel takes: how its devices are, how long it will be. */
#include "route_message.h"

#include <unistd.h>

#include "change.h"

/* What its ways' flags say is cut down to `keep`; all that they said. */
static unsigned flags_keep(struct rtnet *route, unsigned keep)
{
	unsigned said = 0;
	struct rtmsg head;
	struct rtnexthop hop;
	size_t len = 0;
	const char *hops = rtnet_find(route, sizeof head, RTA_MULTIPATH, &len);

	memcpy(&head, route->bytes, sizeof head);
	head.rtm_flags &= keep;
	memcpy(route->bytes, &head, sizeof head);
	for (size_t at = 0; hops != NULL && at + sizeof hop <= len;
	     at += RTNH_ALIGN((size_t)hop.rtnh_len)) {
		char *place = route->bytes + (hops - route->bytes) + at;

		memcpy(&hop, place, sizeof hop);
		said |= hop.rtnh_flags;
		hop.rtnh_flags &= (unsigned char)keep;
		memcpy(place, &hop, sizeof hop);
		if (hop.rtnh_len < sizeof hop)
			break;
	}
	return said;
}

bool route_same(const struct rtnet *a, const struct rtnet *b, unsigned but)
{
	struct rtnet one = *a, other = *b;

	if (a->len < sizeof(struct rtmsg) || b->len < sizeof(struct rtmsg))
		return a->len == b->len;
	(void)flags_keep(&one, RTNH_F_ONLINK);
	(void)flags_keep(&other, RTNH_F_ONLINK);
	return rtnet_same(&one, &other, sizeof(struct rtmsg), RTA_CACHEINFO, but);
}

bool routes_same(const char *words, const char *again)
{
	char word[2 * RTNET_BYTES + 1], other[2 * RTNET_BYTES + 1];
	struct rtnet a, b;

	while (change_word(&words, word, sizeof word)) {
		if (!change_word(&again, other, sizeof other) || rtnet_take(&a, word) < 0 ||
		    rtnet_take(&b, other) < 0 || !route_same(&a, &b, 0))
			return false;
	}
	return *words == '\0' && *again == '\0';
}

int route_can_return(const struct rtnet *route, struct err *err)
{
	struct rtnet copy = *route;
	char text[RTNET_TEXT];
	size_t len;

	if (rtnet_find(route, sizeof(struct rtmsg), RTA_NH_ID, &len) != NULL)
		return err_set(err, ERR_CANNOT,
			       "the route %s goes by a nexthop object: not undone here",
			       route_say(route, text));
	if (copy.len >= sizeof(struct rtmsg) && (flags_keep(&copy, 0) & RTNH_F_DEAD) != 0)
		return err_set(err, ERR_CANNOT,
			       "one way of a route that has several is by a device that is down: "
			       "it could not be put back so");
	return 0;
}

int route_give(const struct rtnet *route, unsigned flags, struct err *err)
{
	struct rtnet message = *route;
	struct rta_cacheinfo cache;
	uint32_t seconds;
	size_t len;
	const void *data = rtnet_find(route, sizeof(struct rtmsg), RTA_CACHEINFO, &len);

	if (route->len < sizeof(struct rtmsg))
		return err_set(err, ERR_BROKE, "no whole route");
	(void)flags_keep(&message, RTNH_F_ONLINK);
	if (data != NULL && len >= sizeof cache) { /* told in one way, taken in another */
		memcpy(&cache, data, sizeof cache);
		seconds = (uint32_t)(cache.rta_expires / sysconf(_SC_CLK_TCK));
		if (cache.rta_expires > 0)
			rtnet_attr(&message, RTA_EXPIRES, &seconds, sizeof seconds);
	}
	return rtnet_do(RTM_NEWROUTE, flags, &message, err);
}
