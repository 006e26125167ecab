/* Requests over HTTP: what is an answer, what is an error, and what is never done. */
#include "endpoint.h"

#include "clock.h"
#include "http.h"

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n" body

struct asked {
	int status;
	struct http_answer answer;
	struct err err;
	struct buf got; /* by the endpoint */
};

static struct http_request request(const struct endpoint *endpoint)
{
	return (struct http_request){
		.method = "GET", .url = endpoint->url, .deadline_ms = 20000, .most = 1000
	};
}

static struct asked ask(const char *const *answers, struct http_request change)
{
	struct endpoint endpoint = endpoint_open(answers);
	struct http_request r = request(&endpoint);
	struct asked out = { 0 };

	r.method = change.method ? change.method : r.method;
	r.deadline_ms = change.deadline_ms ? change.deadline_ms : r.deadline_ms;
	r.most = change.most ? change.most : r.most;
	r.headers = change.headers;
	r.body = change.body;
	r.body_len = change.body_len;
	r.signature = change.signature;
	out.status = http_ask(&r, NULL, &out.answer, &out.err);
	endpoint_close(&endpoint, &out.got);
	return out;
}

static void done(struct asked *asked)
{
	http_answer_close(&asked->answer);
	buf_close(&asked->got);
}

static void fails(const char *const *answers, struct http_request change, enum err_kind kind,
		  const char *why)
{
	struct asked asked = ask(answers, change);

	assert_int_equal(asked.status, -1);
	assert_int_equal(asked.err.kind, kind);
	assert_non_null(strstr(asked.err.text, why));
	done(&asked);
}

static void any_status_is_an_answer(void **state)
{
	static const char *const answers[] = { "HTTP/1.1 404 Not Found\r\n\r\nno such thing",
					       NULL };
	struct asked asked = ask(answers, (struct http_request){ .deadline_ms = 0 });

	(void)state;
	assert_int_equal(asked.status, 0);
	assert_int_equal(asked.answer.status, 404);
	assert_memory_equal(asked.answer.body.data, "no such thing", 13);
	done(&asked);
}

static void a_redirect_is_not_followed(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
		OK("followed"), NULL
	};
	struct asked asked = ask(answers, (struct http_request){ .deadline_ms = 0 });

	(void)state;
	assert_int_equal(asked.answer.status, 302);
	assert_null(strstr(asked.got.data, "elsewhere"));
	done(&asked);
}

/* As calls of EC2 are made, or reads of S3. */
static struct asked ask_signed(const char *service, const char *token)
{
	static const char *const answers[] = { OK("<a/>"), NULL };
	static const char *const of_form[] = {
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8", NULL
	};
	static const char *const of_nothing[] = {
		"X-Amz-Content-Sha256: "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		NULL
	};
	static const char body[] = "Action=DescribeInstances&Version=2016-11-15";
	const struct http_signature by = { .key_id = "AKIDEXAMPLE",
					   .secret = "canary",
					   .token = token,
					   .region = "eu-central-1",
					   .service = service };
	bool is_form = streq(service, "ec2");
	struct asked asked =
	    ask(answers, (struct http_request){ .method = is_form ? "POST" : "GET",
						.headers = is_form ? of_form : of_nothing,
						.body = is_form ? body : NULL,
						.body_len = is_form ? strlen(body) : 0,
						.signature = &by });

	assert_int_equal(asked.status, 0);
	buf_char(&asked.got, '\0');
	return asked;
}

