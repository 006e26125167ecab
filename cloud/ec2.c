/* One function a call, or a list of calls where AWS answers in pages. */
#include "ec2.h"

#include <stdio.h>

#include "util.h"

#define PARAMETERS(...)                                                                            \
	(const struct aws_parameter[]){ __VA_ARGS__ },                                             \
	    sizeof((const struct aws_parameter[]){ __VA_ARGS__ }) / sizeof(struct aws_parameter)

static const char *text_or(const struct xml *node, const char *path, const char *otherwise)
{
	const char *text = xml_text(node, path);

	return text ? text : otherwise;
}

/* A call whose answer says no more than that it was done. */
static int change(const struct aws *aws, const char *action, const struct aws_parameter *parameters,
		  size_t count, struct err *err)
{
	struct arena arena = { 0 };
	const struct xml *answer;
	struct aws_refusal refusal;
	int status =
	    aws_query(aws, AWS_EC2, action, parameters, count, &arena, &answer, &refusal, err);

	arena_close(&arena);
	return status;
}

static int ask(const struct aws *aws, const char *action, const struct aws_parameter *parameters,
	       size_t count, struct arena *arena, const struct xml **answer, struct err *err)
{
	struct aws_refusal refusal;

	return aws_query(aws, AWS_EC2, action, parameters, count, arena, answer, &refusal, err);
}

/* Pages of what bears the lab's tag: `take` adds each, and answers -1 when it is too much. */
struct pages {
	const struct aws *aws;
	struct arena *arena;
	const char *action, *filter, *lab;
	int (*take)(struct pages *pages, const struct xml *answer, struct err *err);
	void *items;
	size_t count, cap;
};

static int turn_pages(struct pages *pages, struct err *err)
{
	const char *next = NULL;
	const struct xml *answer;
	char most[16];
	int turned = 0;

	(void)snprintf(most, sizeof most, "%d", EC2_PAGE);
	do {
		const struct aws_parameter parameters[] = {
			{ "Filter.1.Name", pages->filter },
			{ "Filter.1.Value.1", pages->lab },
			{ "MaxResults", most },
			{ "NextToken", next },
		};

		if (turned++ == EC2_PAGES)
			return err_set(err, ERR_BROKE, "%s: the pages have no end", pages->action);
		if (ask(pages->aws, pages->action, parameters, next ? 4 : 3, pages->arena, &answer,
			err) < 0 ||
		    pages->take(pages, answer, err) < 0)
			return -1;
		next = xml_text(answer, "nextToken");
	} while (next);
	return 0;
}

static void *one_more(struct pages *pages, size_t size, struct err *err)
{
	if (pages->count == EC2_MOST) {
		err_set(err, ERR_CANNOT, "%s: more than %d bear the tag lab=%s", pages->action,
			EC2_MOST, pages->lab);
		return NULL;
	}
	pages->items = arena_grow(pages->arena, pages->items, pages->count, &pages->cap, size);
	return (char *)pages->items + size * pages->count++;
}

static const char *tag(const struct xml *item, const char *key)
{
	const struct xml *set = xml_at(item, "tagSet");

	for (const struct xml *each = set ? set->first : NULL; each; each = each->next)
		if (streq(text_or(each, "key", ""), key))
			return text_or(each, "value", "");
	return "";
}

static int take_reservation(struct pages *pages, const struct xml *reservation, struct err *err)
{
	const struct xml *set = xml_at(reservation, "instancesSet");

	for (const struct xml *item = set ? set->first : NULL; item; item = item->next) {
		struct ec2_instance *one = one_more(pages, sizeof *one, err);

		if (!one)
			return -1;
		*one = (struct ec2_instance){
			.id = text_or(item, "instanceId", ""),
			.state = text_or(item, "instanceState/name", ""),
			.name = tag(item, "Name"),
			.private_address = text_or(item, "privateIpAddress", ""),
			.interface_id =
			    text_or(item, "networkInterfaceSet/item/networkInterfaceId", ""),
			.subnet_id = text_or(item, "subnetId", ""),
			.public_address = xml_text(item, "ipAddress"),
			.launched = text_or(item, "launchTime", ""),
		};
	}
	return 0;
}

static int take_instances(struct pages *pages, const struct xml *answer, struct err *err)
{
	const struct xml *set = xml_at(answer, "reservationSet");

	for (const struct xml *each = set ? set->first : NULL; each; each = each->next)
		if (take_reservation(pages, each, err) < 0)
			return -1;
	return 0;
}

int ec2_instances(const struct aws *aws, const char *lab, struct arena *arena,
		  struct ec2_instance **out, size_t *count, struct err *err)
{
	struct pages pages = { .aws = aws,
			       .arena = arena,
			       .action = "DescribeInstances",
			       .filter = "tag:lab",
			       .lab = lab,
			       .take = take_instances };

