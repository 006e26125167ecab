/* An instance's metadata, by the second version alone: cloud/imds.c. */
#include "imds.h"

#include "endpoint.h"

#define OK "HTTP/1.1 200 OK\r\n\r\n"

struct play {
	struct imds imds;
	struct buf got, told; /* what was asked, what was answered */
	struct err err;
	int opened, asked;
};

/* Opens it and asks for the session, of a server with these answers. */
static void play(struct play *p, const char *const *answers)
{
	struct endpoint endpoint = endpoint_open(answers);

	*p = (struct play){ .asked = -1 };
	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.url, 1);
	p->opened = imds_open(&p->imds, NULL, &p->err);
	if (p->opened == 0)
		p->asked = imds_session(&p->imds, &p->told, &p->err);
	imds_close(&p->imds);
	assert_int_equal(p->imds.token[0], 0);
	endpoint_close(&endpoint, &p->got);
	buf_char(&p->got, '\n'); /* never NULL */
}

static void end(struct play *p)
{
	buf_close(&p->got);
	buf_close(&p->told);
}

static size_t times(const char *text, const char *word)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		count++;
	return count;
}

static void a_token_first_and_then_with_it(void **state)
{
	static const char *const answers[] = { OK "T0K==", OK "lab-role\n", OK "{}", NULL };
	struct play p;

	(void)state;
	play(&p, answers);
	assert_int_equal(p.opened, 0);
	assert_int_equal(p.asked, 0);
	assert_string_equal(p.told.data, "{}");
	assert_int_equal(strncmp(p.got.data, "PUT /latest/api/token ", 22), 0);
	assert_non_null(strstr(p.got.data, "token-ttl-seconds: 300"));
	assert_int_equal(times(p.got.data, "X-aws-ec2-metadata-token: T0K=="), 2);
	assert_int_equal(times(p.got.data, "GET /latest/meta-data/iam/security-credentials/"), 2);
	assert_non_null(strstr(p.got.data, "security-credentials/lab-role "));
	end(&p);
}

/* The first version would answer a GET without one. */
static void without_a_token_nothing_is_asked(void **state)
{
	static const char *const answers[][2] = {
		{ "HTTP/1.1 403 Forbidden\r\n\r\n", NULL },
		{ OK, NULL },
		{ OK "two words", NULL },
		{ OK "T\r\nX-Evil: 1", NULL },
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct play p;
		play(&p, answers[i]);
		assert_int_equal(p.opened, -1);
		assert_int_equal(times(p.got.data, "GET "), 0);
		end(&p);
	}
}

static void a_role_that_is_none(void **state)
{
	static const struct {
		const char *answer[3], *why;
	} row[] = {
		{ { OK "T", "HTTP/1.1 404 X\r\n\r\n", NULL }, "this instance has no role" },
		{ { OK "T", OK, NULL }, "the answer names no role" },
		{ { OK "T", OK "../../x", NULL }, "the answer names no role" },
		{ { OK "T", "HTTP/1.1 500 X\r\n\r\n", NULL }, "status 500" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct play p;
		play(&p, row[i].answer);
		assert_int_equal(p.opened, 0);
		assert_int_equal(p.asked, -1);
		if (!strstr(p.err.text, row[i].why))
			fail_msg("%s, without: %s", p.err.text, row[i].why);
		assert_int_equal(times(p.got.data, "GET "), 1);
		end(&p);
	}
}

static void who_switched_it_off_is_heard(void **state)
{
	struct imds imds;
	struct err err;

	(void)state;
	setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
	assert_int_equal(imds_open(&imds, NULL, &err), -1);
	assert_non_null(strstr(err.text, "AWS_EC2_METADATA_DISABLED is true"));
	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://127.0.0.1/", 1);
	assert_int_equal(imds_open(&imds, NULL, &err), -1);
	assert_non_null(strstr(err.text, "is not http:// and an address"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_first_and_then_with_it),
		cmocka_unit_test(without_a_token_nothing_is_asked),
		cmocka_unit_test(a_role_that_is_none),
		cmocka_unit_test(who_switched_it_off_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
