/* What getent knows of a name, and what is said of one that nobody knows. */
#include "nearest.h"
#include "proc.h"
#include "targets.h"

enum {
	LOOK_UP_MS = 10000
};

/* NULL: no machine of the file has a name near that one. */
static const char *near_machine(const struct targets *targets, const char *name)
{
	const char **known =
	    arena_array(targets->arena, targets->machines.count + 1, sizeof(const char *));

	for (size_t i = 0; i < targets->machines.count; i++)
		known[i] = targets->machines.at[i].name;
	return nearest(name, known, targets->machines.count);
}

static bool may_have_address(const char *name)
{
	const char *const argv[] = { "getent", "ahosts", name, NULL };
	struct proc_result result;
	struct err ignored = { 0 };

	int status = proc_run(argv, NULL, LOOK_UP_MS, &result, &ignored);
	bool is_nobodys = status == 0 && result.status != 0;
	proc_result_close(&result);
	return !is_nobodys; /* also where that cannot be known */
}

int targets_doubt(struct targets *targets, const char *name, struct err *err)
{
	const char *near = near_machine(targets, name);

	if (!near || machine_find(&targets->machines, name) != SIZE_MAX ||
	    targets_known(targets, name, err))
		return 0;
	if (err->kind != ERR_NONE)
		return -1;
	if (may_have_address(name))
		return 0;
	return err_set(err, ERR_USAGE,
		       "%s: %s has no such machine, nor has getent ahosts: did you mean %s?", name,
		       targets->from, near);
}

/* A name that ssh knows nothing of is most often a slip of the fingers. */
static void complain_unknown(const struct targets *targets, const struct target *target,
			     const char *name, struct err *err)
{
	const char *near = near_machine(targets, target->name);

	if (near && !streq(near, target->name))
		err_set(err, ERR_USAGE,
			"%s: %s has no such machine, and no IPv4 address is known for %s: did you "
			"mean %s?",
			target->name, targets->from, name, near);
	else if (streq(target->name, name))
		err_set(err, ERR_USAGE,
			"%s: neither ~/.ssh/config nor getent ahostsv4 has an address for it: is "
			"the name right? else give it a lab-address in an inventory",
			name);
	else
		err_set(err, ERR_USAGE,
			"%s: no IPv4 address is known for %s: %sgive it a lab-address in an "
			"inventory",
			target->name, name, strchr(name, ':') ? "" : "is the name right? else ");
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
		complain_unknown(targets, target, name, err);
		name = NULL;
	}
	proc_result_close(&result);
	return name;
}
