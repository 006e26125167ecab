/* Copies that are not ours to keep are wiped where they can be reached. */
#include "credentials_json.h"

#include <ctype.h>
#include <jansson.h>
#include <sys/wait.h>

#include "env.h"
#include "safe.h"
#include "util.h"

enum {
	KEY_LEN = 128,
	SECRET_LEN = 512,
	TOKEN_LEN = 16384,
	REGION_LEN = 32,
	EXPIRES_LEN = 40,
	SECRET_RUN = 30, /* letters and digits in a row that might be a secret */
	COMPLAINT_LEN = 240
};
enum {
	KEY_ID,
	SECRET,
	TOKEN,
	REGION
};

static const enum variable variables[CREDENTIALS_ASSIGNED] = {
	[KEY_ID] = VAR_AWS_ACCESS_KEY_ID,
	[SECRET] = VAR_AWS_SECRET_ACCESS_KEY,
	[TOKEN] = VAR_AWS_SESSION_TOKEN,
	[REGION] = VAR_AWS_REGION,
};

/* The value, behind the "=" of what a child is given. */
static const char *assign(struct credentials *out, size_t which, const char *value,
			  struct arena *arena)
{
	const char *name = env_name(variables[which]);

	if (!value)
		return NULL;
	out->assigned[which] = arena_printf(arena, "%s=%s", name, value);
	return out->assigned[which] + strlen(name) + 1;
}

/* What may go into a header, and nothing that was copied with it. */
static bool is_word(const char *text, size_t most)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len > 0 && len <= most;
}

int credentials_take(struct credentials *out, const struct credentials_told *told,
		     struct arena *arena, struct err *err)
{
	const struct {
		const char *what, *value;
		size_t most;
		bool is_needed;
	} parts[] = {
		{ "access key id", told->key_id, KEY_LEN, true },
		{ "secret access key", told->secret, SECRET_LEN, true },
		{ "session token", told->token, TOKEN_LEN, false },
		{ "time of expiry", told->expires, EXPIRES_LEN, false },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!parts[i].value && parts[i].is_needed)
			return err_set(err, ERR_CANNOT, "there is no %s", parts[i].what);
		if (parts[i].value && !is_word(parts[i].value, parts[i].most))
			return err_set(err, ERR_CANNOT,
				       "the %s is empty, has a space or a control character, or "
				       "is longer than %zu",
				       parts[i].what, parts[i].most);
	}
	out->key_id = assign(out, KEY_ID, told->key_id, arena);
	out->secret = assign(out, SECRET, told->secret, arena);
	out->token = assign(out, TOKEN, told->token, arena);
	out->expires = told->expires ? arena_dup(arena, told->expires) : NULL;
	return 0;
}

int credentials_region(struct credentials *out, const char *region, struct arena *arena)
{
	size_t len = strlen(region);

	if (len == 0 || len > REGION_LEN ||
	    strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return -1;
	out->region = assign(out, REGION, region, arena);
	return 0;
}

static const char *text_of(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	return text && *text ? text : NULL;
}

static void wipe_json(json_t *root)
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value) if (json_is_string(value))
	    explicit_bzero((char *)json_string_value(value), json_string_length(value));
	json_decref(root);
}

/* jansson's own words quote what they are about. */
static json_t *parse(const struct buf *text, struct err *err)
{
	json_error_t why;
	json_t *root =
	    json_loadb(text->data ? text->data : "", text->len, JSON_REJECT_DUPLICATES, &why);

	if (root && json_typeof(root) == JSON_OBJECT)
		return root;
	if (root)
		wipe_json(root);
	err_set(err, ERR_CANNOT, "what it says is no JSON object%s", root ? "" : " that is whole");
	return NULL;
}

static int from_output(struct credentials *out, const struct buf *text, struct arena *arena,
		       struct err *err)
{
	json_t *root = parse(text, err);
	int status = -1;

