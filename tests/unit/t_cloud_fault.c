/* Faults of the cloud against a server of AWS's API: set, undone, and mended by somebody who knows
 * the journal alone. */
#include <fcntl.h>

#include "aws_server.h"
#include "cloud_fault.h"
#include "ec2.h"
#include "file.h"
#include "folder.h"

struct place {
	struct arena arena;
	struct aws aws;
	struct aws_server server;
	struct cloud cloud;
	char folder[FOLDER_PATH];
	const char *interface_id, *subnet, *own, *closed, *acl, *no_return;
};

#define MADE(place, action, path, ...)                                                             \
	aws_made(&(place)->aws, AWS_EC2, action, path, PARAMETERS(__VA_ARGS__), &(place)->arena)
#define NAMED(kind, name)                                                                          \
	TAGGED(kind, "lab-1"), { "TagSpecification.1.Tag.2.Key", "Name" },                         \
	{                                                                                          \
		"TagSpecification.1.Tag.2.Value", name                                             \
	}

static const char *make_group(struct place *place, const char *vpc, const char *name)
{
	return MADE(place, "CreateSecurityGroup", "groupId", { "VpcId", vpc },
		    { "GroupName", name }, { "GroupDescription", name },
		    NAMED("security-group", name));
}

static void make_lab(struct place *place)
{
	const char *vpc = MADE(place, "CreateVpc", "vpc/vpcId", { "CidrBlock", "10.0.0.0/16" });
	struct ec2_acl acl;
	struct err err;

	place->subnet = MADE(place, "CreateSubnet", "subnet/subnetId", { "VpcId", vpc },
			     { "CidrBlock", "10.0.1.0/24" });
	place->own = make_group(place, vpc, "lab-1-server");
	place->closed = make_group(place, vpc, "lab-1-closed");
	place->no_return = MADE(place, "CreateNetworkAcl", "networkAcl/networkAclId",
				{ "VpcId", vpc }, NAMED("network-acl", "lab-1-no-return"));
	place->interface_id =
	    MADE(place, "CreateNetworkInterface", "networkInterface/networkInterfaceId",
		 { "SubnetId", place->subnet }, { "SecurityGroupId.1", place->own });
	assert_int_equal(ec2_acl_of(&place->aws, place->subnet, &place->arena, &acl, &err), 0);
	place->acl = acl.acl;
}

static const char *group_now(struct place *place)
{
	const char **group;
	size_t count;
	struct err err;

	assert_int_equal(
	    ec2_groups(&place->aws, place->interface_id, &place->arena, &group, &count, &err), 0);
	assert_int_equal(count, 1);
	return group[0];
}

static const char *acl_now(struct place *place)
{
	struct ec2_acl acl;
	struct err err;

	assert_int_equal(ec2_acl_of(&place->aws, place->subnet, &place->arena, &acl, &err), 0);
	return acl.acl;
}

/* As after a crash: nothing is known but the folder. */
static struct cloud somebody_else(struct place *place)
{
	struct cloud cloud = {
		.aws = &place->aws, .lab = "lab-1", .folder = place->folder, .arena = &place->arena
	};
	struct err err;

	assert_int_equal(cloud_journal_read(&cloud, &err), 0);
	return cloud;
}

static void is_set_and_undone(struct place *place)
{
	struct cloud *cloud = &place->cloud;
	struct err err;

	assert_int_equal(cloud_set(cloud, CLOUD_GROUP, place->interface_id, "closed", &err), 0);
	assert_string_equal(group_now(place), place->closed);
	assert_int_equal(somebody_else(place).count, 1);
	assert_int_equal(cloud_set(cloud, CLOUD_GROUP, place->interface_id, "closed", &err), -1);
	assert_non_null(strstr(err.text, "changed already: heal that first"));
	assert_int_equal(cloud_undo(cloud, CLOUD_GROUP, place->interface_id, &err), 0);
	assert_string_equal(group_now(place), place->own);
	assert_int_equal(somebody_else(place).count, 0);
	assert_int_equal(cloud_undo(cloud, CLOUD_GROUP, place->interface_id, &err), -1);
}

