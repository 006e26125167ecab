/* Names that resolve, and to which host. */
#include "scenario_item.h"

void load_names(struct loader *l)
{
	size_t count = entries_count(l, "names");
	size_t room = (count ? count : l->out->nhost) + 1;
	struct scenario_name *name = arena_array(l->arena, room, sizeof(*name));
	struct item item;

	l->out->dns = name;
	for (size_t i = 0; count == 0 && i < l->out->nhost; i++)
		name[l->out->nname++] = (struct scenario_name){ .name = l->host[i].name,
								.host = i,
								.ttl = SCENARIO_TTL };
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "names"))
			continue;
		struct scenario_name *n = &name[l->out->nname++];
		*n = (struct scenario_name){ .name = e->key, .ttl = SCENARIO_TTL };
		if (!name_is_plain(e->key, ".") || strstr(e->key, "..") ||
		    streq(e->key, "localhost"))
			COMPLAIN_AT(l, e, e->key_column, "%s is no name to give", e->key);
		if (!item_read(l, e, &item))
			continue;
		const struct option_value *host = item_get(&item, "host");
		size_t at = host->value ? host_check(l, e, host->column, host->value) : SIZE_MAX;
		if (!host->value)
			COMPLAIN_AT(l, e, e->column, "%s: whose name is it?", e->key);
		n->host = at == SIZE_MAX ? 0 : at;
		const struct option_value *ttl = item_get(&item, "ttl");
		if (ttl->value)
			n->ttl = (int)item_number(&item, "ttl");
		if (ttl->value && !scenario_has_resolver(l->out))
			COMPLAIN_AT(l, e, ttl->column,
				    "ttl: no host has resolver=, and /etc/hosts knows no time");
	}
}
