/* EC2 as it answers: by a server of its API on this machine where there is one, and by canned
 * pages. */
#include "endpoint.h"

#include "aws_server.h"
#include "ec2.h"

#define PAGE(name, body) "HTTP/1.1 200 OK\r\n\r\n<" name "Response>" body "</" name "Response>"

struct sandbox {
	struct arena arena;
	struct aws aws;
	struct endpoint endpoint; /* of canned pages */
};

static void pages(struct sandbox *box, const char *const *answers)
{
	*box = (struct sandbox){ .endpoint = endpoint_open(answers) };
	aws_at(&box->aws, box->endpoint.url);
}

static void done(struct sandbox *box, struct buf *got)
{
	arena_close(&box->arena);
	endpoint_close(&box->endpoint, got);
}

static void what_comes_in_pages_is_one_list(void **state)
{
	static const char *const answers[] = {
		PAGE("DescribeInstances",
		     "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>"
		     "<instanceState><name>running</name></instanceState></item></instancesSet>"
		     "</item></reservationSet><nextToken>a+b</nextToken>"),
		PAGE("DescribeInstances",
		     "<reservationSet><item><instancesSet><item><instanceId>i-2</instanceId>"
		     "<tagSet><item><key>Name</key><value>lab-1-server</value></item></tagSet></"
		     "item>"
		     "<item><instanceId>i-3</instanceId></item></instancesSet></item>"
		     "</reservationSet>"),
		NULL
	};
	struct sandbox box;
	struct ec2_instance *found;
	struct buf got = { 0 };
	struct err err;
	size_t count;

	(void)state;
	pages(&box, answers);
	assert_int_equal(ec2_instances(&box.aws, "lab-1", &box.arena, &found, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_string_equal(found[0].state, "running");
	assert_string_equal(found[1].name, "lab-1-server");
	assert_string_equal(found[2].id, "i-3");
	assert_null(found[2].public_address);
	done(&box, &got);
	buf_char(&got, '\0');
	assert_non_null(strstr(got.data, "Filter.1.Name=tag%3Alab&Filter.1.Value.1=lab-1"));
	assert_non_null(strstr(got.data, "NextToken=a%2Bb"));
	buf_close(&got);
}

static void only_the_labs_own_tag_counts(void **state)
{
	static const char *const answers[] = {
		PAGE(
		    "DescribeTags",
		    "<tagSet><item><key>lab</key><value>lab-1</value><resourceId>vpc-1</resourceId>"
		    "<resourceType>vpc</resourceType></item><item><key>Name</key><value>lab-1</"
		    "value>"
		    "<resourceId>vpc-2</resourceId></item><item><key>lab</key><value>lab-12</value>"
		    "<resourceId>vpc-3</resourceId></item></tagSet>"),
		NULL
	};
	struct sandbox box;
	struct ec2_tagged *found;
	struct err err;
	size_t count;

	(void)state;
	pages(&box, answers);
	assert_int_equal(ec2_tagged(&box.aws, "lab-1", &box.arena, &found, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(found[0].id, "vpc-1");
	assert_string_equal(found[0].kind, "vpc");
	done(&box, NULL);
}

static void pages_without_end_come_to_one(void **state)
{
	const char *answers[EC2_PAGES + 2] = { NULL };
	struct sandbox box;
	struct ec2_tagged *found;
	struct err err;
	size_t count;

	(void)state;
	for (size_t i = 0; i <= EC2_PAGES; i++)
		answers[i] = PAGE("DescribeTags", "<nextToken>again</nextToken>");
	pages(&box, answers);
	assert_int_equal(ec2_tagged(&box.aws, "lab-1", &box.arena, &found, &count, &err), -1);
	assert_non_null(strstr(err.text, "no end"));
	done(&box, NULL);
}

/* One call by hand; the text at a path of its answer. */
#define MADE(box, action, path, ...)                                                               \
	aws_made(&(box)->aws, AWS_EC2, action, path, PARAMETERS(__VA_ARGS__), &(box)->arena)

static void is_in(struct sandbox *box, const char *id, const char *state)
{
	struct ec2_instance *found;
	struct err err;
	size_t count;

	assert_int_equal(ec2_instances(&box->aws, "lab-1", &box->arena, &found, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(found[0].id, id);
	assert_string_equal(found[0].state, state);
}

static void a_host_is_found_by_its_tag_and_changed(struct sandbox *box, const char *subnet,
						   const char *closed)
{
	const char *image =
	    MADE(box, "DescribeImages", "imagesSet/item/imageId", { "Owner.1", "amazon" });
	struct ec2_instance *host;
	const char *id, **groups;
	struct err err;
	size_t count;

	(void)MADE(box, "RunInstances", "instancesSet/item/instanceId", { "ImageId", image },
		   { "MinCount", "1" }, { "MaxCount", "1" }, TAGGED("instance", "lab-2"));
	id = MADE(box, "RunInstances", "instancesSet/item/instanceId", { "ImageId", image },
		  { "MinCount", "1" }, { "MaxCount", "1" }, { "SubnetId", subnet },
		  TAGGED("instance", "lab-1"));
	assert_int_equal(ec2_instances(&box->aws, "lab-1", &box->arena, &host, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(host->id, id);
	assert_string_equal(host->subnet_id, subnet);
	assert_int_equal(ec2_set_group(&box->aws, host->interface_id, closed, &err), 0);
	assert_int_equal(
	    ec2_groups(&box->aws, host->interface_id, &box->arena, &groups, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(groups[0], closed);
	assert_int_equal(ec2_stop(&box->aws, id, &err), 0);
	is_in(box, id, "stopped");
	assert_int_equal(ec2_start(&box->aws, id, &err), 0);
	is_in(box, id, "running");
	assert_int_equal(ec2_reboot(&box->aws, id, &err), 0);
	assert_int_equal(ec2_stop(&box->aws, "i-0123456789abcdef0", &err), -1);
	assert_non_null(strstr(err.text, "ec2 StopInstances: InvalidInstanceID.NotFound"));
}

static void a_subnet_gets_another_acl(struct sandbox *box, const char *vpc, const char *subnet)
{
	const char *other =
	    MADE(box, "CreateNetworkAcl", "networkAcl/networkAclId", { "VpcId", vpc });
	struct ec2_acl before = { 0 }, after = { 0 };
	struct err err;

	assert_int_equal(ec2_acl_of(&box->aws, subnet, &box->arena, &before, &err), 0);
	assert_string_not_equal(before.acl, other);
	assert_int_equal(ec2_set_acl(&box->aws, before.association, other, &err), 0);
	assert_int_equal(ec2_acl_of(&box->aws, subnet, &box->arena, &after, &err), 0);
	assert_string_equal(after.acl, other);
	assert_int_equal(ec2_set_acl(&box->aws, after.association, before.acl, &err), 0);
	assert_int_equal(ec2_acl_of(&box->aws, subnet, &box->arena, &after, &err), 0);
	assert_string_equal(after.acl, before.acl);
}

static void a_server_of_the_api_understands_all_of_it(void **state)
{
	const char *vpc, *subnet, *group, *account, *arn;
	struct ec2_tagged *tagged;
	struct sandbox box = { .arena = { 0 } };
	struct aws_server server;
	struct err err;
	size_t count;

	(void)state;
	aws_server_open(&server);
	aws_at(&box.aws, server.url);
	vpc = MADE(&box, "CreateVpc", "vpc/vpcId", { "CidrBlock", "10.0.0.0/16" },
		   TAGGED("vpc", "lab-1"));
	subnet = MADE(&box, "CreateSubnet", "subnet/subnetId", { "VpcId", vpc },
		      { "CidrBlock", "10.0.1.0/24" });
	group = MADE(&box, "CreateSecurityGroup", "groupId", { "VpcId", vpc },
		     { "GroupName", "closed" }, { "GroupDescription", "closed" });
	a_host_is_found_by_its_tag_and_changed(&box, subnet, group);
	a_subnet_gets_another_acl(&box, vpc, subnet);
	assert_int_equal(ec2_tagged(&box.aws, "lab-1", &box.arena, &tagged, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(ec2_identity(&box.aws, &box.arena, &account, &arn, &err), 0);
	assert_int_equal(strlen(account), 12);
	aws_server_close(&server);
	arena_close(&box.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_in_pages_is_one_list),
		cmocka_unit_test(only_the_labs_own_tag_counts),
		cmocka_unit_test(pages_without_end_come_to_one),
		cmocka_unit_test(a_server_of_the_api_understands_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
