/* Three requests, each with a short deadline: off EC2 nobody answers. */
#include "imds.h"

#include <strings.h>

#include "env.h"
#include "http.h"
#include "util.h"

#define USUAL "http://169.254.169.254/"
#define ROLES "latest/meta-data/iam/security-credentials/"
#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

enum {
	ASK_MS = 2000,
	ROLE_LEN = 64, /* as IAM has it */
	OK = 200,
	MISSING = 404
};

static const char ttl[] = "X-aws-ec2-metadata-token-ttl-seconds: 300"; /* for a few requests */
static const char token_header[] = "X-aws-ec2-metadata-token: ";

static void wipe(struct http_answer *answer)
{
	if (answer->body.data)
		explicit_bzero(answer->body.data, answer->body.cap);
	http_answer_close(answer);
}

/* Adds what `path` holds; *status is 0 where nothing was answered. */
static int ask(const struct imds *imds, const char *method, const char *path, const char *header,
	       struct buf *out, long *status, struct err *err)
{
	const char *const headers[] = { header, NULL };
	struct buf url = { 0 };
	struct http_answer answer;
	int result;

	buf_printf(&url, "%s%s", imds->url, path);
	const struct http_request request = { .method = method,
					      .url = url.data,
					      .headers = headers,
					      .deadline_ms = ASK_MS,
					      .most = IMDS_BYTES };
	result = http_ask(&request, imds->beside, &answer, err);
	*status = answer.status;
	if (result == 0 && answer.status != OK)
		result = err_set(err, ERR_CANNOT, "%s: status %ld", url.data, answer.status);
	if (result == 0)
		buf_add(out, answer.body.data, answer.body.len);
	wipe(&answer);
	buf_close(&url);
	return result;
}

static int name_it(struct imds *imds, struct err *err)
{
	const char *told = env_get(VAR_AWS_EC2_METADATA_SERVICE_ENDPOINT);
	size_t len;

	told = told ? told : USUAL;
	len = strlen(told);
	if (!starts_with(told, "http://") || len + 2 > sizeof imds->url)
		return err_set(err, ERR_CANNOT, "%s is not http:// and an address",
			       env_name(VAR_AWS_EC2_METADATA_SERVICE_ENDPOINT));
	(void)snprintf(imds->url, sizeof imds->url, "%s%s", told, told[len - 1] == '/' ? "" : "/");
	return 0;
}

static int take_token(struct imds *imds, const struct buf *got, struct err *err)
{
	size_t len = got->len;

	if (len == 0 || strspn(got->data, WORD "=+/.") != len ||
	    sizeof token_header + len > sizeof imds->token)
		return err_set(err, ERR_CANNOT, "%slatest/api/token: the answer is no token",
			       imds->url);
	(void)snprintf(imds->token, sizeof imds->token, "%s%s", token_header, got->data);
	return 0;
}

int imds_open(struct imds *out, const struct proc_beside *beside, struct err *err)
{
	const char *disabled = env_get(VAR_AWS_EC2_METADATA_DISABLED);
	struct buf token = { 0 };
	long status;
	int result;

	*out = (struct imds){ .beside = beside };
	if (disabled && strcasecmp(disabled, "true") == 0)
		return err_set(err, ERR_CANNOT, "%s is true",
			       env_name(VAR_AWS_EC2_METADATA_DISABLED));
	if (name_it(out, err) < 0)
		return -1;
	result = ask(out, "PUT", "latest/api/token", ttl, &token, &status, err);
	if (result == 0)
		result = take_token(out, &token, err);
	if (token.data)
		explicit_bzero(token.data, token.len);
	buf_close(&token);
	return result;
}

void imds_close(struct imds *imds)
{
	explicit_bzero(imds->token, sizeof imds->token);
}

int imds_session(const struct imds *imds, struct buf *out, struct err *err)
{
	struct buf path = { 0 };
	size_t prefix = strlen(ROLES), len;
	long status;
	int result;

	buf_str(&path, ROLES);
	result = ask(imds, "GET", ROLES, imds->token, &path, &status, err);
	if (result < 0 && status == MISSING)
		result = err_set(err, ERR_CANNOT, "this instance has no role");
	len = strcspn(path.data + prefix, "\r\n"); /* there is one; a line each */
	if (result == 0 &&
	    (len == 0 || len > ROLE_LEN || strspn(path.data + prefix, WORD "+=,.@") != len))
		result =
		    err_set(err, ERR_CANNOT, "%s" ROLES ": the answer names no role", imds->url);
	if (result == 0) {
		path.data[prefix + len] = '\0';
		result = ask(imds, "GET", path.data, imds->token, out, &status, err);
	}
	buf_close(&path);
	return result;
}

int imds_region(const struct imds *imds, struct buf *out, struct err *err)
{
	long status;

	return ask(imds, "GET", "latest/meta-data/placement/region", imds->token, out, &status,
		   err);
}
