/* One call is a loop of tries; a try is one request and what its answer means. */
#include "aws.h"

#include <sys/random.h>

#include "clock.h"
#include "util.h"

#define MS INT64_C(1000000)

enum {
	TRY_MS = 15000,
	DELAY_MS = 5000 /* at most */
};

static const struct service {
	const char *name, *version;
	const char *region; /* of the one that serves them all; NULL: each region its own */
} services[] = {
	[AWS_EC2] = { "ec2", "2016-11-15", NULL },
	[AWS_STS] = { "sts", "2011-06-15", NULL },
	[AWS_IAM] = { "iam", "2010-05-08", "us-east-1" },
	[AWS_ROUTE53] = { "route53", NULL, "us-east-1" },
	[AWS_S3] = { "s3", NULL, NULL },
};

/* What AWS says when it was asked too much: nothing was done. */
static const char *const throttles[] = {
	"RequestLimitExceeded",
	"Throttling",
	"ThrottlingException",
	"ThrottledException",
	"RequestThrottled",
	"TooManyRequests",
	"TooManyRequestsException",
	"RequestThrottledException",
	"SlowDown",
	"PriorRequestNotComplete",
	"Unavailable",
	"ServiceUnavailable",
};

static const struct {
	const char *code, *remedy;
} remedies[] = {
	{ "AuthFailure", "these credentials are not accepted: aws sts get-caller-identity" },
	{ "InvalidClientTokenId", "these credentials are not known: aws sts get-caller-identity" },
	{ "SignatureDoesNotMatch", "the secret does not fit its key, or this clock is wrong" },
	{ "RequestExpired", "the session is over, or this clock is wrong: aws sso login" },
	{ "ExpiredToken", "the session is over: aws sso login" },
	{ "UnauthorizedOperation", "who asks may not do this: a policy must allow it" },
	{ "AccessDenied", "who asks may not do this: a policy must allow it" },
	{ "OptInRequired", "the account has not enabled this region or service" },
	{ "VpcLimitExceeded", "remove a VPC, or ask AWS for more" },
	{ "InstanceLimitExceeded", "remove instances, or ask AWS for more" },
};

struct call {
	const struct aws *aws;
	const struct service *service;
	const char *method;
	const char *root; /* what the answer is, if it is one; NULL: an empty one */
	bool is_xml;      /* the body; else it is a form */
	bool only_reads;
	struct buf url, form;
	int64_t deadline_ns;
	struct arena *arena;
	const struct xml *answer;
	struct aws_refusal *refusal;
	bool may_retry;
};

