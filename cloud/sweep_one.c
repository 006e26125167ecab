/* EC2 by DescribeTags, IAM by the tags of the thing itself. */
#include "sweep_one.h"

#include "kind.h"

static int query(const struct sweep *sweep, enum aws_service service, const char *action,
		 const struct aws_parameter *parameters, size_t count, struct arena *arena,
		 const struct xml **answer, struct aws_refusal *refusal, struct err *err)
{
	return aws_query(sweep->aws, service, action, parameters, count, arena, answer, refusal,
			 err);
}

static bool says(const struct xml *node, const char *path, const char *text)
{
	const char *said = xml_text(node, path);

	return said && streq(said, text);
}

static int not_ours(const char *kind, const char *id, const struct sweep *sweep, struct err *err)
{
	return err_set(err, ERR_CANNOT, "%s %s does not bear the tag lab=%s: it stays", kind, id,
		       sweep->names->lab);
}

/* Read back just before it is removed. */
static int check_tag(const struct sweep *sweep, const char *kind, const char *id,
		     struct arena *arena, struct err *err)
{
	const struct aws_parameter parameter[] = { { "Filter.1.Name", "resource-id" },
						   { "Filter.1.Value.1", id } };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (query(sweep, AWS_EC2, "DescribeTags", parameter, 2, arena, &answer, &refusal, err) < 0)
		return -1;
	const struct xml *set = xml_at(answer, "tagSet");
	for (const struct xml *item = set ? set->first : NULL; item; item = item->next)
		if (says(item, "resourceId", id) && says(item, "key", "lab") &&
		    says(item, "value", sweep->names->lab))
			return 0;
	return not_ours(kind, id, sweep, err);
}

/* It holds the VPC by an attachment, which goes first. */
static int detach_gateway(const struct sweep *sweep, const char *id, struct arena *arena,
			  struct err *err)
{
	const struct aws_parameter asked[] = { { "InternetGatewayId.1", id } };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (query(sweep, AWS_EC2, "DescribeInternetGateways", asked, 1, arena, &answer, &refusal,
		  err) < 0)
		return -1;
	const char *vpc =
	    xml_text(xml_at(answer, "internetGatewaySet/item/attachmentSet/item"), "vpcId");
	if (!vpc)
		return 0;
	const struct aws_parameter both[] = { { "InternetGatewayId", id }, { "VpcId", vpc } };
	return query(sweep, AWS_EC2, "DetachInternetGateway", both, 2, arena, &answer, &refusal,
		     err);
}

/* Of subnets that went without them, or are still there; the VPC's own is no row of it. */
static int free_table(const struct sweep *sweep, const char *id, struct arena *arena,
		      struct err *err)
{
	const struct aws_parameter asked[] = { { "RouteTableId.1", id } };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (query(sweep, AWS_EC2, "DescribeRouteTables", asked, 1, arena, &answer, &refusal, err) <
	    0)
		return -1;
	const struct xml *set = xml_at(answer, "routeTableSet/item/associationSet");
	for (const struct xml *one = set ? set->first : NULL; one; one = one->next) {
		const char *association = xml_text(one, "routeTableAssociationId");
		const struct aws_parameter which[] = { { "AssociationId", association } };
		if (association && query(sweep, AWS_EC2, "DisassociateRouteTable", which, 1, arena,
					 &answer, &refusal, err) < 0)
			return -1;
	}
	return 0;
}

/* What must be undone before it can go. */
static int let_go(const struct sweep *sweep, const char *kind, const char *id, struct arena *arena,
		  struct err *err)
{
	if (streq(kind, "internet-gateway"))
		return detach_gateway(sweep, id, arena, err);
	if (streq(kind, "route-table"))
		return free_table(sweep, id, arena, err);
	return 0;
}

static bool is_gone(const struct aws_refusal *refusal)
{
	const char *end = strstr(refusal->code, ".NotFound");

	return (end && !end[strlen(".NotFound")]) || streq(refusal->code, "NoSuchEntity") ||
	       streq(refusal->code, "NoSuchHostedZone") || streq(refusal->code, "NoSuchBucket");
}

