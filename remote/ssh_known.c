/* Lines are read and matched here; hashed names are libssh2's matter. */
#include "ssh_known.h"

#include <fcntl.h>
#include <fnmatch.h>

#include "file.h"
#include "sha256.h"

enum {
	FILE_MAX = 4 << 20,
	NAME_MAX_LEN = 512,
	WORDS = 4,
	KEY_TYPE = 64
};

struct reader {
	struct known_keys *out;
	const struct ssh_lib *lib;
	const char *path;
	char name[NAME_MAX_LEN];       /* "host", or "[host]:port" where the port is not 22 */
	char plain_name[NAME_MAX_LEN]; /* without the port */
};

/* HMAC-SHA1 of the name, in libssh2: any answer but "not found" means that the name is the line's.
 */
static bool matches_hash(const struct ssh_lib *lib, const char *line, const char *name)
{
	const int plain = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64;
	LIBSSH2_SESSION *session = lib->session_init_ex(NULL, NULL, NULL, NULL);
	LIBSSH2_KNOWNHOSTS *hosts = session ? lib->knownhost_init(session) : NULL;
	bool is_found = false;

	if (hosts &&
	    lib->knownhost_readline(hosts, line, strlen(line), LIBSSH2_KNOWNHOST_FILE_OPENSSH) == 0)
		is_found = lib->knownhost_checkp(hosts, name, -1, "AAAA", 4, plain, NULL) !=
			   LIBSSH2_KNOWNHOST_CHECK_NOTFOUND;
	if (hosts)
		lib->knownhost_free(hosts);
	if (session)
		lib->session_free(session);
	return is_found;
}

/* A comma list of patterns; one with ! that matches decides against the line. */
static bool matches_list(const char *list, const char *name)
{
	bool is_found = false;

	while (*list) {
		char pattern[NAME_MAX_LEN], bare[NAME_MAX_LEN];
		size_t len = strcspn(list, ","), used = 0;
		if (len < sizeof pattern) {
			snprintf(pattern, sizeof pattern, "%.*s", (int)len, list);
			bool is_not = pattern[0] == '!';
			/* Only * and ? are special in known_hosts; [ begins a host with port. */
			for (const char *c = pattern + is_not; *c && used < sizeof bare - 2; c++) {
				if (*c == '[' || *c == ']' || *c == '\\')
					bare[used++] = '\\';
				bare[used++] = *c;
			}
			bare[used] = '\0';
			if (fnmatch(bare, name, FNM_CASEFOLD) == 0) {
				if (is_not)
					return false;
				is_found = true;
			}
		}
		list += len;
		list += *list == ',';
	}
	return is_found;
}

static bool matches(const struct reader *r, const char *hosts, const char *line)
{
	if (hosts[0] == '|')
		return matches_hash(r->lib, line, r->name) ||
		       (!streq(r->name, r->plain_name) &&
			matches_hash(r->lib, line, r->plain_name));
	return matches_list(hosts, r->name) || matches_list(hosts, r->plain_name);
}

