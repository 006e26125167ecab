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
	size_t *host = arena_array(l->arena, item.nbare + 1, sizeof(*host));
	for (size_t i = 0; i < item.nbare; i++) {
		const struct word *w = &item.words.at[item.bare[i]];
		size_t at = host_check(l, e, w->column, w->text);
		if (at == SIZE_MAX)
			continue;
		for (size_t j = 0; j < link->nhost; j++)
			if (host[j] == at)
				COMPLAIN_AT(l, e, w->column, "%s is on this link already", w->text);
		host[link->nhost++] = at;
	}
	link->host = host;
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

/* via=ROUTER: a host that forwards, on one of this host's links. */
static void check_via(struct loader *l, size_t host)
{
	const struct scenario_host *h = &l->host[host];
	const struct ini_entry *e = ini_find(&l->flat, "hosts", h->name);

	if (!h->via)
		return;
	size_t router = host_check(l, e, e->column, h->via);
	if (router == SIZE_MAX)
		return;
	if (!l->host[router].does_forward)
		COMPLAIN_AT(l, e, e->column, "via: %s does not forward", h->via);
	for (size_t i = 0; i < l->out->nlink; i++)
		if (is_on(&l->out->link[i], host) && is_on(&l->out->link[i], router))
			return;
	COMPLAIN_AT(l, e, e->column, "via: %s shares no link with %s", h->via, h->name);
}

/* resolver=HOST: it gets port 53 there, which on the machine's own lo is not ours. */
static void check_resolver(struct loader *l, size_t host)
{
	const struct scenario_host *h = &l->host[host];
	const struct ini_entry *e = ini_find(&l->flat, "hosts", h->name);

	if (h->resolver && host_check(l, e, e->column, h->resolver) != SIZE_MAX)
		l->out->needs |= NEED_PORTS;
}

static bool is_linked(const struct scenario *s, size_t host)
{
	for (size_t i = 0; i < s->nlink; i++)
		if (is_on(&s->link[i], host))
			return true;
	return false;
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
	for (size_t i = 0; i < l->out->nhost; i++)
		check_via(l, i);
	for (size_t i = 0; i < l->out->nhost; i++)
		check_resolver(l, i);
	for (size_t i = 0; i < l->out->nhost; i++)
		if (!is_linked(l->out, i))
			complaint_add(l->complaints, l->path, l->host[i].line, 1,
				      "%s is on no link", l->host[i].name);
}
