/* --bind first; then a machine of the host's own name; then the machines of its role in the order
 * of the inventory: `client-2` is the second of role `client`. */
#include "bind.h"

#include "buf.h"

static const char *bound_name(const struct cli *cli, const char *host)
{
	for (size_t i = 0; i < cli->bind.count; i++)
		if (streq(cli->bind.at[i].name, host))
			return cli->bind.at[i].value;
	return NULL;
}

static bool is_bound(const struct binding *b, const struct target *target)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->target[i] == target)
			return true;
	return false;
}

/* "client-2" has the role "client"; "server" is its own. */
static const char *role_of(const char *host, struct arena *arena)
{
	size_t len = strlen(host), digits = strlen(host);

	while (digits > 0 && host[digits - 1] >= '0' && host[digits - 1] <= '9')
		digits--;
	if (digits < len && digits > 1 && host[digits - 1] == '-')
		len = digits - 1;
	return arena_ndup(arena, host, len);
}

static const struct target *by_role(const struct binding *b, const struct targets *targets,
				    const char *role)
{
	const struct target *target;

	for (size_t n = 0; (target = targets_role(targets, role, n)); n++)
		if (!is_bound(b, target))
			return target;
	return NULL;
}

static const struct target *by_name(const struct targets *targets, const char *name)
{
	for (size_t i = 0; i < targets->count; i++)
		if (streq(targets->at[i]->name, name))
			return targets->at[i];
	return NULL;
}

/* --bind and names for all hosts before roles for any: a role takes only what nobody asked for. */
static int bind_named(struct binding *b, const struct cli *cli, struct targets *targets,
		      const struct scenario *s, struct err *err)
{
	for (size_t i = 0; i < cli->bind.count; i++)
		if (scenario_host_find(s, cli->bind.at[i].name) == SIZE_MAX)
			return err_set(err, ERR_USAGE, "--bind %s=%s: %s has no host %s",
				       cli->bind.at[i].name, cli->bind.at[i].value, s->name,
				       cli->bind.at[i].name);
	for (size_t i = 0; i < b->count; i++) {
		const char *name = bound_name(cli, s->host[i].name);
		b->target[i] =
		    name ? targets_find(targets, name, err) : by_name(targets, s->host[i].name);
		if (name && !b->target[i])
			return err_in(err, "--bind %s=%s", s->host[i].name, name);
	}
	return 0;
}

static int bind_roles(struct binding *b, const struct targets *targets, const struct scenario *s,
		      struct arena *arena, struct err *err)
{
	struct buf missing = { 0 };

	for (size_t i = 0; i < b->count; i++) {
		if (!b->target[i])
			b->target[i] = by_role(b, targets, s->host[i].name);
		if (!b->target[i])
			b->target[i] = by_role(b, targets, role_of(s->host[i].name, arena));
		if (!b->target[i])
			buf_printf(&missing, "%s%s", missing.len ? ", " : "", s->host[i].name);
	}
	if (missing.len)
		err_set(err, ERR_USAGE,
			"no machine for %.500s: --bind HOST=ALIAS names one of ~/.ssh/config%s%s",
			missing.data, targets->from ? ", or give it to " : "; or --inventory FILE",
			targets->from ? targets->from : "");
	int status = missing.len ? -1 : 0;
	buf_close(&missing);
	return status;
}

static int check_apart(const struct binding *b, const struct scenario *s, struct err *err)
{
	for (size_t i = 0; i < b->count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(b->address[i], b->address[j]))
				return err_set(err, ERR_USAGE,
					       "%s and %s are both at %s (%s, %s): each host of a "
					       "scenario needs a machine of its own",
					       s->host[j].name, s->host[i].name, b->address[i],
					       b->target[j]->name, b->target[i]->name);
	return 0;
}

int bind_hosts(struct binding *out, const struct cli *cli, const struct scenario *scenario,
	       struct err *err)
{
	const struct targets_asked asked = { .inventory = cli->inventory,
					     .terraform = cli->terraform,
					     .transport = cli->transport };
	struct targets targets;

	*out = (struct binding){ .count = scenario->nhost };
	out->target = arena_array(cli->arena, scenario->nhost, sizeof(const struct target *));
	out->address = arena_array(cli->arena, scenario->nhost, sizeof(const char *));
	if (targets_read(&targets, &asked, cli->arena, err) < 0 ||
	    bind_named(out, cli, &targets, scenario, err) < 0 ||
	    bind_roles(out, &targets, scenario, cli->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < out->count; i++) {
		out->address[i] = targets_lab_address(&targets, out->target[i], err);
		if (!out->address[i])
			return err_in(err, "%s", scenario->host[i].name);
	}
	return check_apart(out, scenario, err);
}

static int give_machines(void *context, const struct scenario *scenario, const char **address,
			 struct err *err)
{
	struct bind_asked *asked = context;

	if (bind_hosts(&asked->binding, asked->cli, scenario, err) < 0)
		return -1;
	memcpy(address, asked->binding.address, scenario->nhost * sizeof(*address));
	return 0;
}

void bind_ask(struct scenario_options *options, struct bind_asked *asked, const struct cli *cli)
{
	*asked = (struct bind_asked){ .cli = cli };
	if (!streq(options->backend, "ssh"))
		return;
	options->machines = give_machines;
	options->context = asked;
}
