/* Addresses: link k is 10.7.k.0/24 and its hosts .1, .2 ...; with more hosts than that holds it is
 * the k-th /22 of 10.8.0.0/16. On loopback 127.0.0.2, .3 ... in file
 * order (127.0.0.1 stays localhost). Written addresses are kept and checked. Machines that are
 * there already have theirs. */
#include "scenario_places.h"

#include <arpa/inet.h>

#include "parse.h"

enum {
	SMALL_HOSTS = 254 /* a /24 holds them; a /22 holds SCENARIO_HOSTS */
};

static const char *ip_text(struct arena *arena, uint32_t ip)
{
	return arena_printf(arena, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
			    ip & 255);
}

static uint32_t mask_of(int prefix)
{
	return prefix == 0 ? 0 : ~(uint32_t)0 << (32 - prefix);
}

static bool ip_parse(const char *text, uint32_t *ip)
{
	struct in_addr in;

	if (!text || inet_pton(AF_INET, text, &in) != 1)
		return false;
	*ip = ntohl(in.s_addr);
	return true;
}

int places_parse_subnet(const char *text, uint32_t *network, int *prefix)
{
	char ip[16];
	const char *slash = strchr(text, '/');
	int64_t bits;

	if (!slash || (size_t)(slash - text) >= sizeof(ip))
		return -1;
	memcpy(ip, text, (size_t)(slash - text));
	ip[slash - text] = 0;
	if (!ip_parse(ip, network) || parse_int(slash + 1, 8, 30, &bits) < 0)
		return -1;
	*prefix = (int)bits;
	return (*network & ~mask_of(*prefix)) == 0 ? 0 : -1;
}

struct chooser {
	struct places *out;
	const struct scenario *scenario;
	struct arena *arena;
	struct complaints *complaints;
	uint32_t *ip;      /* by place; 0: not chosen yet */
	uint32_t *network; /* by link */
	int *prefix;
};

static void complain(struct chooser *c, int line, const char *text)
{
	if (c->complaints)
		complaint_add(c->complaints, c->scenario->path, line, 1, "%s", text);
}

/* Counted first, so that a thousand hosts cost a thousand steps. */
static void find_places(struct chooser *c)
{
	const struct scenario *s = c->scenario;
	struct places *out = c->out;
	size_t *next = arena_array(c->arena, s->nhost + 1, sizeof(*next));

	out->nhost = s->nhost;
	out->first = arena_array(c->arena, s->nhost + 1, sizeof(*out->first));
	for (size_t link = 0; link < s->nlink; link++)
		for (size_t i = 0; i < s->link[link].nhost; i++)
			next[s->link[link].host[i]]++;
	for (size_t host = 0; host < s->nhost; host++) {
		out->first[host] = out->count;
		out->count += next[host];
		next[host] = out->first[host];
	}
	out->first[s->nhost] = out->count;
	out->at = arena_array(c->arena, out->count + 1, sizeof(*out->at));
	for (size_t link = 0; link < s->nlink; link++)
		for (size_t i = 0; i < s->link[link].nhost; i++) {
			size_t host = s->link[link].host[i];
			out->at[next[host]++] = (struct place){ .host = host, .link = link };
		}
}

/* SIZE_MAX: the host is not on that link. */
static size_t place_of(const struct places *places, size_t host, size_t link)
{
	for (size_t i = places->first[host]; i < places->first[host + 1]; i++)
		if (link == SIZE_MAX || places->at[i].link == link)
			return i;
	return SIZE_MAX;
}

static void choose_subnets(struct chooser *c)
{
	const struct scenario *s = c->scenario;

	for (size_t i = 0; i < s->nlink; i++) {
		if (!s->link[i].subnet ||
		    places_parse_subnet(s->link[i].subnet, &c->network[i], &c->prefix[i]) < 0) {
			bool is_big = s->link[i].nhost > SMALL_HOSTS;
			c->prefix[i] = is_big ? 22 : 24;
			c->network[i] = (uint32_t)(10 << 24 | (is_big ? 8 : 7) << 16) +
					(uint32_t)(i << (32 - c->prefix[i]));
		}
		c->out->subnet[i] =
		    arena_printf(c->arena, "%s/%d", ip_text(c->arena, c->network[i]), c->prefix[i]);
		for (size_t j = 0; j < i; j++) {
			uint32_t mask =
			    mask_of(c->prefix[i] < c->prefix[j] ? c->prefix[i] : c->prefix[j]);
			if ((c->network[i] & mask) != (c->network[j] & mask))
				continue;
			complain(c, s->link[i].line,
				 arena_printf(c->arena, "link %s: %s overlaps %s of link %s",
					      s->link[i].name, c->out->subnet[i], c->out->subnet[j],
					      s->link[j].name));
		}
	}
}

static bool is_taken(const struct chooser *c, uint32_t ip)
{
	for (size_t i = 0; i < c->out->count; i++)
		if (c->ip[i] == ip)
			return true;
	return false;
}

