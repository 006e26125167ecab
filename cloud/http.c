/* A request is one easy handle in a multi handle of its own, polled beside what else is served. */
#include "http.h"

#include <limits.h>

#include "clock.h"
#include "curl_lib.h"
#include "util.h"

enum {
	CONNECT_MS = 5000,
	POLL_MS = 1000
};

struct call {
	struct curl_lib lib;
	const struct http_request *request;
	struct http_answer *answer;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers;
	char signer[128], agent[32];
	bool is_too_long;
};

static size_t more(char *bytes, size_t size, size_t count, void *context)
{
	struct call *call = context;
	size_t len = size * count; /* size is 1: CURLOPT_WRITEFUNCTION(3) */

	if (len > call->request->most - call->answer->body.len) {
		call->is_too_long = true;
		return 0;
	}
	buf_add(&call->answer->body, bytes, len);
	return len;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/* A word of a host name or of the signature's scope. */
static bool is_word(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static int add_header(struct call *call, const char *line, struct err *err)
{
	struct curl_slist *longer;

	if (!is_plain(line))
		return err_set(err, ERR_CANNOT, "a header of a request has control characters");
	longer = call->lib.slist_append(call->headers, line);
	if (!longer)
		return err_set(err, ERR_BROKE, "no memory for a request");
	call->headers = longer;
	return 0;
}

static int sign(struct call *call, const struct http_signature *by, struct err *err)
{
	struct buf token = { 0 };
	int status = 0;

	if (!is_word(by->region) || !is_word(by->service) || !is_plain(by->key_id) ||
	    !is_plain(by->secret))
		return err_set(err, ERR_CANNOT, "what would sign a request is malformed");
	(void)snprintf(call->signer, sizeof call->signer, "aws:amz:%s:%s", by->region, by->service);
	if (by->token) {
		buf_printf(&token, "X-Amz-Security-Token: %s", by->token);
		status = add_header(call, token.data, err);
		buf_close(&token);
	}
	if (status < 0)
		return -1;
	if (call->lib.easy_setopt(call->easy, CURLOPT_AWS_SIGV4, call->signer) != CURLE_OK ||
	    call->lib.easy_setopt(call->easy, CURLOPT_USERNAME, by->key_id) != CURLE_OK ||
	    call->lib.easy_setopt(call->easy, CURLOPT_PASSWORD, by->secret) != CURLE_OK)
		return err_set(err, ERR_CANNOT,
			       "libcurl does not sign here: 7.85 or newer is needed");
	return 0;
}

static bool is_encrypted(const char *url)
{
	return starts_with(url, "https://");
}

static CURLcode set_method(struct call *call)
{
	const struct http_request *r = call->request;
	CURLcode code = CURLE_OK;

	if (streq(r->method, "HEAD"))
		return call->lib.easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
	if (r->body) {
		code = call->lib.easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE,
					     (curl_off_t)r->body_len);
		if (code == CURLE_OK)
			code = call->lib.easy_setopt(call->easy, CURLOPT_POSTFIELDS, r->body);
	}
	if (code == CURLE_OK && (!streq(r->method, "GET") || r->body))
		code = call->lib.easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, r->method);
	return code;
}

/* An endpoint without TLS is on this machine or beside it: no proxy is in between. */
static CURLcode set_limits(struct call *call)
{
	const struct http_request *r = call->request;
	bool is_tls = is_encrypted(r->url);
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_SSL_VERIFYPEER, 1 },
		{ CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_CONNECTTIMEOUT_MS,
		  r->deadline_ms < CONNECT_MS ? r->deadline_ms : CONNECT_MS },
		{ CURLOPT_TIMEOUT_MS, r->deadline_ms },
	};
	const struct {
		CURLoption option;
		const char *value;
	} texts[] = {
		{ CURLOPT_URL, r->url },
		{ CURLOPT_PROTOCOLS_STR, is_tls ? "https" : "http" },
		{ CURLOPT_USERAGENT, call->agent },
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < COUNT(numbers) && code == CURLE_OK; i++)
		code = call->lib.easy_setopt(call->easy, numbers[i].option, numbers[i].value);
	for (size_t i = 0; i < COUNT(texts) && code == CURLE_OK; i++)
		code = call->lib.easy_setopt(call->easy, texts[i].option, texts[i].value);
	if (!is_tls && code == CURLE_OK)
		code = call->lib.easy_setopt(call->easy, CURLOPT_PROXY, "");
	return code;
}