static void a_signed_request_shows_no_secret(void **state)
{
	struct asked asked = ask_signed("ec2", "session");

	(void)state;
	assert_non_null(strstr(asked.got.data, "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(asked.got.data, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
	assert_non_null(strstr(asked.got.data, "/eu-central-1/ec2/aws4_request"));
	assert_non_null(strstr(asked.got.data, "x-amz-security-token"));
	assert_non_null(strstr(asked.got.data, "\r\n\r\nAction=DescribeInstances&"));
	assert_null(strstr(asked.got.data, "canary"));
	assert_null(strstr(asked.got.data, "Basic "));
	done(&asked);
}

static void a_signature_is_that_of_botocore(void **state)
{
	static const char *const can[] = { "python3", "-c", "import botocore", NULL };
	static const struct {
		const char *service, *token;
	} rows[] = { { "ec2", NULL }, { "ec2", "session/+=" }, { "s3", NULL }, { "s3", "t" } };
	struct proc_result result;
	struct err err;
	bool is_there = proc_run(can, NULL, 60000, &result, &err) == 0 && result.status == 0;

	(void)state;
	proc_result_close(&result);
	if (!is_there)
		SKIP("botocore is not installed");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const argv[] = { "python3",      "tests/unit/sigv4.py", "canary",
					     "eu-central-1", rows[i].service,       NULL };
		struct asked asked = ask_signed(rows[i].service, rows[i].token);

		assert_int_equal(proc_run(argv, asked.got.data, 60000, &result, &err), 0);
		assert_int_equal(result.status, 0);
		assert_int_equal(result.out.len, 64 + 1 + 64 + 1);
		assert_memory_equal(result.out.data, result.out.data + 65, 64);
		proc_result_close(&result);
		done(&asked);
	}
}

static void what_is_cut_or_too_long_is_an_error(void **state)
{
	static const char *const none[] = { "", NULL };
	static const char *const half[] = { "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
					    NULL };
	static const char *const more[] = { OK("0123456789"), NULL };
	static const char *const never[] = { silent, NULL };

	(void)state;
	fails(none, (struct http_request){ .deadline_ms = 0 }, ERR_BROKE, "cut before an answer");
	fails(half, (struct http_request){ .deadline_ms = 0 }, ERR_BROKE, "cut in the answer");
	fails(more, (struct http_request){ .most = 9 }, ERR_BROKE, "longer than 9 bytes");
	fails(never, (struct http_request){ .deadline_ms = 50 }, ERR_BROKE, "no answer in time");
}

static void what_is_malformed_is_never_sent(void **state)
{
	static const char *const answers[] = { OK("<a/>"), NULL };
	static const char *const split[] = { "A: b\r\nX-Injected: 1", NULL };
	static const char *const urls[] = { "ftp://127.0.0.1/", "file:///etc/passwd",
					    "http://a\r\nb/", "127.0.0.1" };
	struct http_signature by = {
		.key_id = "A", .secret = "b", .region = "x:y", .service = "ec2"
	};
	struct http_answer answer;
	struct err err;

	(void)state;
	fails(answers, (struct http_request){ .headers = split }, ERR_CANNOT, "control characters");
	fails(answers, (struct http_request){ .signature = &by }, ERR_CANNOT, "malformed");
	by.region = "eu-central-1", by.token = "a\nb";
	fails(answers, (struct http_request){ .signature = &by }, ERR_CANNOT, "control characters");
	for (size_t i = 0; i < COUNT(urls); i++) {
		const struct http_request r = { .method = "GET",
						.url = urls[i],
						.deadline_ms = 1000 };

		assert_int_equal(http_ask(&r, NULL, &answer, &err), -1);
		assert_int_equal(err.kind, ERR_CANNOT);
		http_answer_close(&answer);
	}
}

static void where_nobody_listens_is_told(void **state)
{
	static const char *const answers[] = { OK("<a/>"), NULL };
	struct endpoint endpoint = endpoint_open(answers);
	struct http_request r = request(&endpoint);
	struct http_answer answer;
	struct err err;

	(void)state;
	endpoint_close(&endpoint, NULL);
	assert_int_equal(http_ask(&r, NULL, &answer, &err), -1);
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_non_null(strstr(err.text, "nobody answers there"));
	http_answer_close(&answer);
}

static bool count(void *context)
{
	int *calls = context;

	return ++*calls < 2;
}

static void another_stream_is_served_meanwhile(void **state)
{
	static const char *const never[] = { silent, NULL };
	struct endpoint endpoint = endpoint_open(never);
	struct http_request r = request(&endpoint);
	struct http_answer answer;
	struct err err;
	int ends[2], calls = 0;
	const struct proc_beside beside = { .call = count, .context = &calls };
	struct proc_beside with = beside;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	with.fd = ends[0];
	r.deadline_ms = 100;
	assert_int_equal(http_ask(&r, &with, &answer, &err), -1);
	assert_int_equal(calls, 2);
	http_answer_close(&answer);
	endpoint_close(&endpoint, NULL);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_status_is_an_answer),
		cmocka_unit_test(a_redirect_is_not_followed),
		cmocka_unit_test(a_signed_request_shows_no_secret),
		cmocka_unit_test(a_signature_is_that_of_botocore),
		cmocka_unit_test(what_is_cut_or_too_long_is_an_error),
		cmocka_unit_test(what_is_malformed_is_never_sent),
		cmocka_unit_test(where_nobody_listens_is_told),
		cmocka_unit_test(another_stream_is_served_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
