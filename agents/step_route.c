/* HOST route add|replace|del ROUTE: the way of packets to a prefix, in the main table. */
#include <errno.h>
#include <linux/capability.h>

#include "change.h"
#include "route_message.h"
#include "step.h"
#include "util.h"

static const struct param params[] = {
	{ .name = "action",
	  .kind = PARAM_CHOICE,
	  .is_positional = true,
	  .is_required = true,
	  .choices = "add replace del",
	  .text = "what is done with it" },
	{ .name = "route",
	  .kind = PARAM_REST,
	  .is_positional = true,
	  .is_required = true,
	  .text =
	      "in ip's words: PREFIX via ADDRESS, or blackhole, unreachable or prohibit PREFIX; "
	      "to del also PREFIX alone" },
	{ 0 },
};

static const struct kind {
	const char *word;
	unsigned char type;
} kinds[] = {
	{ "blackhole", RTN_BLACKHOLE },
	{ "unreachable", RTN_UNREACHABLE },
	{ "prohibit", RTN_PROHIBIT },
};

enum {
	METRIC_OF_6 = 1024 /* that the kernel gives a route without one; of IPv4 it is 0 */
};

struct target { /* what shall be */
	struct prefix prefix;
	unsigned char type;  /* 0: none, or whatever */
	struct addr gateway; /* of RTN_UNICAST */
};

static int target_parse(struct target *target, const char *text)
{
	char first[64], second[64] = "", third[64] = "", more;
	int count = sscanf(text, "%63s %63s %63s %c", first, second, third, &more);

	*target = (struct target){ 0 };
	for (size_t i = 0; i < COUNT(kinds) && count == 2; i++)
		if (streq(kinds[i].word, first)) {
			target->type = kinds[i].type;
			return prefix_parse(&target->prefix, second);
		}
	if (count < 1 || prefix_parse(&target->prefix, first) < 0 || count == 1)
		return count == 1 ? 0 : -1;
	target->type = RTN_UNICAST;
	if (count != 3 || !streq(second, "via") || addr_parse(&target->gateway, third, 0) < 0)
		return -1;
	return target->gateway.family == target->prefix.addr.family ? 0 : -1;
}

/* As route_say tells it, at its beginning. */
static const char *target_say(const struct target *target, char text[RTNET_TEXT])
{
	char ip[ADDR_TEXT];

	snprintf(text, RTNET_TEXT, "none");
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].type == target->type)
			snprintf(text, RTNET_TEXT, "%s", kinds[i].word);
	if (target->type == RTN_UNICAST)
		snprintf(text, RTNET_TEXT, "via %s", addr_ip_text(&target->gateway, ip));
	return text;
}

struct finding {
	const struct prefix *prefix;
	int64_t metric; /* of the one that is looked for, or -1: any */
	uint32_t found_metric;
	struct rtnet found;
};

static uint32_t number_of(const struct rtnet *route, unsigned type)
{
	uint32_t number = 0;
	size_t len;
	const void *data = rtnet_find(route, sizeof(struct rtmsg), type, &len);

	if (data != NULL && len == sizeof number)
		memcpy(&number, data, sizeof number);
	return number;
}

/* Of several the one that the kernel takes: that of the least metric. */
static void find_row(void *context, const struct rtnet *row)
{
	struct finding *finding = context;
	struct prefix prefix = { .addr.family = finding->prefix->addr.family };
	uint32_t metric = number_of(row, RTA_PRIORITY);
	const void *data;
	struct rtmsg head;
	size_t len;

	memcpy(&head, row->bytes, sizeof head);
	data = rtnet_find(row, sizeof head, RTA_DST, &len);
	if (data != NULL && len <= sizeof prefix.addr.ip)
		memcpy(prefix.addr.ip, data, len);
	if (head.rtm_dst_len != finding->prefix->len || head.rtm_tos != 0 ||
	    !addr_same_ip(&prefix.addr, &finding->prefix->addr) ||
	    (finding->metric >= 0 && metric != (uint32_t)finding->metric) ||
	    (finding->found.len > 0 && metric >= finding->found_metric))
		return;
	finding->found_metric = metric;
	finding->found = *row;
}

static int find(struct finding *finding, struct err *err)
{
	finding->found.len = 0;
	return rtnet_routes(finding->prefix->addr.family, RT_TABLE_MAIN, find_row, finding, err);
}

