/* The table, and the question. */
#include "kind.h"

enum {
	PAGES = 100,
	MOST = 1000 /* of a kind; more is somebody else's tag */
};

const struct kind kinds[KINDS] = {
	{ "instance", "DescribeInstances", "reservationSet", "instanceId", "instanceState/name",
	  "TerminateInstances", "InstanceId.1" },
	{ "vpc-endpoint", "DescribeVpcEndpoints", "vpcEndpointSet", "vpcEndpointId", "state",
	  "DeleteVpcEndpoints", "VpcEndpointId.1" },
	{ "network-interface", "DescribeNetworkInterfaces", "networkInterfaceSet",
	  "networkInterfaceId", "status", "DeleteNetworkInterface", "NetworkInterfaceId" },
	{ "volume", "DescribeVolumes", "volumeSet", "volumeId", "status", "DeleteVolume",
	  "VolumeId" },
	{ "security-group", "DescribeSecurityGroups", "securityGroupInfo", "groupId", NULL,
	  "DeleteSecurityGroup", "GroupId" },
	{ "security-group-rule", "DescribeSecurityGroupRules", "securityGroupRuleSet",
	  "securityGroupRuleId", NULL, NULL, NULL },
	{ "subnet", "DescribeSubnets", "subnetSet", "subnetId", NULL, "DeleteSubnet", "SubnetId" },
	{ "route-table", "DescribeRouteTables", "routeTableSet", "routeTableId", NULL,
	  "DeleteRouteTable", "RouteTableId" },
	{ "network-acl", "DescribeNetworkAcls", "networkAclSet", "networkAclId", NULL,
	  "DeleteNetworkAcl", "NetworkAclId" },
	{ "internet-gateway", "DescribeInternetGateways", "internetGatewaySet", "internetGatewayId",
	  NULL, "DeleteInternetGateway", "InternetGatewayId" },
	{ "vpc", "DescribeVpcs", "vpcSet", "vpcId", NULL, "DeleteVpc", "VpcId" },
	{ "dhcp-options", "DescribeDhcpOptions", "dhcpOptionsSet", "dhcpOptionsId", NULL,
	  "DeleteDhcpOptions", "DhcpOptionsId" },
	{ "key-pair", "DescribeKeyPairs", "keySet", "keyPairId", NULL, "DeleteKeyPair", "KeyName" },
};

const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (streq(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

struct found {
	const struct kind *kind;
	struct arena *arena;
	const char **id;
	size_t count, cap;
};

static bool is_gone(const struct kind *kind, const struct xml *item)
{
	const char *state = kind->state ? xml_text(item, kind->state) : NULL;

	return state && (streq(state, "terminated") || streq(state, "deleted"));
}

static int take(struct found *found, const struct xml *item, struct err *err)
{
	const struct kind *kind = found->kind;
	const char *id = xml_text(item, kind->id);

	if (!id || is_gone(kind, item))
		return 0;
	if (found->count == MOST)
		return err_set(err, ERR_CANNOT, "%s: more than %d bear the tag", kind->describe,
			       MOST);
	found->id =
	    arena_grow(found->arena, found->id, found->count, &found->cap, sizeof(const char *));
	found->id[found->count++] = id;
	return 0;
}

/* Instances alone are told in reservations. */
static int take_page(struct found *found, const struct xml *answer, struct err *err)
{
	const struct xml *set = xml_at(answer, found->kind->set);

	for (const struct xml *item = set ? set->first : NULL; item; item = item->next) {
		const struct xml *inner = xml_at(item, "instancesSet");
		if (!inner && take(found, item, err) < 0)
			return -1;
		for (const struct xml *one = inner ? inner->first : NULL; one; one = one->next)
			if (take(found, one, err) < 0)
				return -1;
	}
	return 0;
}

int kind_left(const struct aws *aws, const struct kind *kind, const char *lab, struct arena *arena,
	      const char ***id, size_t *count, struct err *err)
{
	struct found found = { .kind = kind, .arena = arena };
	struct aws_refusal refusal;
	const char *next = NULL;
	size_t pages = 0;

	do {
		const struct aws_parameter parameter[] = { { "Filter.1.Name", "tag:lab" },
							   { "Filter.1.Value.1", lab },
							   { "NextToken", next } };
		const struct xml *answer;
		if (pages++ == PAGES)
			return err_set(err, ERR_BROKE, "%s: the pages have no end", kind->describe);
		if (aws_query(aws, AWS_EC2, kind->describe, parameter, next ? 3 : 2, arena, &answer,
			      &refusal, err) < 0 ||
		    take_page(&found, answer, err) < 0)
			return -1;
		next = xml_text(answer, "nextToken");
	} while (next);
	*id = found.id;
	*count = found.count;
	return 0;
}