static void is_mended_by_the_journal_alone(struct place *place)
{
	struct cloud *cloud = &place->cloud, after;
	struct err err;
	size_t count;

	assert_int_equal(cloud_set(cloud, CLOUD_GROUP, place->interface_id, "closed", &err), 0);
	assert_int_equal(cloud_set(cloud, CLOUD_ACL, place->subnet, "no-return", &err), 0);
	assert_string_equal(acl_now(place), place->no_return);
	after = somebody_else(place);
	assert_int_equal(after.count, 2);
	assert_int_equal(cloud_mend(&after, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(group_now(place), place->own);
	assert_string_equal(acl_now(place), place->acl);
	assert_int_equal(somebody_else(place).count, 0);
	cloud->count = 0;
}

/* Between the line and its call there is a moment: then there is nothing to undo. */
static void what_is_not_as_the_fault_made_it_stays(struct place *place)
{
	struct cloud *cloud = &place->cloud, after;
	struct err err;
	size_t count;

	assert_int_equal(cloud_set(cloud, CLOUD_GROUP, place->interface_id, "closed", &err), 0);
	assert_int_equal(ec2_set_group(&place->aws, place->interface_id, place->own, &err), 0);
	after = somebody_else(place);
	after.undo[0].was = "sg-0123456789abcdef0"; /* it would be seen */
	assert_int_equal(cloud_mend(&after, &count, &err), 0);
	assert_string_equal(group_now(place), place->own);
	cloud->count = 0;
}

static void what_cannot_be_undone_stays_written_down(struct place *place)
{
	struct cloud *cloud = &place->cloud;
	struct aws nobody = place->aws;
	struct err err;
	size_t count;

	for (size_t i = 0; i < AWS_SERVICES; i++)
		nobody.endpoint[i] = "http://127.0.0.1:1";
	assert_int_equal(cloud_set(cloud, CLOUD_ACL, place->subnet, "no-return", &err), 0);
	cloud->aws = &nobody;
	assert_int_equal(cloud_mend(cloud, &count, &err), -1);
	assert_int_equal(count, 0);
	assert_int_equal(somebody_else(place).count, 1);
	cloud->aws = &place->aws;
	assert_int_equal(cloud_mend(cloud, &count, &err), 0);
	assert_string_equal(acl_now(place), place->acl);
}

static void the_cloud_takes_and_gives_back(void **state)
{
	struct place place = { .arena = { 0 } };

	aws_server_open(&place.server);
	aws_at(&place.aws, place.server.url);
	folder_inside(*state, place.folder);
	place.cloud = (struct cloud){
		.aws = &place.aws, .lab = "lab-1", .folder = place.folder, .arena = &place.arena
	};
	make_lab(&place);
	is_set_and_undone(&place);
	is_mended_by_the_journal_alone(&place);
	what_is_not_as_the_fault_made_it_stays(&place);
	what_cannot_be_undone_stays_written_down(&place);
	aws_server_close(&place.server);
	arena_close(&place.arena);
}

static void a_damaged_journal_is_not_guessed_at(void **state)
{
	static const char *const bad[] = {
		"security-group eni-1 sg-1\n",
		"security-group eni-1 sg-1 sg-2",
		"instance i-1 a b\n",
		"security-group eni-1 sg-1 sg-2 sg-3\n",
		"security-group eni-1&x=1 sg-1 sg-2\n",
		"security-group  sg-1 sg-2\n",
	};
	struct arena arena = { 0 };
	char folder[FOLDER_PATH];
	struct cloud cloud = { .folder = folder, .arena = &arena };
	struct err err;

	folder_inside(*state, folder);
	assert_int_equal(cloud_journal_read(&cloud, &err), 0); /* none is there */
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *path = arena_printf(&arena, "%s/%s", folder, CLOUD_JOURNAL);

		assert_int_equal(file_write(AT_FDCWD, path, bad[i], strlen(bad[i]), &err), 0);
		if (cloud_journal_read(&cloud, &err) == 0)
			fail_msg("taken: %s", bad[i]);
	}
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cloud_takes_and_gives_back),
		cmocka_unit_test(a_damaged_journal_is_not_guessed_at),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
