/* --bind first; then a machine of the host's own name; then the machines of its role in the order
 * of the inventory: `client-2` is the second of role `client`. */
#include "bind.h"

#include "buf.h"
#include "choose.h"
#include "host.h"

static const char *bound_name(const struct cli *cli, const char *host)
{
	for (size_t i = 0; i < cli->bind.count; i++)
		if (streq(cli->bind.at[i].name, host))
			return cli->bind.at[i].value;
	return NULL;
}

struct binder {
	struct binding *out;
	struct targets targets;
	bool *is_taken; /* by machine of the file */
	const struct scenario *scenario;
	const struct cli *cli;
};

/* Gives a machine of the file to a host; false with err. */
static bool give(struct binder *b, size_t host, size_t machine, struct err *err)
{
	b->is_taken[machine] = true;
	b->out->target[host] = targets_at(&b->targets, machine, err);
	return b->out->target[host] != NULL;
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

/* The first machine of that role that nobody has; SIZE_MAX: there is none. */
static size_t by_role(const struct binder *b, const char *role)
{
	size_t at = targets_role(&b->targets, role, 0);

	while (at != SIZE_MAX && b->is_taken[at])
		at = targets_role(&b->targets, role, at + 1);
	return at;
}

static int refuse_host(const struct binder *b, const struct name_value *asked, struct err *err)
{
	const char **known = arena_array(b->cli->arena, b->out->count + 1, sizeof(const char *));

	for (size_t i = 0; i < b->out->count; i++)
		known[i] = b->scenario->host[i].name;
	const char *near = nearest(asked->name, known, b->out->count);
	return err_set(err, ERR_USAGE, "--bind %s=%s: %s has no host %s%s%s%s", asked->name,
		       asked->value, b->scenario->name, asked->name, near ? ": did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

static int check_asked(const struct binder *b, struct err *err)
{
	for (size_t i = 0; i < b->cli->bind.count; i++) {
		const struct name_value *asked = &b->cli->bind.at[i];
		if (scenario_host_find(b->scenario, asked->name) == SIZE_MAX)
			return refuse_host(b, asked, err);
		if (!streq(bound_name(b->cli, asked->name), asked->value))
			return err_set(err, ERR_USAGE, "--bind %s=%s: it is bound to %s already",
				       asked->name, asked->value, bound_name(b->cli, asked->name));
	}
	return 0;
}

/* --bind and names for all hosts before roles for any: a role takes only what nobody asked for. */
static int bind_named(struct binder *b, struct err *err)
{
	if (check_asked(b, err) < 0)
		return -1;
	for (size_t i = 0; i < b->out->count; i++) {
		const char *host = b->scenario->host[i].name, *name = bound_name(b->cli, host);
		size_t at = machine_find(&b->targets.machines, name ? name : host);
		if (at != SIZE_MAX && !give(b, i, at, err))
			return err_in(err, "%s", host);
		if (at != SIZE_MAX || !name)
			continue;
		b->out->target[i] = targets_find(&b->targets, name, err);
		if (!b->out->target[i])
			return err_in(err, "--bind %s=%s", host, name);
	}
	return 0;
}

/* A machine that nobody has, with a role or a name near to what the host is asked by. */
static const char *near_machine(const struct binder *b, const char *host)
{
	const struct machines *machines = &b->targets.machines;
	struct arena *arena = b->cli->arena;
	const char *asked[] = { role_of(host, arena), host };

	for (size_t i = 0; i < machines->count; i++) {
		const struct machine *m = &machines->at[i];
		for (size_t k = 0; k < COUNT(asked) && !b->is_taken[i]; k++)
			if (m->role && nearest(m->role, &asked[k], 1))
				return arena_printf(arena, "%s has the role %s: did you mean %s?",
						    m->name, m->role, asked[k]);
			else if (nearest(m->name, &asked[k], 1))
				return arena_printf(arena, "it has %s: did you mean %s?", m->name,
						    asked[k]);
	}
	return NULL;
}

static int bind_roles(struct binder *b, struct err *err)
{
	const char *near = NULL;
	struct buf missing = { 0 };
	int status = 0;

	for (size_t i = 0; i < b->out->count && status == 0; i++) {
		const char *host = b->scenario->host[i].name;
		if (b->out->target[i])
			continue;
		size_t at = by_role(b, host);
		if (at == SIZE_MAX)
			at = by_role(b, role_of(host, b->cli->arena));
		if (at != SIZE_MAX) {
			status = give(b, i, at, err) ? 0 : err_in(err, "%s", host);
			continue;
		}
		buf_printf(&missing, "%s%s", missing.len ? ", " : "", host);
		near = near ? near : near_machine(b, host);
	}
	if (status == 0 && missing.len)
		status = err_set(
		    err, ERR_USAGE,
		    "no machine for %.500s: --bind HOST=ALIAS names one of "
		    "~/.ssh/config%s%s%s%s",
		    missing.data,
		    b->targets.from ? ", or give it a name or a role in " : "; or --inventory FILE",
		    b->targets.from ? b->targets.from : "", near ? "; " : "", near ? near : "");
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

static int read_targets(struct binder *b, struct err *err)
{
	int status = choose_read(&b->targets, b->cli, err);

	b->is_taken = arena_array(b->cli->arena, b->targets.machines.count + 1, sizeof(bool));
	return status;
}

int bind_hosts(struct binding *out, const struct cli *cli, const struct scenario *scenario,
	       struct err *err)
{
	struct binder b = { .out = out, .scenario = scenario, .cli = cli };

	*out = (struct binding){ .count = scenario->nhost };
	out->target = arena_array(cli->arena, scenario->nhost, sizeof(const struct target *));
	out->address = arena_array(cli->arena, scenario->nhost, sizeof(const char *));
	if (read_targets(&b, err) < 0 || bind_named(&b, err) < 0 || bind_roles(&b, err) < 0)
		return -1;
	for (size_t i = 0; i < out->count; i++) {
		out->address[i] = targets_lab_address(&b.targets, out->target[i], err);
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
	if (!backend_has_machines(options->backend))
		return;
	options->machines = give_machines;
	options->context = asked;
}
