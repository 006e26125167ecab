/* What is left of a lab, asked of a server of AWS's API: all of ours, none of others, and no
 * "nothing is left" from a service that does not answer. */
#include "endpoint.h"

#include "aws_server.h"
#include "kind.h"
#include "left.h"

static const struct left_names names = { .lab = "lab-1", .bucket = "lab-1-captures" };

struct cloud {
	struct arena arena;
	struct aws aws;
	struct aws_server server;
};

/* What is no call of the Query protocol; the answer is not looked at. */
static void send_rest(struct cloud *cloud, const char *method, const char *path,
		      const char *service, const char *body)
{
	const struct http_signature by = { .key_id = cloud->aws.key_id,
					   .secret = cloud->aws.secret,
					   .region = "eu-central-1",
					   .service = service };
	static const char *const headers[] = { "Content-Type: text/xml", NULL };
	const struct http_request request = {
		.method = method,
		.headers = headers,
		.url = arena_printf(&cloud->arena, "%s/%s", cloud->server.url, path),
		.body = body,
		.body_len = strlen(body),
		.deadline_ms = 20000,
		.most = 1 << 16,
		.signature = &by,
	};
	struct http_answer answer;
	struct err err;

	assert_int_equal(http_ask(&request, NULL, &answer, &err), 0);
	if (answer.status < 200 || answer.status >= 300)
		fail_msg("%s: %ld: %.*s", path, answer.status, (int)answer.body.len,
			 answer.body.data);
	http_answer_close(&answer);
}

static void make_zone(struct cloud *cloud, const char *reference, const char *comment)
{
	send_rest(cloud, "POST", "2013-04-01/hostedzone", "route53",
		  arena_printf(&cloud->arena,
			       "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/"
			       "2013-04-01/\"><Name>lab.internal.</Name><CallerReference>%s"
			       "</CallerReference><HostedZoneConfig><Comment>%s</Comment>"
			       "</HostedZoneConfig></CreateHostedZoneRequest>",
			       reference, comment));
}

static void make_lab(struct cloud *cloud, const char *name)
{
	const char *bucket = arena_printf(&cloud->arena, "%s-captures", name);

	(void)aws_made(&cloud->aws, AWS_EC2, "CreateVpc", "vpc/vpcId",
		       PARAMETERS({ "CidrBlock", "10.0.0.0/16" }, TAGGED("vpc", name)),
		       &cloud->arena);
	(void)aws_made(&cloud->aws, AWS_IAM, "CreateRole", "RoleId",
		       PARAMETERS({ "RoleName", name }, { "AssumeRolePolicyDocument", "{}" }),
		       &cloud->arena);
	(void)aws_made(&cloud->aws, AWS_IAM, "CreateInstanceProfile", "Id",
		       PARAMETERS({ "InstanceProfileName", name }), &cloud->arena);
	make_zone(cloud, name, name);
	send_rest(cloud, "PUT", bucket, "s3",
		  "<CreateBucketConfiguration><LocationConstraint>eu-central-1"
		  "</LocationConstraint></CreateBucketConfiguration>");
}

static const char *make_host(struct cloud *cloud, const char *name)
{
	const char *image =
	    aws_made(&cloud->aws, AWS_EC2, "DescribeImages", "imagesSet/item/imageId",
		     PARAMETERS({ "Owner.1", "amazon" }), &cloud->arena);

	return aws_made(&cloud->aws, AWS_EC2, "RunInstances", "instancesSet/item/instanceId",
			PARAMETERS({ "ImageId", image }, { "MinCount", "1" }, { "MaxCount", "1" },
				   TAGGED("instance", name)),
			&cloud->arena);
}

static size_t count_of(const struct left *left, size_t count, const char *service, const char *kind)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += streq(left[i].service, service) && streq(left[i].kind, kind);
	return found;
}

static void what_is_ours_is_left_and_nothing_else(void **state)
{
	struct cloud cloud = { .arena = { 0 } };
	const char *host;
	struct left *left;
	struct err err;
	size_t count;

	(void)state;
	aws_server_open(&cloud.server);
	aws_at(&cloud.aws, cloud.server.url);
	make_lab(&cloud, "lab-12");
	(void)make_host(&cloud, "lab-12");
	assert_int_equal(left_in_aws(&cloud.aws, &names, &cloud.arena, &left, &count, &err), 0);
	assert_int_equal(count, 0);
	make_lab(&cloud, "lab-1");
	host = make_host(&cloud, "lab-1");
	assert_int_equal(left_in_aws(&cloud.aws, &names, &cloud.arena, &left, &count, &err), 0);
	assert_int_equal(count_of(left, count, "ec2", "vpc"), 1);
	assert_int_equal(count_of(left, count, "ec2", "instance"), 1);
	assert_int_equal(count_of(left, count, "iam", "role"), 1);
	assert_int_equal(count_of(left, count, "iam", "profile"), 1);
	assert_int_equal(count_of(left, count, "route53", "zone"), 1);
	assert_int_equal(count_of(left, count, "s3", "bucket"), 1);
	assert_int_equal(count, 6);
	(void)aws_made(&cloud.aws, AWS_EC2, "TerminateInstances", "requestId",
		       PARAMETERS({ "InstanceId.1", host }), &cloud.arena);
	assert_int_equal(left_in_aws(&cloud.aws, &names, &cloud.arena, &left, &count, &err), 0);
	assert_int_equal(count_of(left, count, "ec2", "instance"), 0);
	aws_server_close(&cloud.server);
	arena_close(&cloud.arena);
}

/* The first answer says that nothing is there, a later one is a refusal. */
static void a_service_that_refuses_is_no_service_without_anything(void **state)
{
	const char *answers[KINDS + 3] = { NULL };
	struct arena arena = { 0 };
	struct endpoint endpoint;
	struct aws aws;
	struct left *left;
	struct err err;
	size_t count;

	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		answers[i] =
		    arena_printf(&arena, "HTTP/1.1 200 OK\r\n\r\n<%sResponse/>", kinds[i].describe);
	answers[KINDS] = "HTTP/1.1 200 OK\r\n\r\n<DescribeTagsResponse/>";
	answers[KINDS + 1] = "HTTP/1.1 403 X\r\n\r\n<ErrorResponse><Error><Code>AccessDenied"
			     "</Code></Error></ErrorResponse>";
	endpoint = endpoint_open(answers);
	aws_at(&aws, endpoint.url);
	assert_int_equal(left_in_aws(&aws, &names, &arena, &left, &count, &err), -1);
	assert_non_null(strstr(err.text, "iam GetRole: AccessDenied"));
	endpoint_close(&endpoint, NULL);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ours_is_left_and_nothing_else),
		cmocka_unit_test(a_service_that_refuses_is_no_service_without_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