	if (turn_pages(&pages, err) < 0)
		return -1;
	*out = pages.items;
	*count = pages.count;
	return 0;
}

/* The filter is of values alone: the key is looked at here. */
static int take_tags(struct pages *pages, const struct xml *answer, struct err *err)
{
	const struct xml *set = xml_at(answer, "tagSet");

	for (const struct xml *item = set ? set->first : NULL; item; item = item->next) {
		struct ec2_tagged *one;

		if (!streq(text_or(item, "key", ""), "lab") ||
		    !streq(text_or(item, "value", ""), pages->lab))
			continue;
		one = one_more(pages, sizeof *one, err);
		if (!one)
			return -1;
		*one = (struct ec2_tagged){ .id = text_or(item, "resourceId", ""),
					    .kind = text_or(item, "resourceType", "") };
	}
	return 0;
}

int ec2_tagged(const struct aws *aws, const char *lab, struct arena *arena, struct ec2_tagged **out,
	       size_t *count, struct err *err)
{
	struct pages pages = { .aws = aws,
			       .arena = arena,
			       .action = "DescribeTags",
			       .filter = "value",
			       .lab = lab,
			       .take = take_tags };

	if (turn_pages(&pages, err) < 0)
		return -1;
	*out = pages.items;
	*count = pages.count;
	return 0;
}

int ec2_stop(const struct aws *aws, const char *instance, struct err *err)
{
	return change(aws, "StopInstances", PARAMETERS({ "InstanceId.1", instance }), err);
}

int ec2_start(const struct aws *aws, const char *instance, struct err *err)
{
	return change(aws, "StartInstances", PARAMETERS({ "InstanceId.1", instance }), err);
}

int ec2_reboot(const struct aws *aws, const char *instance, struct err *err)
{
	return change(aws, "RebootInstances", PARAMETERS({ "InstanceId.1", instance }), err);
}

int ec2_set_group(const struct aws *aws, const char *interface_id, const char *group,
		  struct err *err)
{
	return change(
	    aws, "ModifyNetworkInterfaceAttribute",
	    PARAMETERS({ "NetworkInterfaceId", interface_id }, { "SecurityGroupId.1", group }),
	    err);
}

int ec2_groups(const struct aws *aws, const char *interface_id, struct arena *arena,
	       const char ***out, size_t *count, struct err *err)
{
	const struct xml *answer, *set;
	size_t cap = 0;

	*out = NULL;
	*count = 0;
	if (ask(aws, "DescribeNetworkInterfaces",
		PARAMETERS({ "NetworkInterfaceId.1", interface_id }), arena, &answer, err) < 0)
		return -1;
	set = xml_at(answer, "networkInterfaceSet/item/groupSet");
	for (const struct xml *item = set ? set->first : NULL; item; item = item->next) {
		*out = arena_grow(arena, *out, *count, &cap, sizeof **out);
		(*out)[(*count)++] = text_or(item, "groupId", "");
	}
	return *count > 0
		   ? 0
		   : err_set(err, ERR_BROKE, "ec2 says no security group of %s", interface_id);
}

int ec2_acl_of(const struct aws *aws, const char *subnet, struct arena *arena, struct ec2_acl *out,
	       struct err *err)
{
	const struct xml *answer, *acl, *set;

	if (ask(aws, "DescribeNetworkAcls",
		PARAMETERS({ "Filter.1.Name", "association.subnet-id" },
			   { "Filter.1.Value.1", subnet }),
		arena, &answer, err) < 0)
		return -1;
	acl = xml_at(answer, "networkAclSet/item");
	set = xml_at(acl, "associationSet");
	for (const struct xml *item = set ? set->first : NULL; item; item = item->next) {
		if (!streq(text_or(item, "subnetId", ""), subnet))
			continue;
		out->acl = text_or(acl, "networkAclId", "");
		out->association = text_or(item, "networkAclAssociationId", "");
		return 0;
	}
	return err_set(err, ERR_BROKE, "ec2 says no network ACL of %s", subnet);
}

int ec2_set_acl(const struct aws *aws, const char *association, const char *acl, struct err *err)
{
	return change(aws, "ReplaceNetworkAclAssociation",
		      PARAMETERS({ "AssociationId", association }, { "NetworkAclId", acl }), err);
}

int ec2_identity(const struct aws *aws, struct arena *arena, const char **account, const char **arn,
		 struct err *err)
{
	const struct xml *answer, *said;
	struct aws_refusal refusal;

	if (aws_query(aws, AWS_STS, "GetCallerIdentity", NULL, 0, arena, &answer, &refusal, err) <
	    0)
		return -1;
	said = xml_at(answer, "GetCallerIdentityResult");
	*account = xml_text(said, "Account");
	*arn = xml_text(said, "Arn");
	return *account && *arn ? 0 : err_set(err, ERR_BROKE, "sts says no account");
}