	if (!root)
		return -1;
	const struct credentials_told told = { .key_id = text_of(root, "AccessKeyId"),
					       .secret = text_of(root, "SecretAccessKey"),
					       .token = text_of(root, "SessionToken"),
					       .expires = text_of(root, "Expiration") };
	if (json_integer_value(json_object_get(root, "Version")) != 1)
		err_set(err, ERR_CANNOT, "what it says has no \"Version\": 1");
	else
		status = credentials_take(out, &told, arena, err);
	wipe_json(root);
	return status;
}

int credentials_from_instance(struct credentials *out, const struct buf *json, struct arena *arena,
			      struct err *err)
{
	json_t *root = parse(json, err);
	int status = -1;

	if (!root)
		return -1;
	const struct credentials_told told = { .key_id = text_of(root, "AccessKeyId"),
					       .secret = text_of(root, "SecretAccessKey"),
					       .token = text_of(root, "Token"),
					       .expires = text_of(root, "Expiration") };
	const char *code = text_of(root, "Code");

	if (code && !streq(code, "Success"))
		err_set(err, ERR_CANNOT, "the instance's role gives none: may EC2 assume it?");
	else
		status = credentials_take(out, &told, arena, err);
	wipe_json(root);
	return status;
}

/* The length of the run of base64 at text; whether it might be a secret: long, with letters of both
 * cases and digits. */
static size_t run_len(const char *text, bool *is_secret)
{
	size_t len = 0;
	bool has_upper = false, has_lower = false, has_digit = false;

	for (; isalnum((unsigned char)text[len]) || (text[len] && strchr("+/=", text[len]));
	     len++) {
		has_upper |= isupper((unsigned char)text[len]) != 0;
		has_lower |= islower((unsigned char)text[len]) != 0;
		has_digit |= isdigit((unsigned char)text[len]) != 0;
	}
	*is_secret = len >= SECRET_RUN && has_upper && has_lower && has_digit;
	return len;
}

/* The last line that has something, without what might be a secret: a program may quote another. */
static void last_line(char *text, struct buf *out)
{
	size_t len = strlen(text);
	char *line;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	for (char *at = line; *at; at += len > 0 ? len : 1) {
		bool is_secret;

		len = run_len(at, &is_secret);
		if (is_secret)
			memset(at, '*', len);
	}
	if (strlen(line) > COMPLAINT_LEN)
		line[COMPLAINT_LEN] = '\0';
	safe_add(out, line);
}

static int complain(const struct proc_result *result, bool is_known, struct err *err)
{
	struct buf said = { 0 };

	buf_str(&said, "");
	if (is_known && strstr(result->err.data, "Invalid choice")) /* its first version */
		buf_str(&said, CREDENTIALS_OLD_CLI);
	else if (is_known)
		last_line(result->err.data, &said);
	if (said.len > 0)
		err_set(err, ERR_CANNOT, "%s", said.data);
	else if (WIFEXITED(result->status))
		err_set(err, ERR_CANNOT, "it ended with status %d: run it by hand to see why",
			WEXITSTATUS(result->status));
	else
		err_set(err, ERR_CANNOT, "it ended by signal %d", WTERMSIG(result->status));
	buf_close(&said);
	return -1;
}

static void wipe(struct proc_result *result)
{
	explicit_bzero(result->out.data, result->out.cap);
	explicit_bzero(result->err.data, result->err.cap);
	proc_result_close(result);
}

int credentials_from_program(struct credentials *out, const char *const *argv, int deadline_ms,
			     bool is_known, const struct proc_beside *beside, struct arena *arena,
			     struct err *err)
{
	struct proc_result result;
	int status = proc_run_beside(argv, NULL, deadline_ms, beside, &result, err);

	if (status == 0)
		status = result.status != 0 ? complain(&result, is_known, err)
					    : from_output(out, &result.out, arena, err);
	wipe(&result);
	return status;
}
