/* Rules of groups and ACLs, and a record of the zone, asked of a server of AWS's API and changed
 * there. */
#include "aws_server.h"
#include "ec2.h"
#include "ec2_network.h"
#include "zone_record.h"

struct cloud {
	struct arena arena;
	struct aws aws;
	struct aws_server server;
	const char *vpc;
};

#define MADE(cloud, action, path, ...)                                                             \
	aws_made(&(cloud)->aws, AWS_EC2, action, path, PARAMETERS(__VA_ARGS__), &(cloud)->arena)

static const char *make_group(struct cloud *cloud, const char *lab, const char *name)
{
	return MADE(cloud, "CreateSecurityGroup", "groupId", { "VpcId", cloud->vpc },
		    { "GroupName", name }, { "GroupDescription", name },
		    TAGGED("security-group", lab), { "TagSpecification.1.Tag.2.Key", "Name" },
		    { "TagSpecification.1.Tag.2.Value", name });
}

static const struct ec2_rule *rule_of(const struct ec2_rule *rule, size_t count, bool is_out,
				      int number, const char *cidr)
{
	for (size_t i = 0; i < count; i++)
		if (rule[i].is_out == is_out && rule[i].number == number &&
		    streq(rule[i].cidr, cidr))
			return &rule[i];
	fail_msg("no rule of %s", cidr);
	return NULL;
}

static void rules_of_groups_are_told_range_by_range(struct cloud *cloud)
{
	const char *own = make_group(cloud, "lab-1", "lab-1-server");
	struct ec2_rule *rule;
	size_t count;
	struct err err;

	(void)MADE(cloud, "AuthorizeSecurityGroupIngress", "return", { "GroupId", own },
		   { "IpPermissions.1.IpProtocol", "tcp" }, { "IpPermissions.1.FromPort", "1234" },
		   { "IpPermissions.1.ToPort", "1240" },
		   { "IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16" },
		   { "IpPermissions.1.IpRanges.2.CidrIp", "10.9.0.0/16" },
		   { "IpPermissions.1.Groups.1.GroupId", own });
	assert_int_equal(ec2_group_rules(&cloud->aws, &own, 1, &cloud->arena, &rule, &count, &err),
			 0);
	const struct ec2_rule *one = rule_of(rule, count, false, 0, "10.9.0.0/16");
	assert_string_equal(one->of, own);
	assert_string_equal(one->protocol, "tcp");
	assert_int_equal(one->from_port, 1234);
	assert_int_equal(one->to_port, 1240);
	assert_true(one->does_allow);
	rule_of(rule, count, false, 0, "10.0.0.0/16");
	rule_of(rule, count, false, 0, ""); /* the group */
	one = rule_of(rule, count, true, 0, "0.0.0.0/0");
	assert_string_equal(one->protocol, "all");
	assert_int_equal(one->from_port, -1);
}

static void entries_of_an_acl_keep_their_numbers_and_ways(struct cloud *cloud)
{
	const char *acl =
	    MADE(cloud, "CreateNetworkAcl", "networkAcl/networkAclId", { "VpcId", cloud->vpc },
		 TAGGED("network-acl", "lab-1"), { "TagSpecification.1.Tag.2.Key", "Name" },
		 { "TagSpecification.1.Tag.2.Value", "lab-1-no-return" });
	const char *found;
	struct ec2_rule *rule;
	size_t count;
	struct err err;

	(void)MADE(cloud, "CreateNetworkAclEntry", "return", { "NetworkAclId", acl },
		   { "RuleNumber", "200" }, { "Protocol", "6" }, { "RuleAction", "deny" },
		   { "Egress", "true" }, { "CidrBlock", "10.0.0.0/16" },
		   { "PortRange.From", "1024" }, { "PortRange.To", "65535" });
	assert_int_equal(
	    ec2_acl_named(&cloud->aws, "lab-1", "lab-1-no-return", &cloud->arena, &found, &err), 0);
	assert_string_equal(found, acl);
	assert_int_equal(ec2_acl_rules(&cloud->aws, acl, &cloud->arena, &rule, &count, &err), 0);
	const struct ec2_rule *one = rule_of(rule, count, true, 200, "10.0.0.0/16");
	assert_false(one->does_allow);
	assert_string_equal(one->protocol, "tcp");
	assert_int_equal(one->from_port, 1024);
	assert_int_equal(one->to_port, 65535);
}

