/* Does a rule match the SYN of this connection, and what does it do then? */
#include "rule_match.h"

const char *rule_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

/* ---- does a match fit the SYN of this flow? ---- */

static enum fits number_fits(const json_t *right, int64_t number)
{
	const json_t *range = json_object_get(right, "range");
	const json_t *set = json_object_get(right, "set");
	if (json_is_array(right))
		set = right;
	if (json_is_integer(right))
		return json_integer_value(right) == number ? FITS_YES : FITS_NO;
	if (json_is_array(range) && json_is_integer(json_array_get(range, 0)) &&
	    json_is_integer(json_array_get(range, 1)))
		return number >= json_integer_value(json_array_get(range, 0)) &&
			       number <= json_integer_value(json_array_get(range, 1))
			   ? FITS_YES
			   : FITS_NO;
	enum fits best = json_is_array(set) ? FITS_NO : FITS_UNKNOWN;
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *element = json_array_get(set, i);
		enum fits fits =
		    json_is_array(element) ? FITS_UNKNOWN : number_fits(element, number);
		best = fits > best ? fits : best;
	}
	return best;
}

static bool prefix_has(const struct addr *net, int64_t bits, const struct addr *addr)
{
	int64_t most = net->family == 4 ? 32 : 128;
	if (net->family != addr->family || bits < 0 || bits > most)
		return false;
	for (int64_t i = 0; i < bits; i++) {
		unsigned mask = 0x80u >> (i % 8);
		if ((net->ip[i / 8] & mask) != (addr->ip[i / 8] & mask))
			return false;
	}
	return true;
}

static enum fits address_fits(const json_t *right, const struct addr *addr)
{
	struct addr net;
	const json_t *prefix = json_object_get(right, "prefix");
	const json_t *set = json_object_get(right, "set");
	const char *text = json_string_value(right);
	if (text && addr_parse(&net, text, 0) == 0)
		return addr_same_ip(&net, addr) ? FITS_YES : FITS_NO;
	if (prefix && addr_parse(&net, rule_text(prefix, "addr"), 0) == 0)
		return prefix_has(&net, json_integer_value(json_object_get(prefix, "len")), addr)
			   ? FITS_YES
			   : FITS_NO;
	enum fits best = json_is_array(set) ? FITS_NO : FITS_UNKNOWN;
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *element = json_array_get(set, i);
		enum fits fits =
		    json_object_get(element, "set") ? FITS_UNKNOWN : address_fits(element, addr);
		best = fits > best ? fits : best;
	}
	return best;
}

/* A header that the SYN has not: nft asks for it first, so != does not match either. */
static bool is_elsewhere(const struct view *view, const json_t *payload)
{
	const char *protocol = rule_text(payload, "protocol");
	return streq(protocol, "udp") || streq(protocol, "icmp") || streq(protocol, "icmpv6") ||
	       streq(protocol, view->server.family == 6 ? "ip" : "ip6");
}

static enum fits payload_fits(const struct view *view, const json_t *payload, const json_t *right)
{
	const char *protocol = rule_text(payload, "protocol"), *field = rule_text(payload, "field");
	bool is_ip = streq(protocol, "ip"), is_ip6 = streq(protocol, "ip6");
	if ((streq(protocol, "tcp") || streq(protocol, "th")) && streq(field, "dport"))
		return number_fits(right, view->server.port);
	if ((streq(protocol, "tcp") || streq(protocol, "th")) && streq(field, "sport"))
		return view->has_client ? number_fits(right, view->client.port) : FITS_UNKNOWN;
	if ((is_ip || is_ip6) && streq(field, "daddr"))
		return address_fits(right, &view->server);
	if ((is_ip || is_ip6) && streq(field, "saddr"))
		return view->has_client ? address_fits(right, &view->client) : FITS_UNKNOWN;
	if (is_ip && streq(field, "protocol") && json_is_string(right))
		return streq(json_string_value(right), "tcp") ? FITS_YES : FITS_NO;
	return FITS_UNKNOWN;
}

