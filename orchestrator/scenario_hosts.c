/* The hosts of a scenario. */
#include "scenario_item.h"

enum {
	HOSTS = 1000
};

static void check_host_name(struct loader *l, const struct ini_entry *e)
{
	if (!name_is_plain(e->key, "") || !(*e->key >= 'a' && *e->key <= 'z') ||
	    strlen(e->key) > 32)
		COMPLAIN_AT(l, e, e->key_column,
			    "%s is no host name: a to z, then also 0 to 9 and -, at most 32",
			    e->key);
	else if (streq(e->key, "heal") || streq(e->key, "wait") || streq(e->key, "localhost") ||
		 schema_is_backend(e->key))
		COMPLAIN_AT(l, e, e->key_column, "no host can be named %s", e->key);
}

static void load_sysctls(struct loader *l, const struct item *item, struct scenario_host *host)
{
	struct name_value *sysctl = arena_array(l->arena, item->nprefix + 1, sizeof(*sysctl));

	for (size_t i = 0; i < item->nprefix; i++) {
		const struct word *w = &item->words.at[item->prefix[i]];
		const char *name = w->text + strlen("sysctl."), *equals = strchr(name, '=');
		sysctl[i] = (struct name_value){
			.name = arena_ndup(l->arena, name, (size_t)(equals - name)),
			.value = equals + 1,
			.line = item->entry->line,
			.column = w->column,
		};
		if (!starts_with(sysctl[i].name, "net.") || !name_is_plain(sysctl[i].name, "._") ||
		    strstr(sysctl[i].name, ".."))
			COMPLAIN_AT(l, item->entry, w->column,
				    "sysctl.%s: only net.… belongs to a host", sysctl[i].name);
		else if (!*sysctl[i].value || strpbrk(sysctl[i].value, "\n\r"))
			COMPLAIN_AT(l, item->entry, w->column, "sysctl.%s needs a value",
				    sysctl[i].name);
	}
	host->sysctl = sysctl;
	host->nsysctl = item->nprefix;
	if (item->nprefix)
		l->out->needs |= NEED_SYSCTL;
}

void load_hosts(struct loader *l)
{
	size_t count = entries_count(l, "hosts");
	struct item item;

	l->host = arena_array(l->arena, count + 1, sizeof(*l->host));
	l->out->host = l->host;
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "hosts"))
			continue;
		struct scenario_host *h = &l->host[l->out->nhost++];
		*h = (struct scenario_host){ .name = e->key, .line = e->line };
		check_host_name(l, e);
		if (!item_read(l, e, &item))
			continue;
		h->address = item_get(&item, "address")->value;
		h->does_forward = item_get(&item, "forward")->value != NULL;
		h->via = item_get(&item, "via")->value;
		h->resolver = item_get(&item, "resolver")->value;
		load_sysctls(l, &item, h);
		struct addr addr;
		if (h->address && addr_parse(&addr, h->address, 0) == 0 && addr.family != 4)
			COMPLAIN_AT(l, e, item_get(&item, "address")->column,
				    "%s: not yet: hosts have IPv4 addresses", h->address);
	}
	if (count == 0)
		complaint_add(l->complaints, l->path, 1, 1,
			      "[hosts] is missing: name at least one");
	if (count > HOSTS)
		complaint_add(l->complaints, l->path, l->host[HOSTS].line, 1, "more than %d hosts",
			      HOSTS);
}
