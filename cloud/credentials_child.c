/* What others are told of a session: a call of AWS, and a child. */
#include "credentials.h"

#include "env.h"
#include "util.h"

enum {
	FIRST_DELAY_MS = 200
};

/* All by which AWS's libraries would find another session. */
static const struct {
	const char *name;
	bool is_secret;
} who[] = {
	{ "AWS_ACCESS_KEY_ID", true },
	{ "AWS_ACCESS_KEY", true },
	{ "AWS_SECRET_ACCESS_KEY", true },
	{ "AWS_SECRET_KEY", true },
	{ "AWS_SESSION_TOKEN", true },
	{ "AWS_SECURITY_TOKEN", true },
	{ "AWS_CONTAINER_AUTHORIZATION_TOKEN", true },
	{ "AWS_BEARER_TOKEN_BEDROCK", true },
	{ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", false },
	{ "AWS_CONTAINER_CREDENTIALS_FULL_URI", false },
	{ "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", false },
	{ "AWS_CREDENTIAL_EXPIRATION", false },
	{ "AWS_CREDENTIAL_FILE", false },
	{ "AWS_PROFILE", false },
	{ "AWS_DEFAULT_PROFILE", false },
	{ "AWS_REGION", false },
	{ "AWS_DEFAULT_REGION", false },
	{ "AWS_ROLE_ARN", false },
	{ "AWS_ROLE_SESSION_NAME", false },
	{ "AWS_WEB_IDENTITY_TOKEN_FILE", false },
};

static const enum variable endpoints[AWS_SERVICES] = {
	[AWS_EC2] = VAR_AWS_ENDPOINT_URL_EC2, [AWS_STS] = VAR_AWS_ENDPOINT_URL_STS,
	[AWS_IAM] = VAR_AWS_ENDPOINT_URL_IAM, [AWS_ROUTE53] = VAR_AWS_ENDPOINT_URL_ROUTE_53,
	[AWS_S3] = VAR_AWS_ENDPOINT_URL_S3,
};

void credentials_to_aws(const struct credentials *credentials, struct aws *aws)
{
	*aws = (struct aws){ .key_id = credentials->key_id,
			     .secret = credentials->secret,
			     .token = credentials->token,
			     .region = credentials->region,
			     .first_delay_ns = FIRST_DELAY_MS * INT64_C(1000000) };
	for (size_t i = 0; i < AWS_SERVICES; i++) {
		const char *own = env_get(endpoints[i]);

		aws->endpoint[i] = own ? own : env_get(VAR_AWS_ENDPOINT_URL);
	}
}

static bool is_left_out(const char *assigned, bool only_secrets)
{
	size_t len = strcspn(assigned, "=");

	for (size_t i = 0; i < COUNT(who); i++)
		if (strlen(who[i].name) == len && strncmp(who[i].name, assigned, len) == 0)
			return who[i].is_secret || !only_secrets;
	return false;
}

char **credentials_environment(const struct credentials *credentials, struct arena *arena)
{
	char **all = env_all(), **out;
	size_t count = 0;

	while (all[count])
		count++;
	out = arena_array(arena, count + CREDENTIALS_ASSIGNED + 1, sizeof *out);
	count = 0;
	for (; *all; all++)
		if (!is_left_out(*all, !credentials))
			out[count++] = *all;
	for (size_t i = 0; credentials && i < CREDENTIALS_ASSIGNED; i++)
		if (credentials->assigned[i])
			out[count++] = credentials->assigned[i];
	return out;
}

void credentials_close(struct credentials *credentials)
{
	for (size_t i = 0; i < CREDENTIALS_ASSIGNED; i++)
		if (credentials->assigned[i])
			explicit_bzero(credentials->assigned[i], strlen(credentials->assigned[i]));
	*credentials = (struct credentials){ 0 };
}
