/* Aliases are asked for once and kept; a machine with an address costs no other program. */
#include "targets.h"

#include <limits.h>
#include <pwd.h>
#include <strings.h>
#include <unistd.h>

#include "env.h"
#include "inventory.h"
#include "rundir.h"
#include "ssh_config.h"
#include "terraform.h"

enum {
	MOST_JUMPS = 8
};

/* What ssh itself would try: the files of keys that are there, and where known hosts are. */
static void read_usual(struct targets *targets)
{
	static const char *const key[] = { "id_ed25519", "id_ecdsa", "id_rsa" };
	static const char *const known[] = { "/etc/ssh/ssh_known_hosts",
					     "/etc/ssh/ssh_known_hosts2" };
	struct arena *arena = targets->arena;
	const char **identity = arena_array(arena, COUNT(key), sizeof(const char *));
	const char **hosts = arena_array(arena, 2 + COUNT(known), sizeof(const char *));
	const struct passwd *who = getpwuid(getuid());
	struct target *usual = &targets->usual;

	*usual = (struct target){ .port = 22, .identity = identity, .known_hosts = hosts };
	usual->user = who && who->pw_name ? arena_dup(arena, who->pw_name)
					  : arena_printf(arena, "%u", (unsigned)getuid());
	usual->agent_socket = env_get(VAR_SSH_AUTH_SOCK);
	for (size_t i = 0; i < COUNT(key); i++) {
		const char *path = arena_printf(arena, "%s/.ssh/%s", targets->home, key[i]);
		if (access(path, F_OK) == 0)
			identity[usual->nidentity++] = path;
	}
	hosts[usual->nknown_hosts++] = arena_printf(arena, "%s/.ssh/known_hosts", targets->home);
	hosts[usual->nknown_hosts++] = arena_printf(arena, "%s/.ssh/known_hosts2", targets->home);
	for (size_t i = 0; i < COUNT(known); i++)
		hosts[usual->nknown_hosts++] = known[i];
}

int targets_read(struct targets *out, const struct targets_asked *asked, struct arena *arena,
		 struct complaints *complaints, struct err *err)
{
	size_t before = complaints->count;
	int status = 0;

	*out = (struct targets){ .arena = arena, .transport = asked->transport };
	*err = (struct err){ .kind = ERR_NONE };
	if (asked->inventory && asked->terraform)
		return err_set(err, ERR_USAGE,
			       "--inventory and --terraform: machines come from one of them");
	out->from = asked->inventory ? asked->inventory : asked->terraform;
	if (!out->from)
		return 0;
	out->home = ssh_config_home(arena);
	status = asked->inventory ? inventory_read(&out->machines, asked->inventory, out->home,
						   arena, complaints, err)
				  : terraform_read(&out->machines, asked->terraform, out->home,
						   arena, complaints, err);
	if (complaints->count > before)
		return err_set(err, ERR_USAGE, "%s: %zu error%s: nothing was run", out->from,
			       complaints->count - before,
			       complaints->count - before == 1 ? "" : "s");
	if (status < 0)
		return -1;
	out->target = arena_array(arena, out->machines.count + 1, sizeof(struct target *));
	read_usual(out);
	return 0;
}

static void choose_transport(const char *kind, struct target *target)
{
	target->is_transport_asked = target->is_transport_asked || kind;
	if (kind && streq(kind, "openssh"))
		target->transport = TRANSPORT_OPENSSH;
	if (kind && streq(kind, "libssh2")) {
		target->transport = TRANSPORT_LIBSSH2;
		target->why = NULL;
	}
}

static struct target *find(struct targets *targets, const char *name, bool is_jump,
			   struct err *err);

