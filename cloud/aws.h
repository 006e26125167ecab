/* Calls of AWS's Query protocol (EC2, STS, IAM): POST of a form, an answer in XML. What is
 * throttled, or fails at AWS, is tried again with a growing, random delay; what changes something
 * only where AWS says that it did nothing. */
#ifndef AWS_H
#define AWS_H

#include "http.h"
#include "xml.h"

enum aws_service {
	AWS_EC2,
	AWS_STS,
	AWS_IAM,
	AWS_ROUTE53,
	AWS_S3,
	AWS_SERVICES
};

enum {
	AWS_TRIES = 6,
	AWS_DEADLINE_MS = 60000 /* of a call with all its tries */
};

struct aws { /* who asks, and where; all is borrowed */
	const char *key_id, *secret;
	const char *token; /* NULL: none */
	const char *region;
	const char *endpoint[AWS_SERVICES]; /* URLs; NULL: AWS's own */
	const struct proc_beside *beside;   /* served meanwhile; NULL: nothing */
	int64_t first_delay_ns;             /* before the second try; doubles, at most 5 s */
};

struct aws_parameter {
	const char *name, *value;
};

struct aws_refusal {
	char code[80]; /* "InvalidInstanceID.NotFound"; "": AWS refused nothing */
	long status;
};

/* 0: *answer is the root of what AWS says, in the arena. -1: refusal->code says what AWS refused,
 * if it was that; err tells it with what to do. AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_EC2 (_STS,
 * _IAM) of the environment say where, as for AWS's own tools. */
int aws_query(const struct aws *aws, enum aws_service service, const char *action,
	      const struct aws_parameter *parameters, size_t count, struct arena *arena,
	      const struct xml **answer, struct aws_refusal *refusal, struct err *err);
/* The same for GET of a path without a query, as "2013-04-01/hostedzone", whose answer is <ROOT>.
 */
int aws_get(const struct aws *aws, enum aws_service service, const char *path, const char *root,
	    struct arena *arena, const struct xml **answer, struct aws_refusal *refusal,
	    struct err *err);
/* The same for what changes something in Route 53 or S3: "POST", "DELETE" of a path, with a body of
 * XML or NULL. `root` NULL: it answers with nothing. */
int aws_send(const struct aws *aws, enum aws_service service, const char *method, const char *path,
	     const char *body, const char *root, struct arena *arena, const struct xml **answer,
	     struct aws_refusal *refusal, struct err *err);

#endif