static void a_group_is_the_labs_own_or_none(struct cloud *cloud)
{
	const char *closed = make_group(cloud, "lab-1", "lab-1-closed"), *found;
	struct err err;

	(void)make_group(cloud, "lab-2", "lab-2-closed");
	assert_int_equal(
	    ec2_group_named(&cloud->aws, "lab-1", "lab-1-closed", &cloud->arena, &found, &err), 0);
	assert_string_equal(found, closed);
	assert_int_equal(
	    ec2_group_named(&cloud->aws, "lab-1", "lab-2-closed", &cloud->arena, &found, &err), -1);
	assert_string_equal(err.text, "ec2 knows no lab-2-closed: lab down, then lab up");
}

static void made(struct cloud *cloud, const char *path, const char *body, const char *root,
		 const struct xml **answer)
{
	struct aws_refusal refusal;
	struct err err;

	if (aws_send(&cloud->aws, AWS_ROUTE53, "POST", path, body, root, &cloud->arena, answer,
		     &refusal, &err) < 0)
		fail_msg("%s", err.text);
}

/* moto answers 201, as AWS does, which aws_send takes where it looks at no answer. */
static void make_zone(struct cloud *cloud, const char *comment)
{
	const struct xml *answer;

	made(cloud, "2013-04-01/hostedzone",
	     arena_printf(&cloud->arena,
			  "<CreateHostedZoneRequest "
			  "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
			  "<Name>lab.internal.</Name><CallerReference>%s</CallerReference>"
			  "<HostedZoneConfig><Comment>%s</Comment></HostedZoneConfig>"
			  "</CreateHostedZoneRequest>",
			  comment, comment),
	     NULL, &answer);
}

static void a_record_gets_another_address_and_its_own_again(struct cloud *cloud)
{
	struct zone_record record, now;
	const struct xml *answer;
	struct err err;

	make_zone(cloud, "lab-2");
	make_zone(cloud, "lab-1");
	assert_int_equal(
	    zone_record_find(&cloud->aws, "lab-1", "service", &cloud->arena, &record, &err), -1);
	assert_non_null(strstr(err.text, "no record service of one address"));
	assert_true(aws_get(&cloud->aws, AWS_ROUTE53, "2013-04-01/hostedzone",
			    "ListHostedZonesResponse", &cloud->arena, &answer,
			    &(struct aws_refusal){ 0 }, &err) == 0);
	for (const struct xml *zone = xml_at(answer, "HostedZones")->first; zone; zone = zone->next)
		if (streq(xml_text(zone, "Config/Comment"), "lab-1"))
			record.zone = xml_text(zone, "Id");
	record.name = "service.lab.internal.";
	record.ttl = "5";
	assert_int_equal(zone_record_set(&cloud->aws, &record, "10.0.1.10", &err), 0);
	assert_int_equal(
	    zone_record_find(&cloud->aws, "lab-1", "service", &cloud->arena, &record, &err), 0);
	assert_string_equal(record.address, "10.0.1.10");
	assert_string_equal(record.ttl, "5");
	assert_int_equal(zone_record_set(&cloud->aws, &record, "10.0.9.9", &err), 0);
	assert_int_equal(
	    zone_record_find(&cloud->aws, "lab-1", "service", &cloud->arena, &now, &err), 0);
	assert_string_equal(now.address, "10.0.9.9");
	assert_int_equal(zone_record_set(&cloud->aws, &now, record.address, &err), 0);
	assert_int_equal(
	    zone_record_find(&cloud->aws, "lab-1", "service", &cloud->arena, &now, &err), 0);
	assert_string_equal(now.address, "10.0.1.10");
	assert_int_equal(
	    zone_record_find(&cloud->aws, "lab-3", "service", &cloud->arena, &now, &err), -1);
	record.zone = "/hostedzone/../x";
	assert_int_equal(zone_record_set(&cloud->aws, &record, "10.0.9.9", &err), -1);
}

static void a_server_of_the_api_tells_and_changes_it(void **state)
{
	struct cloud cloud = { .arena = { 0 } };

	(void)state;
	aws_server_open(&cloud.server);
	aws_at(&cloud.aws, cloud.server.url);
	cloud.vpc = MADE(&cloud, "CreateVpc", "vpc/vpcId", { "CidrBlock", "10.0.0.0/16" });
	rules_of_groups_are_told_range_by_range(&cloud);
	entries_of_an_acl_keep_their_numbers_and_ways(&cloud);
	a_group_is_the_labs_own_or_none(&cloud);
	a_record_gets_another_address_and_its_own_again(&cloud);
	aws_server_close(&cloud.server);
	arena_close(&cloud.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_of_the_api_tells_and_changes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
