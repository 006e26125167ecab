/* One call, and a few lines of text. */
#include "console.h"

#include "base64.h"

#define BEGIN "-----BEGIN SSH HOST KEY KEYS-----"
#define END "-----END SSH HOST KEY KEYS-----"

enum {
	TYPE_LEN = 63,
	LENGTH = 4 /* bytes in front of a string of SSH */
};

static bool is_type(const char *word, size_t len)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-@.";

	if (len == 0 || len > TYPE_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr(plain, word[i]))
			return false;
	return (len > 4 && memcmp(word, "ssh-", 4) == 0) ||
	       (len > 6 && memcmp(word, "ecdsa-", 6) == 0);
}

/* A blob begins with its own type. */
static bool is_of_type(const struct buf *blob, const char *type, size_t len)
{
	struct cursor at = cursor_of(blob->data, blob->len);

	if (cursor_u32(&at) != len)
		return false;
	const uint8_t *said = cursor_take(&at, len);
	return said && memcmp(said, type, len) == 0 && cursor_left(&at) > LENGTH;
}

/* "ssh-ed25519 AAAA... root@host", with what a logger may have put in front. */
static bool take_line(const char *line, size_t len, struct arena *arena, struct console_key *out)
{
	const char *end = line + len, *at = line;

	while (at < end) {
		const char *word = at;
		while (at<end && * at> ' ')
			at++;
		const char *type = word;
		size_t type_len = (size_t)(at - word);
		while (at < end && *at <= ' ')
			at++;
		if (!is_type(type, type_len))
			continue;
		const char *key = at;
		while (at<end && * at> ' ')
			at++;
		struct buf blob = { 0 };
		bool is_key = base64_read(&blob, key, (size_t)(at - key)) == 0 &&
			      is_of_type(&blob, type, type_len);
		if (is_key)
			*out = (struct console_key){ .type = arena_ndup(arena, type, type_len),
						     .blob = arena_ndup(arena, blob.data, blob.len),
						     .len = blob.len };
		buf_close(&blob);
		return is_key;
	}
	return false;
}

static size_t take_block(const char *at, const char *end, struct arena *arena,
			 struct console_key key[CONSOLE_KEYS])
{
	size_t count = 0;

	while (at < end && count < CONSOLE_KEYS) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		count += take_line(at, (size_t)(stop - at), arena, &key[count]);
		at = newline ? newline + 1 : end;
	}
	return count;
}

static const char *find(const char *from, const char *end, const char *mark)
{
	return from < end ? memmem(from, (size_t)(end - from), mark, strlen(mark)) : NULL;
}

size_t console_parse(const char *text, size_t len, struct arena *arena,
		     struct console_key key[CONSOLE_KEYS])
{
	const char *end = text + len, *block = NULL, *block_end = NULL;

	for (const char *at = find(text, end, BEGIN); at; at = find(at, end, BEGIN)) {
		at += strlen(BEGIN);
		const char *close = find(at, end, END);
		if (!close)
			break;
		const char *again = find(at, close, BEGIN); /* cut, and begun anew */
		if (again)
			continue;
		block = at;
		block_end = close;
	}
	return block ? take_block(block, block_end, arena, key) : 0;
}

static int ask(const struct aws *aws, const char *instance, bool is_latest, struct arena *arena,
	       const struct xml **answer, struct aws_refusal *refusal, struct err *err)
{
	const struct aws_parameter parameter[] = { { "InstanceId", instance },
						   { "Latest", "true" } };

	return aws_query(aws, AWS_EC2, "GetConsoleOutput", parameter, is_latest ? 2 : 1, arena,
			 answer, refusal, err);
}

int console_host_keys(const struct aws *aws, const char *instance, struct arena *arena,
		      struct console_key **out, size_t *count, struct err *err)
{
	struct aws_refusal refusal;
	const struct xml *answer;
	struct buf text = { 0 };

	*out = arena_array(arena, CONSOLE_KEYS, sizeof **out);
	*count = 0;
	int status = ask(aws, instance, true, arena, &answer, &refusal, err);
	if (status < 0 && streq(refusal.code, "UnsupportedOperation"))
		status = ask(aws, instance, false, arena, &answer, &refusal, err);
	if (status < 0)
		return -1;
	const char *output = xml_text(answer, "output");
	if (!output || strlen(output) > CONSOLE_BYTES)
		return 0;
	if (base64_read(&text, output, strlen(output)) < 0)
		status = err_set(err, ERR_BROKE, "ec2: the console of %s is no base64", instance);
	else if (text.len > 0)
		*count = console_parse(text.data, text.len, arena, *out);
	buf_close(&text);
	return status;
}