static void build(struct rtnet *message, const struct target *target, uint32_t metric)
{
	const size_t len = target->prefix.addr.family == 6 ? 16 : 4;
	const struct rtmsg head = {
		.rtm_family = target->prefix.addr.family == 6 ? AF_INET6 : AF_INET,
		.rtm_dst_len = (unsigned char)target->prefix.len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = target->type,
	};

	rtnet_begin(message, &head, sizeof head);
	if (target->prefix.len > 0)
		rtnet_attr(message, RTA_DST, target->prefix.addr.ip, len);
	if (target->type == RTN_UNICAST)
		rtnet_attr(message, RTA_GATEWAY, target->gateway.ip, len);
	rtnet_attr(message, RTA_PRIORITY, &metric, sizeof metric);
}

/* The words: PREFIX, metric, route that shall be, message of the one that was. */
struct route_words {
	char name[ADDR_TEXT + 4], text[ADDR_TEXT + 80];
	struct target target;
	struct finding finding; /* as it is now */
	struct rtnet was;
};

static int words_take(struct route_words *route, const char *words, struct err *err)
{
	char metric[16], was[2 * RTNET_BYTES + 1];

	if (change_word(&words, route->name, sizeof route->name) &&
	    change_word(&words, metric, sizeof metric) &&
	    change_word(&words, route->text, sizeof route->text) &&
	    change_word(&words, was, sizeof was) && rtnet_take(&route->was, was) == 0 &&
	    target_parse(&route->target, route->text) == 0) {
		route->finding = (struct finding){ .prefix = &route->target.prefix,
						   .metric = strtol(metric, NULL, 10) };
		return find(&route->finding, err);
	}
	return err_set(err, ERR_BROKE, "route: the journal's line is damaged");
}