/* Addresses as written: each must lie in the subnet of one of the host's links. */
static void keep_written(struct chooser *c)
{
	const struct scenario *s = c->scenario;

	for (size_t host = 0; host < s->nhost; host++) {
		const struct scenario_host *h = &s->host[host];
		size_t at = SIZE_MAX;
		uint32_t ip = 0;
		if (!ip_parse(h->address, &ip))
			continue;
		for (size_t i = c->out->first[host]; i < c->out->first[host + 1]; i++) {
			size_t link = c->out->at[i].link;
			if (at == SIZE_MAX && (ip & mask_of(c->prefix[link])) == c->network[link])
				at = i;
		}
		uint32_t host_bits = at == SIZE_MAX ? 0 : ~mask_of(c->prefix[c->out->at[at].link]);
		if (at == SIZE_MAX)
			complain(c, h->line,
				 arena_printf(c->arena,
					      "%s: %s is in the subnet of none of its links: give "
					      "the link a subnet=",
					      h->name, h->address));
		else if ((ip & host_bits) == 0 || (ip & host_bits) == host_bits)
			complain(c, h->line,
				 arena_printf(c->arena, "%s: %s is the network's own address",
					      h->name, h->address));
		else if (is_taken(c, ip))
			complain(c, h->line,
				 arena_printf(c->arena, "%s: %s is another host's already", h->name,
					      h->address));
		else
			c->ip[at] = ip;
	}
}

/* Which host numbers of a link are taken, as far as choosing could get: its hosts and all that is
 * written. */
static bool *find_taken(struct chooser *c, size_t link, size_t room)
{
	bool *is_used = arena_array(c->arena, room + 1, sizeof(*is_used));

	for (size_t i = 0; i < c->out->count; i++)
		if (c->ip[i] > c->network[link] && c->ip[i] - c->network[link] <= room)
			is_used[c->ip[i] - c->network[link]] = true;
	return is_used;
}

/* The lowest free one at or above the host's number, so that writing one address moves no other;
 * below it only where there is none above. */
static void choose_link(struct chooser *c, size_t link)
{
	const struct scenario_link *l = &c->scenario->link[link];
	uint32_t last = ~mask_of(c->prefix[link]) - 1;
	size_t room = l->nhost + c->out->count < last ? l->nhost + c->out->count : last;
	bool *is_used = find_taken(c, link, room);

	for (size_t n = 0; n < l->nhost; n++) {
		size_t at = place_of(c->out, l->host[n], link), bits = n + 1;
		if (c->ip[at])
			continue;
		while (bits <= room && is_used[bits])
			bits++;
		for (size_t low = 1; bits > room && low <= n; low++)
			if (!is_used[low])
				bits = low;
		if (bits > room) {
			complain(c, l->line,
				 arena_printf(c->arena, "link %s: %s has no room for %zu hosts",
					      l->name, c->out->subnet[link], l->nhost));
			return;
		}
		is_used[bits] = true;
		c->ip[at] = c->network[link] + (uint32_t)bits;
	}
}

/* 127.0.0.2 on, hosts in file order; a host's further places follow behind all first ones. */
static void choose_loopback(struct chooser *c)
{
	uint32_t first = (uint32_t)127 << 24 | 2, next = first + (uint32_t)c->scenario->nhost;

	for (size_t i = 0; i < c->out->count; i++) {
		struct place *place = &c->out->at[i];
		bool is_first = i == 0 || c->out->at[i - 1].host != place->host;
		uint32_t ip, written;
		ip = is_first ? first + (uint32_t)place->host : next++;
		if (is_first && ip_parse(c->scenario->host[place->host].address, &written) &&
		    written >> 24 == 127)
			ip = written;
		place->address = ip_text(c->arena, ip);
		place->prefix = 8;
	}
	for (size_t i = 0; i < c->scenario->nlink; i++)
		c->out->subnet[i] = "127.0.0.0/8";
}

/* A machine has the address that it has, whatever link it is thought to be on. */
static void take_machines(struct chooser *c)
{
	for (size_t i = 0; i < c->out->count; i++) {
		c->out->at[i].address = c->scenario->host[c->out->at[i].host].machine;
		c->out->at[i].prefix = 32;
	}
	for (size_t i = 0; i < c->scenario->nlink; i++)
		c->out->subnet[i] = "0.0.0.0/0";
}

void places_choose(struct places *out, const struct scenario *scenario, const char *backend,
		   struct arena *arena, struct complaints *complaints)
{
	struct chooser c = {
		.out = out, .scenario = scenario, .arena = arena, .complaints = complaints
	};

	*out = (struct places){ 0 };
	find_places(&c);
	out->subnet = arena_array(arena, scenario->nlink + 1, sizeof(*out->subnet));
	if (backend && streq(backend, "loopback")) {
		choose_loopback(&c);
		return;
	}
	if (scenario->nhost > 0 && scenario->host[0].machine) {
		take_machines(&c);
		return;
	}
	c.ip = arena_array(arena, out->count + 1, sizeof(*c.ip));
	c.network = arena_array(arena, scenario->nlink + 1, sizeof(*c.network));
	c.prefix = arena_array(arena, scenario->nlink + 1, sizeof(*c.prefix));
	choose_subnets(&c);
	keep_written(&c);
	for (size_t link = 0; link < scenario->nlink; link++)
		choose_link(&c, link);
	for (size_t i = 0; i < out->count; i++) {
		out->at[i].address = ip_text(arena, c.ip[i]);
		out->at[i].prefix = c.prefix[out->at[i].link];
	}
}

const char *places_address(const struct places *places, size_t host, size_t link)
{
	size_t at = place_of(places, host, link);

	return at == SIZE_MAX ? NULL : places->at[at].address;
}
