/* The hosts of a scenario: a line each, or a line for a group of them that differ in number alone.
 */
#include "parse.h"
#include "scenario_item.h"

enum {
	NAME_MAX_LEN = 32
};

static void check_host_name(struct loader *l, const struct ini_entry *e)
{
	if (!name_is_plain(e->key, "") || !(*e->key >= 'a' && *e->key <= 'z') ||
	    strlen(e->key) > NAME_MAX_LEN)
		COMPLAIN_AT(l, e, e->key_column,
			    "%s is no host name: a to z, then also 0 to 9 and -, at most %d",
			    e->key, NAME_MAX_LEN);
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

/* The name's number in a group, or 0: "client-7" is the 7th of "client". */
static int64_t number_in(const char *name, const char *group)
{
	size_t len = strlen(group);
	int64_t number;

	if (!starts_with(name, group) || name[len] != '-' || name[len + 1] == '0' ||
	    parse_int(name + len + 1, 1, SCENARIO_HOSTS, &number) < 0)
		return 0;
	return number;
}

/* A line whose name is also that of a host of a group. */
static void check_clashes(struct loader *l, const char *group, int64_t count, int line)
{
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "hosts"))
			continue;
		int64_t number = number_in(e->key, group);
		if (number > 0 && number <= count)
			COMPLAIN_AT(l, e, e->key_column,
				    "%s is one of the %lld hosts of %s in line %d", e->key,
				    (long long)count, group, line);
	}
}

static void add_host(struct loader *l, const struct scenario_host *host, size_t *cap)
{
	l->host = arena_grow(l->arena, l->host, l->out->nhost, cap, sizeof(*l->host));
	l->out->host = l->host;
	l->host[l->out->nhost++] = *host;
}

/* count=N: the same host N times, each with a number behind the name. */
static void add_group(struct loader *l, const struct item *item, struct scenario_host host,
		      size_t *cap)
{
	const struct ini_entry *e = item->entry;
	int64_t count = item_number(item, "count");
	int column = item_get(item, "count")->column;

	host.group = e->key;
	if (host.address)
		COMPLAIN_AT(l, e, item_get(item, "address")->column,
			    "count: %lld hosts cannot share the address %s", (long long)count,
			    host.address);
	host.address = NULL;
	if (strlen(arena_printf(l->arena, "%s-%lld", e->key, (long long)count)) > NAME_MAX_LEN)
		COMPLAIN_AT(l, e, e->key_column, "%s-%lld has more than %d characters", e->key,
			    (long long)count, NAME_MAX_LEN);
	check_clashes(l, e->key, count, e->line);
	if (l->out->nhost + (size_t)count > SCENARIO_HOSTS) {
		COMPLAIN_AT(l, e, column, "count: with these there are more than %d hosts",
			    SCENARIO_HOSTS);
		add_host(l, &host, cap);
		return;
	}
	for (int64_t i = 1; i <= count; i++) {
		host.name = arena_printf(l->arena, "%s-%lld", e->key, (long long)i);
		add_host(l, &host, cap);
	}
}

static void load_host(struct loader *l, const struct ini_entry *e, size_t *cap)
{
	struct scenario_host host = { .name = e->key, .line = e->line };
	struct item item;
	struct addr addr;

	check_host_name(l, e);
	if (!item_read(l, e, &item)) {
		host.group = item_get(&item, "count")->column ? e->key : NULL;
		add_host(l, &host, cap);
		return;
	}
	host.address = item_get(&item, "address")->value;
	host.does_forward = item_get(&item, "forward")->value != NULL;
	host.via = item_get(&item, "via")->value;
	host.resolver = item_get(&item, "resolver")->value;
	load_sysctls(l, &item, &host);
	if (host.address && addr_parse(&addr, host.address, 0) == 0 && addr.family != 4)
		COMPLAIN_AT(l, e, item_get(&item, "address")->column,
			    "%s: not yet: hosts have IPv4 addresses", host.address);
	if (item_get(&item, "count")->value)
		add_group(l, &item, host, cap);
	else
		add_host(l, &host, cap);
}

void load_hosts(struct loader *l)
{
	bool is_over = false;
	size_t cap = 0;

	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "hosts"))
			continue;
		load_host(l, e, &cap);
		if (l->out->nhost > SCENARIO_HOSTS && !is_over)
			COMPLAIN_AT(l, e, 1, "more than %d hosts", SCENARIO_HOSTS);
		is_over = l->out->nhost > SCENARIO_HOSTS;
	}
	if (l->out->nhost == 0)
		complaint_add(l->complaints, l->path, 1, 1,
			      "[hosts] is missing: name at least one");
}
