/* Aliases are asked for once and kept. */
#include "targets.h"

#include "addr.h"
#include "proc.h"
#include "ssh_config.h"

enum {
	LOOK_UP_MS = 10000
};

int targets_read(struct targets *out, const struct targets_asked *asked, struct arena *arena,
		 struct err *err)
{
	(void)err;
	*out = (struct targets){ .arena = arena };
	out->transport = asked->transport;
	return 0;
}

static const struct target *find_read(const struct targets *targets, const char *name)
{
	for (size_t i = 0; i < targets->count; i++)
		if (streq(targets->at[i]->name, name))
			return targets->at[i];
	for (size_t i = 0; i < targets->nalias; i++)
		if (streq(targets->alias[i]->name, name))
			return targets->alias[i];
	return NULL;
}

static void choose_transport(const struct targets *targets, struct target *target)
{
	if (targets->transport && streq(targets->transport, "openssh"))
		target->transport = TRANSPORT_OPENSSH;
	if (targets->transport && streq(targets->transport, "libssh2")) {
		target->transport = TRANSPORT_LIBSSH2;
		target->why = NULL;
	}
}

/* A jump host is an alias like any other; its own jump would be a chain. */
static int find_jump(struct targets *targets, struct target *target, const char *jump,
		     struct err *err)
{
	if (!jump || target->transport == TRANSPORT_OPENSSH)
		return 0;
	target->jump = targets_find(targets, jump, err);
	if (!target->jump)
		return -1;
	if (target->jump->jump || target->jump->transport == TRANSPORT_OPENSSH) {
		target->transport = TRANSPORT_OPENSSH;
		target->why = "its jump host needs ssh itself";
	}
	return 0;
}

const struct target *targets_find(struct targets *targets, const char *name, struct err *err)
{
	const struct target *known = find_read(targets, name);
	const char *jump;

	if (known)
		return known;
	struct target *target = arena_alloc(targets->arena, sizeof(*target));
	if (ssh_config_ask(target, &jump, name, targets->arena, err) < 0)
		return NULL;
	choose_transport(targets, target);
	targets->alias = arena_grow(targets->arena, targets->alias, targets->nalias,
				    &targets->alias_cap, sizeof(*targets->alias));
	targets->alias[targets->nalias++] = target;
	return find_jump(targets, target, jump, err) < 0 ? NULL : target;
}

const struct target *targets_role(const struct targets *targets, const char *role, size_t nth)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->at[i]->role && streq(targets->at[i]->role, role) && nth-- == 0)
			return targets->at[i];
	return NULL;
}

const char *targets_lab_address(struct targets *targets, const struct target *target,
				struct err *err)
{
	const char *name = target->lab_address ? target->lab_address : target->address;
	const char *const argv[] = { "getent", "ahostsv4", name, NULL };
	struct proc_result result;
	struct addr addr;
	char text[ADDR_TEXT];

	if (addr_parse(&addr, name, 0) == 0 && addr.family == 4)
		return name;
	int status = proc_run(argv, NULL, LOOK_UP_MS, &result, err);
	char *first = status == 0 && result.out.data ? result.out.data : NULL;
	if (first)
		first[strcspn(first, " \n")] = '\0';
	if (first && addr_parse(&addr, first, 0) == 0) {
		name = arena_dup(targets->arena, addr_ip_text(&addr, text));
	} else {
		name = NULL;
		err_set(err, ERR_USAGE,
			"%s: no IPv4 address is known for %s: give it a lab-address in an "
			"inventory",
			target->name, target->address);
	}
	proc_result_close(&result);
	return name;
}
