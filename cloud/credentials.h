/* One session for everything that lab asks of AWS: where it comes from, and what it is as an
 * environment of a child. Secrets are in memory alone, never in argv, a file or an error. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "arena.h"
#include "aws.h"

enum {
	CREDENTIALS_ASSIGNED = 4
};

/* Said of an aws CLI that cannot be asked. */
#define CREDENTIALS_OLD_CLI "this aws CLI has no such command, its version 2 has"

struct credentials {
	/* Each may go into a header: printable ASCII without spaces. */
	const char *key_id, *secret;
	const char *token;   /* NULL: none */
	const char *region;  /* a-z, 0-9 and "-", at most 32 */
	const char *expires; /* as its source says it: "2026-11-23T22:00:00Z"; NULL: it does not */
	const char *source;  /* for people: "environment", "profile P of FILE", "IMDSv2", ... */
	char *assigned[CREDENTIALS_ASSIGNED]; /* "NAME=value" of the first four; NULL: none */
};

struct credentials_asked {
	const char *region;               /* of --region; NULL: not told */
	const struct proc_beside *beside; /* served meanwhile; NULL: nothing */
};

/* The first that has one: the environment; `aws configure export-credentials`, where the aws CLI
 * is; keys or credential_process of the profile (AWS_PROFILE, else "default") in AWS's shared
 * files; IMDSv2, where no profile says another way. 0: all is in the arena. -1, mostly ERR_CANNOT:
 * half a pair or a malformed value, else each way with why it gave nothing, and what to do. Close
 * it in any case, before the arena. */
int credentials_find(struct credentials *out, const struct credentials_asked *asked,
		     struct arena *arena, struct err *err);
void credentials_close(struct credentials *credentials); /* wipes the secrets; safe twice */

/* Who asks, and where: the endpoints of AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_EC2, _STS, _IAM,
 * _ROUTE_53, _S3. `aws` borrows from the credentials and from the environment. */
void credentials_to_aws(const struct credentials *credentials, struct aws *aws);

/* The environment for a child, NULL behind its last: this process' own without all that would name
 * another session, and with this one in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN and AWS_REGION. Good until credentials_close. `credentials` NULL: for a child
 * that needs none: this process' own without a secret of AWS. */
char **credentials_environment(const struct credentials *credentials, struct arena *arena);

#endif
