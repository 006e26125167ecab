/* Groups have rules of the kind "let in from there", ACLs have entries in an order: here both are
 * rows of one table. */
#include "ec2_network.h"

#include <stdlib.h>

#include "util.h"

struct rows {
	struct arena *arena;
	struct ec2_rule *at;
	size_t count, cap;
};

static const char *text_or(const struct xml *node, const char *path, const char *otherwise)
{
	const char *text = xml_text(node, path);

	return text ? text : otherwise;
}

static int port_of(const struct xml *node, const char *path)
{
	const char *text = xml_text(node, path);
	char *end;
	long port = text ? strtol(text, &end, 10) : -1;

	return text && *text && !*end && port >= 0 && port <= UINT16_MAX ? (int)port : -1;
}

static const char *protocol_of(const struct xml *node, const char *path)
{
	static const char *const names[][2] = {
		{ "-1", "all" }, { "1", "icmp" }, { "6", "tcp" }, { "17", "udp" }
	};
	const char *text = text_or(node, path, "all");

	for (size_t i = 0; i < COUNT(names); i++)
		if (streq(text, names[i][0]))
			return names[i][1];
	return text;
}

static int add(struct rows *rows, const struct ec2_rule *rule, struct err *err)
{
	if (rows->count == EC2_RULES)
		return err_set(err, ERR_CANNOT, "ec2: more than %d rules", EC2_RULES);
	rows->at = arena_grow(rows->arena, rows->at, rows->count, &rows->cap, sizeof *rows->at);
	rows->at[rows->count++] = *rule;
	return 0;
}

/* One permission stands for as many rules as it names ranges, and one more for whatever it names
 * beside IPv4. */
static int add_permission(struct rows *rows, const struct xml *permission, struct ec2_rule rule,
			  struct err *err)
{
	static const char *const others[] = { "groups", "prefixListIds" };
	const struct xml *ranges = xml_at(permission, "ipRanges");

	rule.does_allow = true;
	rule.protocol = protocol_of(permission, "ipProtocol");
	rule.from_port = port_of(permission, "fromPort");
	rule.to_port = port_of(permission, "toPort");
	for (const struct xml *one = ranges ? ranges->first : NULL; one; one = one->next) {
		rule.cidr = text_or(one, "cidrIp", "");
		if (add(rows, &rule, err) < 0)
			return -1;
	}
	rule.cidr = "";
	for (size_t i = 0; i < COUNT(others); i++) {
		const struct xml *other = xml_at(permission, others[i]);
		if (other && other->first)
			return add(rows, &rule, err);
	}
	return 0;
}

static int add_group(struct rows *rows, const struct xml *group, struct err *err)
{
	for (int is_out = 0; is_out < 2; is_out++) {
		const struct xml *set =
		    xml_at(group, is_out ? "ipPermissionsEgress" : "ipPermissions");
		const struct ec2_rule rule = { .of = text_or(group, "groupId", ""),
					       .is_out = is_out };

		for (const struct xml *one = set ? set->first : NULL; one; one = one->next)
			if (add_permission(rows, one, rule, err) < 0)
				return -1;
	}
	return 0;
}

static int describe(const struct aws *aws, const char *action,
		    const struct aws_parameter *parameters, size_t count, struct arena *arena,
		    const struct xml **answer, struct err *err)
{
	struct aws_refusal refusal;

	return aws_query(aws, AWS_EC2, action, parameters, count, arena, answer, &refusal, err);
}

int ec2_group_rules(const struct aws *aws, const char *const *group, size_t count,
		    struct arena *arena, struct ec2_rule **out, size_t *nrule, struct err *err)
{
	struct aws_parameter *parameters = arena_array(arena, count + 1, sizeof *parameters);
	struct rows rows = { .arena = arena };
	const struct xml *answer, *set;

	for (size_t i = 0; i < count; i++)
		parameters[i] =
		    (struct aws_parameter){ arena_printf(arena, "GroupId.%zu", i + 1), group[i] };
	if (describe(aws, "DescribeSecurityGroups", parameters, count, arena, &answer, err) < 0)
		return -1;
	set = xml_at(answer, "securityGroupInfo");
	for (const struct xml *one = set ? set->first : NULL; one; one = one->next)
		if (add_group(&rows, one, err) < 0)
			return -1;
	*out = rows.at;
	*nrule = rows.count;
	return 0;
}

static int add_entry(struct rows *rows, const struct xml *acl, const struct xml *entry,
		     struct err *err)
{
	const struct ec2_rule rule = {
		.of = text_or(acl, "networkAclId", ""),
		.number = (int)strtol(text_or(entry, "ruleNumber", "0"), NULL, 10),
		.is_out = streq(text_or(entry, "egress", ""), "true"),
		.does_allow = streq(text_or(entry, "ruleAction", ""), "allow"),
		.protocol = protocol_of(entry, "protocol"),
		.from_port = port_of(entry, "portRange/from"),
		.to_port = port_of(entry, "portRange/to"),
		.cidr = text_or(entry, "cidrBlock", ""),
	};

	return add(rows, &rule, err);
}

int ec2_acl_rules(const struct aws *aws, const char *acl, struct arena *arena,
		  struct ec2_rule **out, size_t *nrule, struct err *err)
{
	const struct aws_parameter one = { "NetworkAclId.1", acl };
	struct rows rows = { .arena = arena };
	const struct xml *answer, *found, *set;

	if (describe(aws, "DescribeNetworkAcls", &one, 1, arena, &answer, err) < 0)
		return -1;
	found = xml_at(answer, "networkAclSet/item");
	set = xml_at(found, "entrySet");
	for (const struct xml *entry = set ? set->first : NULL; entry; entry = entry->next)
		if (add_entry(&rows, found, entry, err) < 0)
			return -1;
	*out = rows.at;
	*nrule = rows.count;
	return 0;
}

static int named(const struct aws *aws, const char *const words[3], const char *lab,
		 const char *name, struct arena *arena, const char **id, struct err *err)
{
	const struct aws_parameter of_lab[] = {
		{ "Filter.1.Name", "tag:lab" },
		{ "Filter.1.Value.1", lab },
		{ "Filter.2.Name", "tag:Name" },
		{ "Filter.2.Value.1", name },
	};
	const struct xml *answer, *set;

	if (describe(aws, words[0], of_lab, COUNT(of_lab), arena, &answer, err) < 0)
		return -1;
	set = xml_at(answer, words[1]);
	if (!set || !set->first || set->first->next)
		return err_set(err, ERR_CANNOT, "ec2 knows %s %s: lab down, then lab up",
			       set && set->first ? "more than one" : "no", name);
	*id = text_or(set->first, words[2], "");
	return 0;
}

int ec2_group_named(const struct aws *aws, const char *lab, const char *name, struct arena *arena,
		    const char **id, struct err *err)
{
	static const char *const words[] = { "DescribeSecurityGroups", "securityGroupInfo",
					     "groupId" };

	return named(aws, words, lab, name, arena, id, err);
}

int ec2_acl_named(const struct aws *aws, const char *lab, const char *name, struct arena *arena,
		  const char **id, struct err *err)
{
	static const char *const words[] = { "DescribeNetworkAcls", "networkAclSet",
					     "networkAclId" };

	return named(aws, words, lab, name, arena, id, err);
}
