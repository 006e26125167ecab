/* Messages are kept as the kernel gave them; so what it gave can be given back, whatever it holds.
 */
#include "rtnet.h"

#include <linux/if_addr.h>

#include "nldump.h"
#include "parse.h"
#include "util.h"

int prefix_parse(struct prefix *prefix, const char *text)
{
	size_t len = strcspn(text, "/");
	char ip[ADDR_TEXT];
	int64_t bits;

	if (streq(text, "default"))
		text = "0.0.0.0/0";
	else if (len >= sizeof ip)
		return -1;
	len = strcspn(text, "/");
	snprintf(ip, sizeof ip, "%.*s", (int)len, text);
	if (addr_parse(&prefix->addr, ip, 0) < 0)
		return -1;
	bits = prefix->addr.family == 6 ? 128 : 32;
	if (text[len] == '/' && parse_int(text + len + 1, 0, bits, &bits) < 0)
		return -1;
	prefix->len = (int)bits;
	return 0;
}

const char *prefix_text(const struct prefix *prefix, char text[ADDR_TEXT + 4])
{
	char ip[ADDR_TEXT];

	snprintf(text, ADDR_TEXT + 4, "%.51s/%d", addr_ip_text(&prefix->addr, ip), prefix->len);
	return text;
}

bool prefix_covers(const struct prefix *prefix, const struct addr *addr)
{
	size_t whole = (size_t)prefix->len / 8;
	unsigned rest = (unsigned)prefix->len % 8;

	if (prefix->addr.family != addr->family || memcmp(prefix->addr.ip, addr->ip, whole) != 0)
		return false;
	return rest == 0 || ((prefix->addr.ip[whole] ^ addr->ip[whole]) >> (8 - rest)) == 0;
}

void rtnet_begin(struct rtnet *message, const void *head, size_t len)
{
	*message = (struct rtnet){ .len = NLMSG_ALIGN(len) };
	memcpy(message->bytes, head, len);
}

void rtnet_attr(struct rtnet *message, unsigned type, const void *data, size_t len)
{
	const struct nlattr head = { .nla_type = (uint16_t)type,
				     .nla_len = (uint16_t)(NLA_HDRLEN + len) };

	if (message->len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof message->bytes)
		return; /* what we make is never that long */
	memcpy(message->bytes + message->len, &head, sizeof head);
	memcpy(message->bytes + message->len + NLA_HDRLEN, data, len);
	message->len += (size_t)NLA_HDRLEN + NLA_ALIGN(len);
}

const void *rtnet_find(const struct rtnet *message, size_t head, unsigned type, size_t *len)
{
	size_t left = message->len > NLMSG_ALIGN(head) ? message->len - NLMSG_ALIGN(head) : 0;
	const void *at = message->bytes + NLMSG_ALIGN(head);
	struct nlattr_view attr;

	while (nldump_attr(&at, &left, &attr))
		if (attr.type == type) {
			*len = attr.len;
			return attr.data;
		}
	return NULL;
}

/* How many attributes of `a` count, and *is_same when `b` has each of them alike. */
static size_t attributes(const struct rtnet *a, const struct rtnet *b, size_t head, unsigned but,
			 unsigned nor, bool *is_same)
{
	size_t left = a->len > NLMSG_ALIGN(head) ? a->len - NLMSG_ALIGN(head) : 0, count = 0, len;
	const void *at = a->bytes + NLMSG_ALIGN(head), *data;
	struct nlattr_view attr;

	while (nldump_attr(&at, &left, &attr)) {
		if (attr.type == but || attr.type == nor)
			continue;
		data = rtnet_find(b, head, attr.type, &len);
		*is_same &= data != NULL && len == attr.len && memcmp(data, attr.data, len) == 0;
		count++;
	}
	return count;
}

bool rtnet_same(const struct rtnet *a, const struct rtnet *b, size_t head, unsigned but,
		unsigned nor)
{
	bool is_same = memcmp(a->bytes, b->bytes, head) == 0;

	return attributes(a, b, head, but, nor, &is_same) ==
		   attributes(b, a, head, but, nor, &is_same) &&
	       is_same;
}

static void nothing(void *context, unsigned type, const void *body, size_t len)
{
	(void)context;
	(void)type;
	(void)body;
	(void)len;
}

