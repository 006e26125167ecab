/* One value against its kind: the same check for the parameters of verbs and the words of sections.
 */
#include "scenario_load.h"

#include "parse.h"

enum {
	COUNT_MOST = 1000000
};

bool name_is_plain(const char *name, const char *more)
{
	if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9')) ||
	    strlen(name) > 63)
		return false;
	for (const char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' ||
		      strchr(more, *c)))
			return false;
	return name[strlen(name) - 1] != '-';
}

size_t host_check(struct loader *loader, const struct ini_entry *entry, int column,
		  const char *name)
{
	size_t host = scenario_host_find(loader->out, name), count;
	const char **known = arena_array(loader->arena, loader->out->nhost + 1, sizeof(*known));

	if (host != SIZE_MAX)
		return host;
	if (scenario_hosts_find(loader->out, name, &count) != SIZE_MAX) {
		if (count == 1)
			COMPLAIN_AT(loader, entry, column, "%s is a group of one: write %s-1", name,
				    name);
		else
			COMPLAIN_AT(loader, entry, column,
				    "%s is %zu hosts: name one of %s-1 to %s-%zu", name, count,
				    name, name, count);
		return SIZE_MAX;
	}
	for (size_t i = 0; i < loader->out->nhost; i++)
		known[i] = loader->out->host[i].name;
	COMPLAIN_AT(loader, entry, column, "%s is no host%s", name,
		    did_you_mean(loader->arena, name, known, loader->out->nhost));
	return SIZE_MAX;
}

size_t hosts_check(struct loader *loader, const struct ini_entry *entry, int column,
		   const char *name, size_t *count)
{
	size_t first = scenario_hosts_find(loader->out, name, count);

	return first != SIZE_MAX ? first : host_check(loader, entry, column, name);
}

size_t step_check(struct loader *loader, const struct ini_entry *entry, int column,
		  const char *name)
{
	size_t step = scenario_step_find(loader->out, name);
	const char **known = arena_array(loader->arena, loader->out->nstep + 1, sizeof(*known));

	if (step != SIZE_MAX)
		return step;
	for (size_t i = 0; i < loader->out->nstep; i++)
		known[i] = loader->out->step[i].name;
	COMPLAIN_AT(loader, entry, column, "%s is no earlier step%s", name,
		    did_you_mean(loader->arena, name, known, loader->out->nstep));
	return SIZE_MAX;
}

/* A name of the wide world, where there is a DNS server to deny it; HOST.LINK belongs to the plan.
 */
static bool is_for_dns(const struct loader *l, const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && scenario_has_resolver(l->out) && name_is_plain(name, ".") &&
	       !strstr(name, "..") && dot != name && dot[strlen(dot) - 1] != '.' &&
	       scenario_host_find(l->out, arena_ndup(l->arena, name, (size_t)(dot - name))) ==
		   SIZE_MAX;
}

/* NAME of an endpoint: a name that resolves, or HOST.LINK. */
static bool is_known_name(struct loader *l, const char *name)
{
	size_t host = scenario_host_find(l->out, name);

	if (host != SIZE_MAX && !streq(l->out->host[host].name, name))
		return true; /* one of a group that was complained about */
	for (size_t i = 0; i < l->out->nname; i++)
		if (streq(l->out->dns[i].name, name))
			return true;
	for (size_t link = 0; link < l->out->nlink; link++)
		for (size_t i = 0; i < l->out->link[link].nhost; i++) {
			const char *own = l->out->host[l->out->link[link].host[i]].name;
			size_t len = strlen(own);
			if (starts_with(name, own) && name[len] == '.' &&
			    streq(name + len + 1, l->out->link[link].name))
				return true;
		}
	return false;
}