static void mask(struct prefix *prefix)
{
	for (int bit = prefix->len; bit < (prefix->addr.family == 6 ? 128 : 32); bit++)
		prefix->addr.ip[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

static int write_plan(struct change_plan *plan, const char *action, const struct target *target,
		      const struct finding *finding)
{
	char name[ADDR_TEXT + 4], shall[RTNET_TEXT] = "", was[RTNET_TEXT];
	struct buf words = { 0 };
	bool is_via = target->type == RTN_UNICAST;

	prefix_text(finding->prefix, name);
	if (target->type != 0)
		target_say(target, shall);
	buf_printf(&words, "%s\t%u\t%s%s%s%s%s\t", name, finding->found_metric, is_via ? "" : shall,
		   target->type != 0 && !is_via ? " " : "", name, is_via ? " " : "",
		   is_via ? shall : "");
	rtnet_add(&words, &finding->found);
	snprintf(plan->words, sizeof plan->words, "%s", words.data);
	snprintf(plan->asked, sizeof plan->asked, "%s %s%s%s", action, name,
		 target->type != 0 ? " " : "", shall);
	if (finding->found.len > 0)
		snprintf(plan->was, sizeof plan->was, "%s", route_say(&finding->found, was));
	buf_close(&words);
	return 0;
}

static int plan(struct change_plan *plan, const struct change_place *place,
		const struct event *request, struct err *err)
{
	const char *action = request_text(request, "action", "");
	const char *text = request_text(request, "route", "");
	bool is_del = streq(action, "del"), is_add = streq(action, "add");
	struct target target;
	struct finding finding = { .prefix = &target.prefix, .metric = -1 };
	char was[RTNET_TEXT];

	if (strlen(text) >= ADDR_TEXT + 80 || target_parse(&target, text) < 0 ||
	    (target.type == 0 && !is_del))
		return err_set(err, ERR_USAGE,
			       "route: %.80s: neither PREFIX via ADDRESS nor blackhole, "
			       "unreachable or prohibit PREFIX",
			       text);
	mask(&target.prefix);
	if (place->spared != NULL && way_spare(&target.prefix, &place->spared->client,
					       &place->spared->server, "route", err) < 0)
		return -1;
	if (is_add)
		finding.metric = target.prefix.addr.family == 6 ? METRIC_OF_6 : 0;
	if (find(&finding, err) < 0)
		return -1;
	if (route_can_return(&finding.found, err) < 0)
		return err_in(err, "route");
	if (is_del && finding.found.len == 0)
		return err_set(err, ERR_BROKE, "route: there is none to %.80s", text);
	if (is_add && finding.found.len > 0)
		return err_set(err, ERR_BROKE, "route: there is one already: %s",
			       route_say(&finding.found, was));
	if (finding.found.len == 0)
		finding.found_metric = target.prefix.addr.family == 6 ? METRIC_OF_6 : 0;
	if (is_del)
		target.type = 0; /* whatever it is */
	return write_plan(plan, action, &target, &finding);
}

static bool is_so(const struct route_words *route)
{
	char is[RTNET_TEXT], shall[RTNET_TEXT];
	size_t len = strlen(target_say(&route->target, shall));

	route_say(&route->finding.found, is);
	return strncmp(is, shall, len) == 0 && (is[len] == '\0' || is[len] == ' ');
}

static int put(const struct route_words *route, struct err *err)
{
	bool has_one = route->finding.found.len > 0;
	struct rtnet message;

	if (route->target.type == 0)
		return rtnet_do(RTM_DELROUTE, 0, &route->finding.found, err);
	build(&message, &route->target, (uint32_t)route->finding.metric);
	return rtnet_do(RTM_NEWROUTE, NLM_F_CREATE | (has_one ? NLM_F_REPLACE : NLM_F_EXCL),
			&message, err);
}

static int make(const char *words, const struct change_place *place, char proof[CHANGE_TEXT],
		struct err *err)
{
	char is[RTNET_TEXT];
	struct way before = { 0 }, after = { 0 };
	struct route_words route;
	struct err ignored = { 0 };

	if (place->spared != NULL)
		(void)way_to(&before, &place->spared->client, &ignored);
	if (words_take(&route, words, err) < 0)
		return -1;
	if (put(&route, err) < 0)
		return err_in(err, "route %s", route.text);
	if (find(&route.finding, err) < 0)
		return -1;
	snprintf(proof, CHANGE_TEXT, "%s: %s", route.name, route_say(&route.finding.found, is));
	if (!is_so(&route))
		return err_set(err, ERR_BROKE, "route: the kernel has %.200s", proof);
	if (place->spared != NULL)
		(void)way_to(&after, &place->spared->client, &ignored);
	return streq(before.text, after.text)
		   ? 0
		   : err_set(err, ERR_CANNOT,
			     "route: taken back: the controller's own connection went %s, and then "
			     "%s",
			     before.text, after.text);
}

static int put_back(const struct route_words *route, struct err *err)
{
	bool has_one = route->finding.found.len > 0;

	if (route->was.len == 0)
		return rtnet_do(RTM_DELROUTE, 0, &route->finding.found, err);
	return route_give(&route->was, NLM_F_CREATE | (has_one ? NLM_F_REPLACE : NLM_F_EXCL), err);
}

static int undo(const char *words, char proof[CHANGE_TEXT], struct err *err)
{
	char is[RTNET_TEXT], was[RTNET_TEXT];
	struct route_words route;

	if (words_take(&route, words, err) < 0)
		return -1;
	route_say(&route.finding.found, is);
	route_say(&route.was, was);
	snprintf(proof, CHANGE_TEXT, "%s: %s", route.name, was);
	if (route_same(&route.finding.found, &route.was, 0))
		return CHANGE_GONE;
	if (!is_so(&route)) {
		snprintf(proof, CHANGE_TEXT, "%s is %s by now: left so", route.name, is);
		return CHANGE_THEIRS;
	}
	if (put_back(&route, err) < 0)
		return err_in(err, "route %s: %s", route.name, was);
	if (find(&route.finding, err) < 0)
		return -1;
	route_say(&route.finding.found, is);
	return route_same(&route.finding.found, &route.was, 0)
		   ? CHANGE_UNDONE
		   : err_set(err, ERR_BROKE,
			     "route %s: it was %s, and the kernel has made %s of it", route.name,
			     was, is);
}

/* Up to the route that was; of that one its time goes by. */
static bool is_same(const char *words, const char *again)
{
	const char *was = strrchr(words, '\t'), *now = strrchr(again, '\t');

	return was != NULL && now != NULL && was - words == now - again &&
	       memcmp(words, again, (size_t)(was - words)) == 0 && routes_same(was + 1, now + 1);
}

static const struct change change_route = {
	.what = "route", .plan = plan, .make = make, .undo = undo, .is_same = is_same
};

const struct step_kind step_route = {
	.name = "route",
	.text = "change the way of packets to a prefix",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_FAULT,
	.results = RESULT_OK,
	.needs = NEED_CHANGES,
	.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
	.change = &change_route,
};