static void encode(struct buf *out, const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_char(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

static void put(struct buf *form, const char *name, const char *value)
{
	if (form->len > 0)
		buf_char(form, '&');
	encode(form, name);
	buf_char(form, '=');
	encode(form, value);
}

static void address(struct call *call)
{
	const char *endpoint = call->aws->endpoint[call->service - services];

	if (endpoint)
		buf_printf(&call->url, "%s%s", endpoint,
			   *endpoint && endpoint[strlen(endpoint) - 1] == '/' ? "" : "/");
	else if (call->service->region)
		buf_printf(&call->url, "https://%s.amazonaws.com/", call->service->name);
	else
		buf_printf(&call->url, "https://%s.%s.amazonaws.com/", call->service->name,
			   call->aws->region);
}

static bool only_reads(const char *action)
{
	return starts_with(action, "Describe") || starts_with(action, "Get") ||
	       starts_with(action, "List");
}

static bool is_throttle(const char *code)
{
	for (size_t i = 0; i < COUNT(throttles); i++)
		if (streq(code, throttles[i]))
			return true;
	return false;
}

/* EC2: Response/Errors/Error; STS and IAM: ErrorResponse/Error; some: Error alone. */
static const struct xml *error_of(const struct xml *root)
{
	const struct xml *found = xml_at(root, "Errors/Error");

	if (!found)
		found = xml_at(root, "Error");
	return found || !streq(root->name, "Error") ? found : root;
}

static int refuse(struct call *call, const struct xml *error, struct err *err)
{
	const char *code = xml_text(error, "Code"), *message = xml_text(error, "Message");
	const char *remedy = NULL;

	code = code ? code : "an error without a code";
	(void)snprintf(call->refusal->code, sizeof call->refusal->code, "%s", code);
	for (size_t i = 0; i < COUNT(remedies) && !remedy; i++)
		if (streq(code, remedies[i].code))
			remedy = remedies[i].remedy;
	call->may_retry = is_throttle(code) || (call->refusal->status >= 500 && call->only_reads);
	return err_set(err, remedy ? ERR_CANNOT : ERR_BROKE, "%s: %.300s%s%s", code,
		       message ? message : "no message", remedy ? "; " : "", remedy ? remedy : "");
}

/* What one answer means: 0, or -1 with may_retry. */
static int understand(struct call *call, const struct http_answer *got, struct err *err)
{
	const struct xml *root, *error;

	call->refusal->status = got->status;
	call->may_retry = call->only_reads && (got->status >= 500 || got->status == 200);
	if (got->status >= 300 && got->status < 400)
		return err_set(err, ERR_BROKE, "the answer leads elsewhere (%ld): not followed",
			       got->status);
	if (!call->root && got->status >= 200 && got->status < 300)
		return 0;
	root = xml_parse(got->body.data, got->body.len, call->arena, err);
	if (!root)
		return got->status == 200 ? -1 : err_in(err, "status %ld", got->status);
	error = error_of(root);
	if (error)
		return refuse(call, error, err);
	if (got->status != 200)
		return err_set(err, ERR_BROKE, "status %ld with no error in it", got->status);
	if (!call->root || !streq(root->name, call->root))
		return err_set(err, ERR_BROKE, "the answer is <%.60s>, not <%s>", root->name,
			       call->root ? call->root : "");
	call->answer = root;
	return 0;
}

/* S3 wants to be told the hash of the body, which is that of nothing. */
static const char *const of_form[] = {
	"Content-Type: application/x-www-form-urlencoded; charset=utf-8", NULL
};
static const char *const of_xml[] = { "Content-Type: application/xml", NULL };
static const char *const of_nothing[] = {
	"X-Amz-Content-Sha256: "
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	NULL
};

static int try_once(struct call *call, struct err *err)
{
	const struct http_signature by = { .key_id = call->aws->key_id,
					   .secret = call->aws->secret,
					   .token = call->aws->token,
					   .region = call->service->region ? call->service->region
									   : call->aws->region,
					   .service = call->service->name };
	int64_t left_ms = (call->deadline_ns - clock_mono_ns()) / MS;
	const struct http_request request = { .method = call->method,
					      .url = call->url.data,
					      .headers = call->is_xml         ? of_xml
							 : call->form.len > 0 ? of_form
									      : of_nothing,
					      .body = call->form.data,
					      .body_len = call->form.len,
					      .deadline_ms = left_ms < 1        ? 1
							     : left_ms < TRY_MS ? (int)left_ms
										: TRY_MS,
					      .most = XML_BYTES,
					      .signature = &by };
	struct http_answer got;
	int status;

	*call->refusal = (struct aws_refusal){ .status = 0 };
	status = http_ask(&request, call->aws->beside, &got, err);
	call->may_retry = status < 0 && err->kind == ERR_BROKE && call->only_reads;
	if (status == 0)
		status = understand(call, &got, err);
	http_answer_close(&got);
	return status;
}

/* Between half and all of the delay: many who were throttled at once do not come again at once. */
static int64_t some_of(int64_t delay_ns)
{
	uint32_t number = 0;

	(void)getrandom(&number, sizeof number, GRND_NONBLOCK);
	return delay_ns / 2 + (int64_t)((double)number / UINT32_MAX * (double)delay_ns / 2);
}

static int try_all(struct call *call, struct err *err)
{
	int64_t delay_ns = call->aws->first_delay_ns;

	for (int tries = 1;; tries++) {
		int64_t again_ns;

		if (try_once(call, err) == 0)
			return 0;
		again_ns = clock_mono_ns() + some_of(delay_ns);
		if (!call->may_retry)
			return -1;
		if (tries == AWS_TRIES || again_ns >= call->deadline_ns)
			return err_in(err, "%d tries", tries);
		(void)proc_wait(-1, 0, again_ns, call->aws->beside);
		delay_ns = delay_ns * 2 < DELAY_MS * MS ? delay_ns * 2 : DELAY_MS * MS;
	}
}

static int finish(struct call *call, const struct xml **answer, struct err *err)
{
	int status;

	call->deadline_ns = clock_mono_ns() + AWS_DEADLINE_MS * MS;
	status = try_all(call, err);
	buf_close(&call->url);
	buf_close(&call->form);
	*answer = call->answer;
	return status;
}

int aws_query(const struct aws *aws, enum aws_service service, const char *action,
	      const struct aws_parameter *parameters, size_t count, struct arena *arena,
	      const struct xml **answer, struct aws_refusal *refusal, struct err *err)
{
	struct call call = { .aws = aws,
			     .service = &services[service],
			     .method = "POST",
			     .root = arena_printf(arena, "%sResponse", action),
			     .only_reads = only_reads(action),
			     .arena = arena,
			     .refusal = refusal };

	address(&call);
	put(&call.form, "Action", action);
	put(&call.form, "Version", call.service->version);
	for (size_t i = 0; i < count; i++)
		put(&call.form, parameters[i].name, parameters[i].value);
	return finish(&call, answer, err) < 0 ? err_in(err, "%s %s", call.service->name, action)
					      : 0;
}

int aws_get(const struct aws *aws, enum aws_service service, const char *path, const char *root,
	    struct arena *arena, const struct xml **answer, struct aws_refusal *refusal,
	    struct err *err)
{
	struct call call = { .aws = aws,
			     .service = &services[service],
			     .method = "GET",
			     .root = root,
			     .only_reads = true,
			     .arena = arena,
			     .refusal = refusal };

	address(&call);
	buf_str(&call.url, path);
	return finish(&call, answer, err) < 0 ? err_in(err, "%s %s", call.service->name, path) : 0;
}

int aws_send(const struct aws *aws, enum aws_service service, const char *method, const char *path,
	     const char *body, const char *root, struct arena *arena, const struct xml **answer,
	     struct aws_refusal *refusal, struct err *err)
{
	struct call call = { .aws = aws,
			     .service = &services[service],
			     .method = method,
			     .root = root,
			     .is_xml = body != NULL,
			     .arena = arena,
			     .refusal = refusal };

	address(&call);
	buf_str(&call.url, path);
	if (body)
		buf_str(&call.form, body);
	return finish(&call, answer, err) < 0
		   ? err_in(err, "%s %s %s", call.service->name, method, path)
		   : 0;
}