/* A jump host is a machine like any other; its own jump would be a chain. */
static int find_jump(struct targets *targets, struct target *target, const char *jump,
		     struct err *err)
{
	if (targets->depth == MOST_JUMPS)
		return err_set(err, ERR_USAGE,
			       "%s: its jump hosts lead in a circle, or through more than %d",
			       target->name, MOST_JUMPS);
	targets->depth++;
	target->jump = find(targets, jump, true, err);
	targets->depth--;
	if (!target->jump)
		return err_in(err, "%s", target->name);
	if ((target->jump->jump || target->jump->transport == TRANSPORT_OPENSSH) &&
	    target->transport != TRANSPORT_OPENSSH) {
		target->transport = TRANSPORT_OPENSSH;
		target->why = target->jump->jump ? "more than one jump host"
						 : "its jump host needs ssh itself";
	}
	return 0;
}

/* What ssh itself knows of a name. `over` is what is said beside that; the jump is its own matter
 * where ssh is the transport. */
static struct target *ask(struct targets *targets, const char *name, const char *const *over,
			  const char *transport, struct err *err)
{
	struct target *target = arena_alloc(targets->arena, sizeof(*target));
	const char *jump;

	if (ssh_config_ask(target, &jump, name, over, targets->arena, err) < 0)
		return NULL;
	target->over = over;
	choose_transport(transport, target);
	choose_transport(targets->transport, target);
	if (jump && target->transport != TRANSPORT_OPENSSH &&
	    find_jump(targets, target, jump, err) < 0)
		return NULL;
	return target;
}

/* Keys that a line names are the only ones: those of any host are for machines without. */
static void name_keys(struct target *target, const struct machine *m)
{
	if (m->nidentity == 0)
		return;
	target->nidentity = m->nidentity;
	target->identity = m->identity;
	target->is_identity_only = true;
}

/* The options of ssh for what a line says of an alias. */
static const char *const *options_of(const struct targets *targets, const struct machine *m)
{
	const char **word = arena_array(targets->arena, 2 * m->nidentity + 9, sizeof(const char *));
	size_t count = 0;

	if (m->user) {
		word[count++] = "-l";
		word[count++] = m->user;
	}
	if (m->port) {
		word[count++] = "-p";
		word[count++] = arena_printf(targets->arena, "%d", m->port);
	}
	for (size_t i = 0; i < m->nidentity; i++) {
		word[count++] = "-i";
		word[count++] = m->identity[i];
	}
	if (m->nidentity) {
		word[count++] = "-o";
		word[count++] = "IdentitiesOnly=yes";
	}
	if (m->jump || m->has_no_jump) {
		word[count++] = "-J";
		word[count++] = "none";
	}
	return count ? word : NULL;
}

static struct target *from_alias(struct targets *targets, const struct machine *m, struct err *err)
{
	struct target *target = ask(targets, m->name, options_of(targets, m), m->transport, err);

	if (!target)
		return NULL;
	target->is_jump_over = m->jump != NULL;
	name_keys(target, m);
	return target;
}

/* One file a lab, one name an instance: a lab that is made anew, or a host that is replaced, is
 * new; whoever else comes to have its address is not taken for it. */
static int pin(const struct targets *targets, const struct machine *m, struct target *target,
	       struct err *err)
{
	const struct target *usual = &targets->usual;
	const char **known =
	    arena_array(targets->arena, usual->nknown_hosts + 1, sizeof(const char *));
	char folder[PATH_MAX];

	if (rundir_state(folder, "known-hosts", err) < 0)
		return err_in(err, "%s", m->name);
	target->pins = arena_printf(targets->arena, "%s/%s", folder, m->lab);
	target->host_key_name = arena_printf(targets->arena, "%s.%s", m->name, m->instance);
	known[0] = target->pins;
	memcpy(known + 1, usual->known_hosts, usual->nknown_hosts * sizeof(*known));
	target->known_hosts = known;
	target->nknown_hosts = usual->nknown_hosts + 1;
	return 0;
}

/* NULL with err. */
static struct target *from_address(const struct targets *targets, const struct machine *m,
				   struct err *err)
{
	struct target *target = arena_alloc(targets->arena, sizeof(*target));