static int prepare(struct call *call, struct err *err)
{
	const struct http_request *r = call->request;
	CURLcode code;

	(void)snprintf(call->agent, sizeof call->agent, "lab/%s", LAB_VERSION);
	code = set_limits(call);
	if (code == CURLE_OK)
		code = set_method(call);
	if (code == CURLE_OK)
		code = call->lib.easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, more);
	if (code == CURLE_OK)
		code = call->lib.easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	if (code != CURLE_OK)
		return err_set(err, ERR_CANNOT, "%s: libcurl: %s", r->url,
			       call->lib.easy_strerror(code));
	for (size_t i = 0; r->headers && r->headers[i]; i++)
		if (add_header(call, r->headers[i], err) < 0)
			return -1;
	if (r->signature && sign(call, r->signature, err) < 0)
		return -1;
	/* No "Expect:" to send none: curl would sign it. It waits for bodies of a megabyte alone.
	 */
	(void)call->lib.easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	return 0;
}

static int failed(const struct call *call, CURLcode code, struct err *err)
{
	static const struct {
		CURLcode code;
		enum err_kind kind;
		const char *why;
	} known[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, ERR_CANNOT,
		  "no such host: is the region right, and is there a network?" },
		{ CURLE_COULDNT_CONNECT, ERR_CANNOT, "nobody answers there" },
		{ CURLE_PEER_FAILED_VERIFICATION, ERR_CANNOT,
		  "its certificate is not trusted here (ca-certificates, or something on the way "
		  "opens TLS)" },
		{ CURLE_OPERATION_TIMEDOUT, ERR_BROKE, "no answer in time" },
		{ CURLE_GOT_NOTHING, ERR_BROKE, "the connection was cut before an answer" },
		{ CURLE_PARTIAL_FILE, ERR_BROKE, "the connection was cut in the answer" },
		{ CURLE_RECV_ERROR, ERR_BROKE, "the connection was cut" },
		{ CURLE_UNSUPPORTED_PROTOCOL, ERR_CANNOT, "an endpoint is http:// or https://" },
	};

	if (call->is_too_long)
		return err_set(err, ERR_BROKE, "%s: the answer is longer than %zu bytes",
			       call->request->url, call->request->most);
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].code == code)
			return err_set(err, known[i].kind, "%s: %s", call->request->url,
				       known[i].why);
	return err_set(err, ERR_BROKE, "%s: %s", call->request->url, call->lib.easy_strerror(code));
}

/* The result of the one request, when it has one. */
static bool is_over(struct call *call, CURLcode *code)
{
	const CURLMsg *message;
	int left;

	while ((message = call->lib.multi_info_read(call->multi, &left)))
		if (message->msg == CURLMSG_DONE) {
			*code = message->data.result;
			return true;
		}
	return false;
}

static int perform(struct call *call, const struct proc_beside *beside, struct err *err)
{
	bool is_served = beside && beside->call(beside->context);
	CURLcode code = CURLE_OK;

	for (;;) {
		struct curl_waitfd other = { .fd = beside ? beside->fd : -1,
					     .events = CURL_WAIT_POLLIN };
		int running;

		if (call->lib.multi_perform(call->multi, &running) != CURLM_OK)
			return err_set(err, ERR_BROKE, "%s: libcurl cannot go on",
				       call->request->url);
		if (is_over(call, &code))
			break;
		if (call->lib.multi_poll(call->multi, is_served ? &other : NULL, is_served, POLL_MS,
					 NULL) != CURLM_OK)
			return err_set(err, ERR_BROKE, "%s: libcurl cannot wait",
				       call->request->url);
		if (is_served && other.revents)
			is_served = beside->call(beside->context);
	}
	if (code != CURLE_OK)
		return failed(call, code, err);
	(void)call->lib.easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->answer->status);
	return 0;
}

static int ask(struct call *call, const struct proc_beside *beside, struct err *err)
{
	int status = -1;

	call->easy = call->lib.easy_init();
	call->multi = call->lib.multi_init();
	if (!call->easy || !call->multi)
		err_set(err, ERR_BROKE, "no memory for a request");
	else if (prepare(call, err) == 0 &&
		 call->lib.multi_add_handle(call->multi, call->easy) == CURLM_OK) {
		status = perform(call, beside, err);
		(void)call->lib.multi_remove_handle(call->multi, call->easy);
	}
	if (call->easy)
		call->lib.easy_cleanup(call->easy);
	if (call->multi)
		(void)call->lib.multi_cleanup(call->multi);
	call->lib.slist_free_all(call->headers);
	return status;
}

int http_ask(const struct http_request *request, const struct proc_beside *beside,
	     struct http_answer *out, struct err *err)
{
	struct call call = { .request = request, .answer = out };

	*out = (struct http_answer){ 0 };
	if (!is_plain(request->url) ||
	    (!is_encrypted(request->url) && !starts_with(request->url, "http://")))
		return err_set(err, ERR_CANNOT, "an endpoint is http:// or https://");
	return curl_lib_open(&call.lib, err) < 0 ? -1 : ask(&call, beside, err);
}

void http_answer_close(struct http_answer *answer)
{
	buf_close(&answer->body);
}