static size_t split(char *line, char **word)
{
	size_t count = 0;

	for (char *at = line; count < WORDS; count++) {
		at += strspn(at, " \t");
		if (!*at)
			break;
		word[count] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
	return count;
}

static void take_line(struct reader *r, const char *line, int number)
{
	char *word[WORDS] = { 0 };
	size_t count = split(arena_dup(r->out->arena, line), word), first = 0;
	bool is_revoked = count > 0 && streq(word[0], "@revoked");

	if (count == 0 || word[0][0] == '#')
		return;
	if (word[0][0] == '@' && !is_revoked)
		return; /* certificates are not libssh2's */
	first = is_revoked;
	if (count < first + 3)
		return;
	/* What is hashed is read as a line of its own, without the mark. */
	const char *plain =
	    arena_printf(r->out->arena, "%s %s %s", word[first], word[first + 1], word[first + 2]);
	if (!matches(r, word[first], plain))
		return;
	struct known_keys *out = r->out;
	out->at = arena_grow(out->arena, out->at, out->count, &out->cap, sizeof(*out->at));
	out->at[out->count++] = (struct known_key){
		.type = word[first + 1],
		.key = word[first + 2],
		.path = r->path,
		.line = number,
		.is_revoked = is_revoked,
	};
}

static void read_file(struct reader *r, const char *path)
{
	struct buf text = { 0 };
	struct err none;
	int number = 0;

	r->path = path;
	if (file_read(AT_FDCWD, path, FILE_MAX, &text, &none) == 0 && text.data) {
		for (const char *at = text.data; *at;) {
			size_t len = strcspn(at, "\n");
			char *line = arena_ndup(r->out->arena, at, len);
			line[strcspn(line, "\r")] = '\0';
			take_line(r, line, ++number);
			at += len + (at[len] == '\n');
		}
	}
	buf_close(&text);
}

void known_read(struct known_keys *out, const struct target *target, const struct ssh_lib *lib,
		struct arena *arena)
{
	const char *name = target->host_key_name ? target->host_key_name : target->address;
	struct reader r = { .out = out, .lib = lib };

	*out = (struct known_keys){ .arena = arena };
	snprintf(r.plain_name, sizeof r.plain_name, "%s", name);
	if (target->port == 22 || target->host_key_name)
		snprintf(r.name, sizeof r.name, "%s", name);
	else
		snprintf(r.name, sizeof r.name, "[%s]:%d", name, target->port);
	for (size_t i = 0; i < target->nknown_hosts; i++)
		read_file(&r, target->known_hosts[i]);
}

void known_methods(const struct known_keys *keys, const struct ssh_lib *lib, struct buf *out)
{
	static const char *const types[] = { "ssh-ed25519", "ecdsa-sha2-nistp256",
					     "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
					     "ssh-rsa" };

	for (size_t i = 0; i < COUNT(types); i++) {
		const char *method = types[i];
		bool is_known = false;
		for (size_t k = 0; k < keys->count; k++)
			is_known = is_known ||
				   (!keys->at[k].is_revoked && streq(keys->at[k].type, types[i]));
		if (streq(types[i], "ssh-rsa"))
			method = lib->has_rsa_sha2 ? "rsa-sha2-512,rsa-sha2-256" : "ssh-rsa";
		if (is_known)
			buf_printf(out, "%s%s", out->len ? "," : "", method);
	}
}

void known_base64(const void *bytes, size_t len, struct buf *out)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789+/";
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)at[i] << 16;
		group |= i + 1 < len ? (uint32_t)at[i + 1] << 8 : 0;
		group |= i + 2 < len ? at[i + 2] : 0;
		buf_char(out, digit[group >> 18]);
		buf_char(out, digit[group >> 12 & 63]);
		buf_char(out, i + 1 < len ? digit[group >> 6 & 63] : '=');
		buf_char(out, i + 2 < len ? digit[group & 63] : '=');
	}
}

void known_fingerprint(const void *blob, size_t len, char out[52])
{
	char hex[SHA256_HEX];
	uint8_t digest[32];
	struct sha256 sha;
	struct buf text = { 0 };

	sha256_init(&sha);
	sha256_add(&sha, blob, len);
	sha256_hex(&sha, hex);
	for (size_t i = 0; i < sizeof digest; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		digest[i] = (uint8_t)strtol(pair, NULL, 16);
	}
	known_base64(digest, sizeof digest, &text);
	snprintf(out, 52, "SHA256:%.*s", (int)strcspn(text.data, "="), text.data);
	buf_close(&text);
}

/* The blob begins with its own type: a string of RFC 4251 section 5. */
static void type_of(const void *blob, size_t len, char out[KEY_TYPE])
{
	struct cursor cursor = cursor_of(blob, len);
	uint32_t size = cursor_u32(&cursor);
	const uint8_t *text = cursor_take(&cursor, size < KEY_TYPE ? size : KEY_TYPE - 1);

	snprintf(out, KEY_TYPE, "%.*s", text ? (int)(size < KEY_TYPE ? size : 0) : 0,
		 text ? (const char *)text : "");
}

static int refuse(const struct known_key *key, const struct target *target, const char *what,
		  const char *print, struct err *err)
{
	return err_set(err, ERR_CANNOT,
		       "%s: its host key %s is %s (%s:%d): nothing was sent; find out why before "
		       "you mend that line",
		       target->name, print, what, key->path, key->line);
}

int known_check(const struct known_keys *keys, const struct target *target, const void *blob,
		size_t len, struct err *err)
{
	const struct known_key *same = NULL, *other = NULL, *revoked = NULL;
	char print[52], type[KEY_TYPE];
	struct buf text = { 0 };

	known_base64(blob, len, &text);
	known_fingerprint(blob, len, print);
	type_of(blob, len, type);
	for (size_t i = 0; i < keys->count; i++) {
		const struct known_key *key = &keys->at[i];
		bool is_same = text.data && streq(key->key, text.data);
		if (is_same && key->is_revoked)
			revoked = key;
		else if (is_same)
			same = key;
		else if (!key->is_revoked && streq(key->type, type))
			other = key;
	}
	buf_close(&text);
	if (revoked)
		return refuse(revoked, target, "revoked", print, err);
	if (same)
		return 0;
	if (other)
		return refuse(other, target, "not the one that is known", print, err);
	return err_set(err, ERR_CANNOT,
		       "%s: its host key is not known (%s %s); compare that with the machine's, "
		       "then accept it with: ssh %s%s true",
		       target->name, type, print,
		       target->jump ? "" : "-o StrictHostKeyChecking=ask ", target->name);
}