int rtnet_do(unsigned type, unsigned flags, const struct rtnet *message, struct err *err)
{
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	int status;

	nl.is_one = true;
	nl.flags = (uint16_t)flags;
	status = nldump_run(&nl, type, message->bytes, message->len, nothing, NULL, err);
	nldump_close(&nl);
	return status;
}

struct listing {
	uint8_t family; /* as asked: a kernel without IPv6 answers that with IPv4, too */
	unsigned type;
	size_t head;
	uint32_t table; /* of routes */
	rtnet_row *row;
	void *context;
	bool is_too_long;
};

static void take_row(void *context, unsigned type, const void *body, size_t len)
{
	struct listing *listing = context;
	struct rtnet row = { .len = len };
	struct rtmsg route;

	/* Both heads begin with the family. */
	if (type != listing->type || len < listing->head ||
	    *(const uint8_t *)body != listing->family)
		return;
	if (len > sizeof row.bytes) {
		listing->is_too_long = true;
		return;
	}
	memcpy(row.bytes, body, len);
	if (type == RTM_NEWROUTE) {
		memcpy(&route, row.bytes, sizeof route);
		if ((route.rtm_flags & RTM_F_CLONED) != 0 ||
		    (listing->table != RT_TABLE_UNSPEC && listing->table != route_table(&row)))
			return;
	}
	listing->row(listing->context, &row);
}

static int list(unsigned request, const void *body, size_t len, struct listing *listing,
		struct err *err)
{
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	int status = nldump_run(&nl, request, body, len, take_row, listing, err);

	nldump_close(&nl);
	if (status == 0 && listing->is_too_long)
		return err_set(err, ERR_CANNOT, "one of more than %d bytes, which cannot be kept",
			       RTNET_BYTES);
	return status;
}

int rtnet_routes(uint8_t family, uint32_t table, rtnet_row *row, void *context, struct err *err)
{
	const struct rtmsg body = { .rtm_family = family == 6 ? AF_INET6 : AF_INET };
	struct listing listing = { .family = body.rtm_family,
				   .type = RTM_NEWROUTE,
				   .head = sizeof body,
				   .table = table,
				   .row = row,
				   .context = context };

	return list(RTM_GETROUTE, &body, sizeof body, &listing, err) < 0 ? err_in(err, "routes")
									 : 0;
}

int rtnet_addresses(uint8_t family, rtnet_row *row, void *context, struct err *err)
{
	const struct ifaddrmsg body = { .ifa_family = family == 6 ? AF_INET6 : AF_INET };
	struct listing listing = { .family = body.ifa_family,
				   .type = RTM_NEWADDR,
				   .head = sizeof body,
				   .row = row,
				   .context = context };

	return list(RTM_GETADDR, &body, sizeof body, &listing, err) < 0 ? err_in(err, "addresses")
									: 0;
}

