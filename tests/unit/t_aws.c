/* Calls of AWS: what is asked, what is tried again, and what an error says. */
#include "endpoint.h"

#include "aws.h"

#define XML(body) "HTTP/1.1 200 OK\r\n\r\n" body
#define FINE XML("<StopInstancesResponse><requestId>1</requestId></StopInstancesResponse>")
#define SEEN XML("<DescribeInstancesResponse><requestId>2</requestId></DescribeInstancesResponse>")
#define REFUSED(status, code)                                                                      \
	"HTTP/1.1 " status " X\r\n\r\n<Response><Errors><Error><Code>" code                        \
	"</Code><Message>because</Message></Error></Errors></Response>"

struct asked {
	struct arena arena;
	const struct xml *answer;
	struct aws_refusal refusal;
	struct err err;
	struct buf got;
	int status, requests;
};

static struct asked ask(const char *const *answers, enum aws_service service, const char *action)
{
	static const struct aws_parameter parameters[] = { { "InstanceId.1", "i-1" },
							   { "Filter.1.Value", "a b&c=\xc3\xa9" } };
	struct endpoint endpoint = endpoint_open(answers);
	struct aws aws = { .key_id = "AKIDEXAMPLE",
			   .secret = "canary",
			   .region = "eu-central-1",
			   .first_delay_ns = 1000000 };
	struct asked out = { 0 };

	for (size_t i = 0; i < AWS_SERVICES; i++)
		aws.endpoint[i] = endpoint.url;
	out.status = aws_query(&aws, service, action, parameters, COUNT(parameters), &out.arena,
			       &out.answer, &out.refusal, &out.err);
	endpoint_close(&endpoint, &out.got);
	buf_char(&out.got, '\0');
	for (const char *at = out.got.data; (at = strstr(at, "POST / ")); at++)
		out.requests++;
	assert_null(strstr(out.err.text, "canary"));
	return out;
}

static void done(struct asked *asked)
{
	arena_close(&asked->arena);
	buf_close(&asked->got);
}

static void becomes(const char *const *answers, const char *action, int requests, const char *why)
{
	struct asked asked = ask(answers, AWS_EC2, action);

	assert_int_equal(asked.requests, requests);
	assert_int_equal(asked.status, why ? -1 : 0);
	assert_true(!asked.answer == (asked.status < 0));
	if (why && !strstr(asked.err.text, why))
		fail_msg("%s: not in: %s", why, asked.err.text);
	done(&asked);
}

static void a_call_is_a_signed_form(void **state)
{
	static const char *const answers[] = { SEEN, NULL };
	struct asked asked = ask(answers, AWS_EC2, "DescribeInstances");

	(void)state;
	assert_int_equal(asked.status, 0);
	assert_string_equal(xml_text(asked.answer, "requestId"), "2");
	assert_non_null(strstr(asked.got.data, "/eu-central-1/ec2/aws4_request"));
	assert_non_null(strstr(
	    asked.got.data, "\r\n\r\nAction=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1"
			    "&Filter.1.Value=a%20b%26c%3D%C3%A9"));
	done(&asked);
}

static void a_service_without_regions_is_signed_for_its_own(void **state)
{
	static const char *const answers[] = {
		XML("<GetRoleResponse><GetRoleResult/></GetRoleResponse>"), NULL
	};
	struct asked asked = ask(answers, AWS_IAM, "GetRole");

	(void)state;
	assert_int_equal(asked.status, 0);
	assert_non_null(strstr(asked.got.data, "/us-east-1/iam/aws4_request"));
	done(&asked);
}

static void what_is_throttled_is_tried_again(void **state)
{
	static const char *const read[] = { REFUSED("503", "RequestLimitExceeded"),
					    REFUSED("400", "Throttling"), SEEN, NULL };
	static const char *const change[] = { REFUSED("503", "RequestLimitExceeded"), FINE, NULL };
	static const char *const always[] = { REFUSED("503", "Unavailable"),
					      REFUSED("503", "Unavailable"),
					      REFUSED("503", "Unavailable"),
					      REFUSED("503", "Unavailable"),
					      REFUSED("503", "Unavailable"),
					      REFUSED("503", "Unavailable"),
					      SEEN,
					      NULL };

	(void)state;
	becomes(read, "DescribeInstances", 3, NULL);
	becomes(change, "StopInstances", 2, NULL);
	becomes(always, "DescribeInstances", AWS_TRIES, "6 tries: Unavailable: because");
}

static void a_change_that_may_have_been_made_is_not_made_twice(void **state)
{
	static const char *const cut[] = { "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<a", FINE,
					   NULL };
	static const char *const broken[] = { REFUSED("500", "InternalError"), FINE, NULL };
	static const char *const seen[] = { "", REFUSED("500", "InternalError"), SEEN, NULL };

	(void)state;
	becomes(cut, "StopInstances", 1, "cut in the answer");
	becomes(broken, "StopInstances", 1, "InternalError");
	becomes(seen, "DescribeInstances", 3, NULL);
}

static void a_refusal_is_final_and_says_what_to_do(void **state)
{
	static const char *const answers[] = { REFUSED("401", "AuthFailure"), SEEN, NULL };
	static const char *const gone[] = { REFUSED("400", "InvalidInstanceID.NotFound"), SEEN,
					    NULL };
	static const char *const sts[] = {
		"HTTP/1.1 403 "
		"X\r\n\r\n<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>",
		NULL
	};
	struct asked asked = ask(gone, AWS_EC2, "StopInstances");

	(void)state;
	assert_string_equal(asked.refusal.code, "InvalidInstanceID.NotFound");
	assert_int_equal(asked.refusal.status, 400);
	assert_int_equal(asked.err.kind, ERR_BROKE);
	done(&asked);
	becomes(answers, "DescribeInstances", 1,
		"ec2 DescribeInstances: AuthFailure: because; these credentials");
	asked = ask(sts, AWS_STS, "GetCallerIdentity");
	assert_int_equal(asked.err.kind, ERR_CANNOT);
	assert_non_null(strstr(asked.err.text, "aws sso login"));
	done(&asked);
}

static void what_is_no_answer_is_no_success(void **state)
{
	static const char *const page[] = { "HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><html></html>",
					    NULL };
	static const char *const inside[] = { REFUSED("200", "AuthFailure"), NULL };
	static const char *const other[] = { SEEN, NULL };
	static const char *const away[] = {
		"HTTP/1.1 301 X\r\nLocation: http://127.0.0.1:1/\r\n\r\n", NULL
	};
	static const char *const bare[] = { "HTTP/1.1 404 X\r\n\r\n<a/>", NULL };

	(void)state;
	becomes(page, "StopInstances", 1, "a document type is not accepted");
	becomes(inside, "StopInstances", 1, "AuthFailure");
	becomes(other, "StopInstances", 1,
		"the answer is <DescribeInstancesResponse>, not <StopInstancesResponse>");
	becomes(away, "StopInstances", 1, "not followed");
	becomes(bare, "StopInstances", 1, "status 404");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_a_signed_form),
		cmocka_unit_test(a_service_without_regions_is_signed_for_its_own),
		cmocka_unit_test(what_is_throttled_is_tried_again),
		cmocka_unit_test(a_change_that_may_have_been_made_is_not_made_twice),
		cmocka_unit_test(a_refusal_is_final_and_says_what_to_do),
		cmocka_unit_test(what_is_no_answer_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