static const char *check_endpoint(struct loader *l, const struct ini_entry *e, int column,
				  const char *text)
{
	const char *colon = strrchr(text, ':');
	struct addr addr;
	int64_t port;

	if (!colon || colon == text) {
		COMPLAIN_AT(l, e, column, "%s is no NAME:PORT", text);
		return NULL;
	}
	if (parse_int(colon + 1, 1, 65535, &port) < 0) {
		COMPLAIN_AT(l, e, column, "port: %s is not a port (1 to 65535)", colon + 1);
		return NULL;
	}
	const char *name = arena_ndup(l->arena, text, (size_t)(colon - text));
	size_t len = strlen(name);
	if (name[0] == '[' && name[len - 1] == ']') {
		const char *ip = arena_ndup(l->arena, name + 1, len - 2);
		if (addr_parse(&addr, ip, (uint16_t)port) == 0 && addr.family == 6)
			return text;
		COMPLAIN_AT(l, e, column, "%s is no IPv6 address", ip);
		return NULL;
	}
	if (addr_parse(&addr, name, (uint16_t)port) == 0) {
		if (addr.family == 4)
			return text;
		COMPLAIN_AT(l, e, column, "write an IPv6 address in brackets: [%s]:%d", name,
			    (int)port);
		return NULL;
	}
	if (is_known_name(l, name) || is_for_dns(l, name))
		return arena_printf(l->arena, "%s:%d", name, (int)port);
	const char **known = arena_array(l->arena, l->out->nname + 1, sizeof(*known));
	for (size_t i = 0; i < l->out->nname; i++)
		known[i] = l->out->dns[i].name;
	COMPLAIN_AT(l, e, column, "%s is no name that resolves here%s", name,
		    did_you_mean(l->arena, name, known, l->out->nname));
	return NULL;
}

static const char *check_choice(struct loader *l, const struct ini_entry *e, int column,
				const char *name, const char *choices, const char *text)
{
	const char *known[32];
	size_t count = 0;

	for (const char *at = choices; *at && count < COUNT(known);) {
		size_t len = strcspn(at, " ");
		known[count] = arena_ndup(l->arena, at, len);
		if (streq(known[count], text))
			return text;
		count++;
		at += len + (at[len] == ' ');
	}
	if (count == 1)
		COMPLAIN_AT(l, e, column, "%s: %s is not known, only %s is", name, text, choices);
	else
		COMPLAIN_AT(l, e, column, "%s: %s is none of %s%s", name, text, choices,
			    did_you_mean(l->arena, text, known, count));
	return NULL;
}

static bool has_control(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return true;
	return false;
}

static const char *check_number(struct loader *l, const struct ini_entry *e, int column,
				const struct param *param, const char *text)
{
	int64_t most = param->most ? param->most : COUNT_MOST;
	int64_t value;
	int status;

	switch ((int)param->kind) {
	case PARAM_PORT:
		status = parse_int(text, 1, 65535, &value);
		if (status < 0)
			COMPLAIN_AT(l, e, column, "%s: %s is not a port (1 to 65535)", param->name,
				    text);
		break;
	case PARAM_COUNT:
		status = parse_int(text, param->least, most, &value);
		if (status < 0)
			COMPLAIN_AT(l, e, column, "%s: %s is not a number from %lld to %lld",
				    param->name, text, (long long)param->least, (long long)most);
		break;
	case PARAM_DURATION:
		status = parse_duration_ns(text, &value);
		if (status < 0)
			COMPLAIN_AT(l, e, column, "%s: %s is not a time such as 50ms or 3s",
				    param->name, text);
		break;
	default:
		status = parse_size(text, &value);
		if (status < 0)
			COMPLAIN_AT(l, e, column, "%s: %s is not a size such as 512 or 64k",
				    param->name, text);
		break;
	}
	return status < 0 ? NULL : arena_printf(l->arena, "%lld", (long long)value);
}

const char *value_check(struct loader *loader, const struct ini_entry *entry, int column,
			const struct param *param, const char *text)
{
	struct addr addr;

	if (!*text && param->kind != PARAM_TEXT) {
		COMPLAIN_AT(loader, entry, column, "%s: a value is needed", param->name);
		return NULL;
	}
	if (param->kind != PARAM_TEXT && has_control(text)) {
		COMPLAIN_AT(loader, entry, column, "%s: control bytes have no place here",
			    param->name);
		return NULL;
	}
	switch (param->kind) {
	case PARAM_PORT:
	case PARAM_COUNT:
	case PARAM_DURATION:
	case PARAM_SIZE:
		return check_number(loader, entry, column, param, text);
	case PARAM_ENDPOINT:
		return check_endpoint(loader, entry, column, text);
	case PARAM_YESNO:
		return check_choice(loader, entry, column, param->name, "yes no", text);
	case PARAM_CHOICE:
		return check_choice(loader, entry, column, param->name, param->choices, text);
	case PARAM_ADDRESS:
		if (addr_parse(&addr, text, 0) == 0)
			return text;
		COMPLAIN_AT(loader, entry, column, "%s: %s is no IP address", param->name, text);
		return NULL;
	case PARAM_STEP:
	case PARAM_WORD:
	case PARAM_TEXT:
	case PARAM_REST:
		return text;
	}
	return text;
}