/* By which device it came: only lo never stands for another one, nor another one for it. */
static enum fits device_fits(const struct view *view, const char *is)
{
	const char *device =
	    view->server_flow && view->server_capture ? view->server_capture->iface : NULL;
	if (!device || !*device || (!streq(device, "lo") && !streq(is, "lo")))
		return FITS_UNKNOWN;
	return streq(device, is) ? FITS_YES : FITS_NO;
}

static enum fits meta_fits(const struct view *view, const json_t *meta, const json_t *right)
{
	const char *key = rule_text(meta, "key"), *is = json_string_value(right);
	if ((streq(key, "iif") || streq(key, "iifname")) && is)
		return device_fits(view, is);
	if (streq(key, "l4proto") && is)
		return streq(is, "tcp") ? FITS_YES : FITS_NO;
	if (streq(key, "nfproto") && is)
		return streq(is, view->server.family == 6 ? "ipv6" : "ipv4") ? FITS_YES : FITS_NO;
	return FITS_UNKNOWN;
}

static enum fits match_fits(const struct view *view, const json_t *match)
{
	const json_t *left = json_object_get(match, "left"),
		     *right = json_object_get(match, "right");
	const json_t *payload = json_object_get(left, "payload"),
		     *meta = json_object_get(left, "meta");
	const char *op = rule_text(match, "op");
	if (payload && is_elsewhere(view, payload))
		return FITS_NO;
	enum fits fits = payload ? payload_fits(view, payload, right)
			 : meta  ? meta_fits(view, meta, right)
				 : FITS_UNKNOWN;
	if (streq(op, "=="))
		return fits;
	if (streq(op, "!=") && fits != FITS_UNKNOWN)
		return fits == FITS_YES ? FITS_NO : FITS_YES;
	return FITS_UNKNOWN;
}

/* ---- one rule ---- */

/* What the rule does then; the words of ACTION_OTHER go into `out`. */
static enum action verdict_of(const json_t *expression, struct judged *out)
{
	static const char *const others[] = { "accept", "return", "jump", "goto", "queue", "vmap" };
	const json_t *reject = json_object_get(expression, "reject");
	if (json_object_get(expression, "drop"))
		return ACTION_DROP;
	for (size_t i = 0; i < COUNT(others); i++) {
		const json_t *other = json_object_get(expression, others[i]);
		if (!other)
			continue;
		out->verdict = others[i];
		out->target = json_string_value(json_object_get(other, "target"));
		return ACTION_OTHER;
	}
	if (!reject)
		return ACTION_NONE;
	return streq(rule_text(reject, "type"), "tcp reset") ? ACTION_RESET : ACTION_REJECT;
}

/* An expression that may end the rule and does nothing else. */
static bool is_condition(const json_t *expression)
{
	static const char *const kinds[] = { "limit", "quota", "ct count" };
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (json_object_get(expression, kinds[i]))
			return true;
	const json_t *xt = json_object_get(expression, "xt");
	return xt && streq(rule_text(xt, "type"), "match");
}

struct judged rule_judge(const struct view *view, const json_t *rule)
{
	struct judged out = { .fits = FITS_YES };
	const json_t *expr = json_object_get(rule, "expr");
	const char *family = rule_text(rule, "family");
	if (streq(family, view->server.family == 6 ? "ip" : "ip6"))
		out.fits = FITS_NO;
	for (size_t i = 0; i < json_array_size(expr); i++) {
		const json_t *one = json_array_get(expr, i);
		const json_t *match = json_object_get(one, "match");
		enum action action = match ? ACTION_NONE : verdict_of(one, &out);
		enum fits fits = FITS_YES;
		if (match)
			fits = match_fits(view, match);
		else if (json_object_get(one, "counter"))
			out.counter = json_object_get(one, "counter");
		else if (action != ACTION_NONE)
			out.action = action;
		else if (!json_object_get(one, "log") && !json_object_get(one, "comment")) {
			fits = FITS_UNKNOWN; /* limit, dnat, set look-ups ... */
			out.is_opaque |= out.fits != FITS_NO && !is_condition(one);
		}
		out.fits = fits < out.fits ? fits : out.fits;
	}
	return out;
}