int sweep_ec2(const struct sweep *sweep, const char *kind, const char *id, struct arena *arena,
	      struct err *err)
{
	const struct kind *row = kind_find(kind);
	bool is_named = streq(row->parameter, "KeyName"); /* a key pair has the lab's name */
	const struct aws_parameter which[] = { { row->parameter,
						 is_named ? sweep->names->lab : id } };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (check_tag(sweep, kind, id, arena, err) < 0 || let_go(sweep, kind, id, arena, err) < 0)
		return -1;
	if (query(sweep, AWS_EC2, row->remove, which, 1, arena, &answer, &refusal, err) == 0)
		return 0;
	return is_gone(&refusal) ? 0 : -1;
}

/* `tags` holds <member><Key/><Value/></member>. */
static bool bears_tag(const struct xml *tags, const char *lab)
{
	for (const struct xml *tag = tags ? tags->first : NULL; tag; tag = tag->next)
		if (says(tag, "Key", "lab") && says(tag, "Value", lab))
			return true;
	return false;
}

int sweep_profile(const struct sweep *sweep, struct arena *arena, struct err *err)
{
	const char *lab = sweep->names->lab;
	struct aws_parameter which[] = { { "InstanceProfileName", lab }, { "RoleName", NULL } };
	const struct xml *answer, *profile;
	struct aws_refusal refusal;

	if (query(sweep, AWS_IAM, "GetInstanceProfile", which, 1, arena, &answer, &refusal, err) <
	    0)
		return is_gone(&refusal) ? 0 : -1;
	profile = xml_at(answer, "GetInstanceProfileResult/InstanceProfile");
	if (!bears_tag(xml_at(profile, "Tags"), lab))
		return not_ours("profile", lab, sweep, err);
	const struct xml *roles = xml_at(profile, "Roles");
	for (const struct xml *role = roles ? roles->first : NULL; role; role = role->next) {
		which[1].value = xml_text(role, "RoleName");
		if (which[1].value && query(sweep, AWS_IAM, "RemoveRoleFromInstanceProfile", which,
					    2, arena, &answer, &refusal, err) < 0)
			return -1;
	}
	return query(sweep, AWS_IAM, "DeleteInstanceProfile", which, 1, arena, &answer, &refusal,
		     err);
}

/* Each policy that a list names goes by one call. */
static int drop_policies(const struct sweep *sweep, const char *list, const char *set,
			 const char *member, const char *drop, struct arena *arena, struct err *err)
{
	struct aws_parameter which[] = { { "RoleName", sweep->names->lab },
					 { streq(member, ".") ? "PolicyName" : member, NULL } };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (query(sweep, AWS_IAM, list, which, 1, arena, &answer, &refusal, err) < 0)
		return -1;
	const struct xml *policies = xml_at(answer, set);
	for (const struct xml *one = policies ? policies->first : NULL; one; one = one->next) {
		const struct xml *ignored;
		which[1].value = streq(member, ".") ? one->text : xml_text(one, member);
		if (which[1].value &&
		    query(sweep, AWS_IAM, drop, which, 2, arena, &ignored, &refusal, err) < 0)
			return -1;
	}
	return 0;
}

int sweep_role(const struct sweep *sweep, struct arena *arena, struct err *err)
{
	const char *lab = sweep->names->lab;
	const struct aws_parameter which[] = { { "RoleName", lab } };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (query(sweep, AWS_IAM, "GetRole", which, 1, arena, &answer, &refusal, err) < 0)
		return is_gone(&refusal) ? 0 : -1;
	if (!bears_tag(xml_at(answer, "GetRoleResult/Role/Tags"), lab))
		return not_ours("role", lab, sweep, err);
	if (drop_policies(sweep, "ListAttachedRolePolicies",
			  "ListAttachedRolePoliciesResult/AttachedPolicies", "PolicyArn",
			  "DetachRolePolicy", arena, err) < 0 ||
	    drop_policies(sweep, "ListRolePolicies", "ListRolePoliciesResult/PolicyNames", ".",
			  "DeleteRolePolicy", arena, err) < 0)
		return -1;
	return query(sweep, AWS_IAM, "DeleteRole", which, 1, arena, &answer, &refusal, err);
}
