/* One GET, or what the person says. */
#include "sandbox_from.h"

#include <arpa/inet.h>

#include "http.h"
#include "parse.h"

enum {
	PREFIX_LEAST = 8,
	ASK_MS = 10000,
	ANSWER = 64
};

int sandbox_from_check(const char **cidr, const char *text, struct arena *arena, struct err *err)
{
	const char *slash = strchr(text, '/');
	const char *address = slash ? arena_ndup(arena, text, (size_t)(slash - text)) : text;
	struct in_addr in;
	int64_t prefix = 32;

	if (inet_pton(AF_INET, address, &in) != 1 ||
	    (slash && parse_int(slash + 1, 0, 32, &prefix) < 0))
		return err_set(err, ERR_USAGE,
			       "--from %.60s: an IPv4 network such as 198.51.100.7/32 is needed",
			       text);
	if (prefix < PREFIX_LEAST)
		return err_set(err, ERR_USAGE,
			       "--from %.60s lets in half the world: name your own address", text);
	*cidr = arena_printf(arena, "%s/%d", address, (int)prefix);
	return 0;
}

static int take_answer(const char **cidr, const struct http_answer *answer, struct arena *arena,
		       struct err *err)
{
	const char *text = answer->body.data ? answer->body.data : "";
	struct err ignored;

	text = arena_ndup(arena, text, strcspn(text, " \r\n/"));
	if (answer->status == 200 && sandbox_from_check(cidr, text, arena, &ignored) == 0)
		return 0;
	return err_set(err, ERR_CANNOT,
		       "checkip.amazonaws.com does not tell an IPv4 address (status %ld): --from "
		       "CIDR",
		       answer->status);
}

int sandbox_from_ask(const char **cidr, const struct aws *aws, struct arena *arena, struct err *err)
{
	const struct http_request request = { .method = "GET",
					      .url = "https://checkip.amazonaws.com/",
					      .deadline_ms = ASK_MS,
					      .most = ANSWER };
	struct http_answer answer = { 0 };

	if (aws->endpoint[AWS_EC2])
		return err_set(err, ERR_USAGE,
			       "whence shall SSH be let in? --from CIDR, as 198.51.100.7/32");
	int status = http_ask(&request, aws->beside, &answer, err);
	if (status == 0)
		status = take_answer(cidr, &answer, arena, err);
	else
		err_in(err, "your own address is not known (--from CIDR)");
	http_answer_close(&answer);
	return status;
}