	*target = targets->usual;
	target->name = m->name;
	target->address = m->address;
	target->port = m->port ? m->port : target->port;
	target->user = m->user ? m->user : target->user;
	name_keys(target, m);
	if (m->is_made && pin(targets, m, target, err) < 0)
		return NULL;
	choose_transport(m->transport, target);
	choose_transport(targets->transport, target);
	return target;
}

static struct target *make(struct targets *targets, size_t i, struct err *err)
{
	const struct machine *m = &targets->machines.at[i];
	struct target *target = targets->target[i];

	if (target)
		return target;
	target = m->address ? from_address(targets, m, err) : from_alias(targets, m, err);
	if (!target)
		return NULL;
	target->role = m->role;
	target->lab_address = m->lab_address;
	if (m->jump && find_jump(targets, target, m->jump, err) < 0)
		return NULL;
	targets->target[i] = target;
	return target;
}

/* A jump host may be written as user@host:port, which is no name for ssh -G. */
static struct target *find_alias(struct targets *targets, const char *name, bool is_jump,
				 struct err *err)
{
	const char *const *options = NULL;
	const char *host = name;
	struct target *target;

	for (size_t i = 0; i < targets->nalias; i++)
		if (streq(targets->alias[i]->name, name))
			return targets->alias[i];
	if (is_jump && ssh_config_split(name, &host, &options, targets->arena) < 0) {
		err_set(err, ERR_USAGE, "jump host %s: it is neither an alias nor user@host:port",
			name);
		return NULL;
	}
	target = ask(targets, host, options, NULL, err);
	if (!target)
		return NULL;
	target->name = arena_dup(targets->arena, name);
	target->over = NULL; /* the name says it: ssh -J takes it as it is written */
	targets->alias = arena_grow(targets->arena, targets->alias, targets->nalias,
				    &targets->alias_cap, sizeof(struct target *));
	targets->alias[targets->nalias++] = target;
	return target;
}

static struct target *find(struct targets *targets, const char *name, bool is_jump, struct err *err)
{
	size_t at = machine_find(&targets->machines, name);

	return at != SIZE_MAX ? make(targets, at, err) : find_alias(targets, name, is_jump, err);
}

const struct target *targets_at(struct targets *targets, size_t i, struct err *err)
{
	return make(targets, i, err);
}

const struct target *targets_find(struct targets *targets, const char *name, struct err *err)
{
	return find(targets, name, false, err);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

/* Does ~/.ssh/config say of it what it says of any name? */
static bool is_any_name(const struct target *target, const struct target *any)
{
	if (strcasecmp(target->address, target->name) != 0 || target->port != any->port ||
	    !streq(target->user, any->user) || target->nidentity != any->nidentity ||
	    target->transport != any->transport || target->jump != any->jump ||
	    !is_same(target->host_key_name, any->host_key_name))
		return false;
	for (size_t i = 0; i < target->nidentity; i++)
		if (!streq(target->identity[i], any->identity[i]))
			return false;
	return true;
}

const struct target *targets_known(struct targets *targets, const char *name, struct err *err)
{
	const struct target *target, *any;
	size_t at = machine_find(&targets->machines, name);

	for (size_t i = 0; at == SIZE_MAX && i < targets->machines.count; i++) {
		const struct machine *m = &targets->machines.at[i];
		if (is_same(m->address, name) || is_same(m->lab_address, name))
			at = i;
	}
	if (at != SIZE_MAX)
		return make(targets, at, err);
	if (strchr(name, ':') || !(target = find_alias(targets, name, false, err)) ||
	    !(any = find_alias(targets, "lab-asks-for-no-machine.invalid", false, err)))
		return NULL;
	return is_any_name(target, any) ? NULL : target;
}

size_t targets_role(const struct targets *targets, const char *role, size_t from)
{
	for (size_t i = from; i < targets->machines.count; i++)
		if (targets->machines.at[i].role && streq(targets->machines.at[i].role, role))
			return i;
	return SIZE_MAX;
}