void rtnet_add(struct buf *words, const struct rtnet *message)
{
	if (message->len == 0)
		buf_char(words, '-');
	for (size_t i = 0; i < message->len; i++)
		buf_printf(words, "%02x", (unsigned char)message->bytes[i]);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int rtnet_take(struct rtnet *message, const char *word)
{
	size_t len = strlen(word);

	*message = (struct rtnet){ 0 };
	if (streq(word, "-"))
		return 0;
	if (len % 2 != 0 || len / 2 > sizeof message->bytes)
		return -1;
	for (; message->len < len / 2; message->len++) {
		int high = digit(word[2 * message->len]), low = digit(word[2 * message->len + 1]);

		if (high < 0 || low < 0)
			return -1;
		message->bytes[message->len] = (char)(high << 4 | low);
	}
	return 0;
}

static bool take_ip(const struct rtnet *route, unsigned type, uint8_t family, struct addr *out)
{
	size_t len;
	const void *data = rtnet_find(route, sizeof(struct rtmsg), type, &len);

	*out = (struct addr){ .family = family == AF_INET6 ? 6 : 4 };
	if (data == NULL || len != (family == AF_INET6 ? 16u : 4u)) {
		out->family = 0;
		return false;
	}
	memcpy(out->ip, data, len);
	return true;
}

const char *route_say(const struct rtnet *route, char text[RTNET_TEXT])
{
	static const char *const kinds[] = {
		[RTN_UNICAST] = "",
		[RTN_LOCAL] = "local ",
		[RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable",
		[RTN_PROHIBIT] = "prohibit",
		[RTN_THROW] = "throw",
	};
	char ip[ADDR_TEXT], via[ADDR_TEXT + 8] = "", dev[IF_NAMESIZE] = "";
	const void *data;
	struct rtmsg head;
	struct addr addr;
	uint32_t index;
	size_t len;

	snprintf(text, RTNET_TEXT, "none");
	if (route->len < sizeof head)
		return text;
	memcpy(&head, route->bytes, sizeof head);
	if (head.rtm_type >= COUNT(kinds) || kinds[head.rtm_type] == NULL) {
		snprintf(text, RTNET_TEXT, "type %u", head.rtm_type);
		return text;
	}
	if (head.rtm_type != RTN_UNICAST && head.rtm_type != RTN_LOCAL) {
		snprintf(text, RTNET_TEXT, "%s", kinds[head.rtm_type]);
		return text;
	}
	if (take_ip(route, RTA_GATEWAY, head.rtm_family, &addr))
		snprintf(via, sizeof via, "via %s ", addr_ip_text(&addr, ip));
	data = rtnet_find(route, sizeof head, RTA_OIF, &len);
	if (data != NULL && len == sizeof index) {
		memcpy(&index, data, sizeof index);
		if (if_indextoname(index, dev) == NULL)
			snprintf(dev, sizeof dev, "%u", index);
	}
	snprintf(text, RTNET_TEXT, "%s%sdev %s", kinds[head.rtm_type], via,
		 dev[0] != '\0' ? dev : "several");
	return text;
}

uint32_t route_table(const struct rtnet *route)
{
	struct rtmsg head;
	uint32_t table;
	size_t len;
	const void *data = rtnet_find(route, sizeof head, RTA_TABLE, &len);

	memcpy(&head, route->bytes, sizeof head);
	table = head.rtm_table;
	if (data != NULL && len == sizeof table)
		memcpy(&table, data, sizeof table);
	return table;
}

static void take_way(void *context, unsigned type, const void *body, size_t len)
{
	struct rtnet *answer = context;

	if (type != RTM_NEWROUTE || len > sizeof answer->bytes)
		return;
	memcpy(answer->bytes, body, len);
	answer->len = len;
}

int way_to(struct way *way, const struct addr *to, struct err *err)
{
	const size_t len = to->family == 6 ? 16 : 4;
	const struct rtmsg head = {
		.rtm_family = to->family == 6 ? AF_INET6 : AF_INET,
		.rtm_dst_len = (unsigned char)(8 * len),
	};
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	struct rtnet request, answer = { 0 };
	int status;

	rtnet_begin(&request, &head, sizeof head);
	rtnet_attr(&request, RTA_DST, to->ip, len);
	nl.is_one = true;
	status = nldump_run(&nl, RTM_GETROUTE, request.bytes, request.len, take_way, &answer, err);
	nldump_close(&nl);
	route_say(&answer, way->text);
	if (answer.len == 0 || !take_ip(&answer, RTA_GATEWAY, head.rtm_family, &way->next))
		way->next = (struct addr){ 0 };
	return status;
}

int way_spare(const struct prefix *prefix, const struct addr *client, const struct addr *server,
	      const char *verb, struct err *err)
{
	char ip[ADDR_TEXT], text[ADDR_TEXT + 4];
	const struct addr *met = NULL;
	struct err ignored = { 0 };
	struct way way;

	(void)way_to(&way, client, &ignored);
	if (prefix_covers(prefix, client))
		met = client;
	else if (prefix_covers(prefix, server))
		met = server;
	else if (way.next.family != 0 && prefix_covers(prefix, &way.next))
		met = &way.next;
	if (met == NULL)
		return 0;
	return err_set(err, ERR_CANNOT,
		       "%s: refused: %s has %s in it, %s the controller's own connection", verb,
		       prefix_text(prefix, text), addr_ip_text(met, ip),
		       met == &way.next ? "by which goes"
		       : met == client  ? "the other end of"
					: "this end of");
}
