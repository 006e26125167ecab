/* The links of a scenario: who is on them, how fast and how lossy they are; and what hosts say of
 * each other, which needs the links. */
#include "parse.h"
#include "scenario_item.h"

enum {
	LINKS = 64
};
static const int64_t RATE_MAX = 32000000000; /* the kernel counts bytes a second in 32 bits */

static void load_shape(struct loader *l, const struct ini_entry *e, const struct item *item,
		       struct scenario_link *link)
{
	const struct option_value *mtu = item_get(item, "mtu"), *rate = item_get(item, "rate"),
				  *loss = item_get(item, "loss");
	int64_t permille = 0;

	link->mtu = (int)item_number(item, "mtu");
	if (mtu->value && (link->mtu < 576 || link->mtu > 65535))
		COMPLAIN_AT(l, e, mtu->column, "mtu: 576 to 65535");
	if (rate->value && (parse_rate(rate->value, &link->rate_bps) < 0 || link->rate_bps < 1000 ||
			    link->rate_bps > RATE_MAX))
		COMPLAIN_AT(l, e, rate->column,
			    "rate: a whole number and kbit, mbit or gbit, 1kbit to 32gbit");
	if (loss->value && parse_permille(loss->value, &permille) < 0)
		COMPLAIN_AT(l, e, loss->column,
			    "loss: 0%% to 100%%, with one digit behind the point at most");
	link->loss_permille = (int)permille;
	if (permille > 0)
		l->out->needs |= NEED_FIREWALL;
}

static void load_link_hosts(struct loader *l, const struct item *item, struct scenario_link *link)
{
	size_t *host = arena_array(l->arena, l->out->nhost + 1, sizeof(*host));
	bool *is_there = arena_array(l->arena, l->out->nhost + 1, sizeof(*is_there));

	for (size_t i = 0; i < item->nbare; i++) {
		const struct word *w = &item->words.at[item->bare[i]];
		size_t count, at = hosts_check(l, item->entry, w->column, w->text, &count);
		for (size_t j = 0; at != SIZE_MAX && j < count; j++, at++) {
			if (is_there[at])
				COMPLAIN_AT(l, item->entry, w->column, "%s is on this link already",
					    l->host[at].name);
			else
				host[link->nhost++] = at;
			is_there[at] = true;
		}
	}
	link->host = host;
}

static void load_link(struct loader *l, const struct ini_entry *e, struct scenario_link *link)
{
	struct item item;
	uint32_t network;
	int prefix;

	if (!name_is_plain(e->key, "") || strlen(e->key) > 32)
		COMPLAIN_AT(l, e, e->key_column, "%s is no link name: a to z, 0 to 9 and -",
			    e->key);
	if (!item_read(l, e, &item))
		return;
	load_link_hosts(l, &item, link);
	if (item.nbare == 0)
		COMPLAIN_AT(l, e, e->column, "a link needs hosts");
	link->subnet = item_get(&item, "subnet")->value;
	if (link->subnet && places_parse_subnet(link->subnet, &network, &prefix) < 0)
		COMPLAIN_AT(l, e, item_get(&item, "subnet")->column,
			    "%s is no IPv4 subnet such as 10.9.0.0/24 (8 to 30 bits, host part 0)",
			    link->subnet);
	load_shape(l, e, &item, link);
}

static bool is_on(const struct scenario_link *link, size_t host)
{
	for (size_t i = 0; i < link->nhost; i++)
		if (link->host[i] == host)
			return true;
	return false;
}

static const struct ini_entry *entry_of(const struct loader *l, const struct scenario_host *host)
{
	return ini_find(&l->flat, "hosts", host->group ? host->group : host->name);
}

/* via=ROUTER: a host that forwards, on one of this host's links. False after a complaint. */
static bool check_via(struct loader *l, size_t host)
{
	const struct scenario_host *h = &l->host[host];
	const struct ini_entry *e = entry_of(l, h);

	if (!h->via)
		return true;
	size_t router = host_check(l, e, e->column, h->via);
	if (router == SIZE_MAX)
		return false;
	if (!l->host[router].does_forward)
		COMPLAIN_AT(l, e, e->column, "via: %s does not forward", h->via);
	for (size_t i = 0; i < l->out->nlink; i++)
		if (is_on(&l->out->link[i], host) && is_on(&l->out->link[i], router))
			return l->host[router].does_forward;
	COMPLAIN_AT(l, e, e->column, "via: %s shares no link with %s", h->via, h->name);
	return false;
}

/* resolver=HOST: it gets port 53 there, which on the machine's own lo is not ours. */
static bool check_resolver(struct loader *l, size_t host)
{
	const struct scenario_host *h = &l->host[host];
	const struct ini_entry *e = entry_of(l, h);

	if (!h->resolver)
		return true;
	l->out->needs |= NEED_PORTS;
	return host_check(l, e, e->column, h->resolver) != SIZE_MAX;
}

static bool check_linked(struct loader *l, size_t host)
{
	const struct ini_entry *e = entry_of(l, &l->host[host]);

	for (size_t i = 0; i < l->out->nlink; i++)
		if (is_on(&l->out->link[i], host))
			return true;
	COMPLAIN_AT(l, e, 1, "%s is on no link", l->host[host].name);
	return false;
}

/* Of a group only the first complaint is made: its hosts have one line. */
static void check_hosts(struct loader *l, bool (*check)(struct loader *l, size_t host))
{
	const char *bad = NULL;

	for (size_t i = 0; i < l->out->nhost; i++) {
		const char *group = l->host[i].group;
		if (!(bad && group && streq(bad, group)) && !check(l, i))
			bad = group;
	}
}

void load_links(struct loader *l)
{
	size_t count = entries_count(l, "links");
	struct scenario_link *link = arena_array(l->arena, count + 1, sizeof(*link));

	l->out->link = link;
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "links"))
			continue;
		link[l->out->nlink] = (struct scenario_link){ .name = e->key, .line = e->line };
		load_link(l, e, &link[l->out->nlink++]);
	}
	if (count > LINKS)
		complaint_add(l->complaints, l->path, link[LINKS].line, 1, "more than %d links",
			      LINKS);
	if (count == 0) {
		size_t *all = arena_array(l->arena, l->out->nhost + 1, sizeof(*all));
		for (size_t i = 0; i < l->out->nhost; i++)
			all[i] = i;
		link[0] = (struct scenario_link){ .name = "lan",
						  .nhost = l->out->nhost,
						  .host = all,
						  .line = l->out->nhost ? l->host[0].line : 1 };
		l->out->nlink = 1;
	}
	check_hosts(l, check_via);
	check_hosts(l, check_resolver);
	check_hosts(l, check_linked);
}
