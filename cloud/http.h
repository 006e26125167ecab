/* One HTTP request at a time, by libcurl, which is loaded when the first is made: with what it
 * pulls in it would be paid for by every lab. TLS is verified, no redirect is followed, nothing of
 * a request is ever printed. */
#ifndef HTTP_H
#define HTTP_H

#include "buf.h"
#include "err.h"
#include "proc.h"

struct http_signature { /* AWS Signature Version 4 */
	const char *key_id, *secret;
	const char *token; /* of a session; NULL: none */
	const char *region, *service;
};

struct http_request {
	const char *method;         /* "GET", "POST", "PUT", "HEAD", "DELETE" */
	const char *url;            /* https, or http to an endpoint that the user named */
	const char *const *headers; /* "Name: value", NULL behind the last; NULL: none */
	const char *body;           /* NULL: none */
	size_t body_len;
	int deadline_ms; /* of all of it; connecting has 5 s of that at most */
	size_t most;     /* bytes of an answer; more is an error */
	const struct http_signature *signature; /* NULL: unsigned */
};

struct http_answer {
	long status; /* 200, 404, ... */
	struct buf body;
};

/* 0: it was answered, whatever the status. -1: ERR_CANNOT (no libcurl, no such host, no TLS trust)
 * or ERR_BROKE (cut, too late, too long). Close the answer in any case. `beside` is served
 * meanwhile and may be NULL. */
int http_ask(const struct http_request *request, const struct proc_beside *beside,
	     struct http_answer *out, struct err *err);
void http_answer_close(struct http_answer *answer);

#endif
