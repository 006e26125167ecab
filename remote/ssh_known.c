/* Lines are read and matched here; hashed names are libssh2's matter. */
#include "ssh_known.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include "base64.h"
#include "file.h"
#include "sha256.h"
#include "ssh_key.h"

enum {
	FILE_MAX = 4 << 20,
	NAME_MAX_LEN = 512,
	WORDS = 4,
	SHA1_LEN = 20
};

/* In the order of preference. DSA, and RSA with SHA-1, are checked by nobody any more. */
static const struct {
	const char *type, *methods;
	bool needs_sha2; /* of libssh2 1.11 */
} types[] = {
	{ "ssh-ed25519", "ssh-ed25519", false },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", false },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", false },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", false },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256", true },
};

struct reader {
	struct known_keys *out;
	const struct ssh_lib *lib;
	LIBSSH2_SESSION *session; /* for hashed names, made with the first; NULL */
	const char *path;
	char name[NAME_MAX_LEN];       /* "host", or "[host]:port" where the port is not 22 */
	char plain_name[NAME_MAX_LEN]; /* without the port */
};

/* "|1|salt|hash", both of 20 bytes: what is none libssh2 1.10 takes, and leaks. */
static bool is_hash(const char *hosts)
{
	struct buf salt = { 0 }, hash = { 0 };
	const char *middle;
	bool is_one = false;

	if (starts_with(hosts, "|1|") && (middle = strchr(hosts + 3, '|')) != NULL)
		is_one = base64_read(&salt, hosts + 3, (size_t)(middle - hosts - 3)) == 0 &&
			 base64_read(&hash, middle + 1, strlen(middle + 1)) == 0 &&
			 salt.len == SHA1_LEN && hash.len == SHA1_LEN;
	buf_close(&salt);
	buf_close(&hash);
	return is_one;
}

/* HMAC-SHA1 of the name, in libssh2, which compares names and keys alone: with the same key on both
 * sides the name decides. */
static bool matches_hash(struct reader *r, const char *hosts, const char *name)
{
	const int plain = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64;
	const char *any = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	LIBSSH2_KNOWNHOSTS *list;
	bool is_found = false;
	char line[NAME_MAX_LEN];

	if (!is_hash(hosts))
		return false;
	if (!r->session)
		r->session = r->lib->session_init_ex(NULL, NULL, NULL, NULL);
	list = r->session ? r->lib->knownhost_init(r->session) : NULL;
	if (!list)
		return false;
	snprintf(line, sizeof line, "%.300s ssh-ed25519 %s", hosts, any);
	if (r->lib->knownhost_readline(list, line, strlen(line), LIBSSH2_KNOWNHOST_FILE_OPENSSH) ==
	    0)
		is_found = r->lib->knownhost_checkp(list, name, -1, any, strlen(any), plain,
						    NULL) == LIBSSH2_KNOWNHOST_CHECK_MATCH;
	r->lib->knownhost_free(list);
	return is_found;
}

/* Only * and ? are special in known_hosts; [ begins a host with port. */
static bool matches_pattern(const char *pattern, size_t len, const char *name)
{
	char bare[2 * NAME_MAX_LEN];
	size_t used = 0;

	if (len >= NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (strchr("[]\\", pattern[i]))
			bare[used++] = '\\';
		bare[used++] = pattern[i];
	}
	bare[used] = '\0';
	return fnmatch(bare, name, FNM_CASEFOLD) == 0;
}

/* A comma list of patterns; one with ! that matches decides against the line. */
static bool matches_list(const char *list, const char *name)
{
	bool is_found = false;

	while (*list) {
		size_t len = strcspn(list, ",");
		bool is_not = *list == '!';
		if (matches_pattern(list + is_not, len - is_not, name)) {
			if (is_not)
				return false;
			is_found = true;
		}
		list += len;
		list += *list == ',';
	}
	return is_found;
}

static bool matches(struct reader *r, const char *hosts, const char *name)
{
	return hosts[0] == '|' ? matches_hash(r, hosts, name) : matches_list(hosts, name);
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
	static const char *const marks[] = {
		[KNOWN_REVOKED] = "@revoked",
		[KNOWN_AUTHORITY] = "@cert-authority",
	};
	char *word[WORDS] = { 0 };
	size_t count = split(arena_dup(r->out->arena, line), word), mark = KNOWN_KEY;
	struct known_keys *out = r->out;

	if (count == 0 || word[0][0] == '#')
		return;
	if (word[0][0] == '@')
		for (mark = KNOWN_REVOKED; mark < COUNT(marks); mark++)
			if (streq(word[0], marks[mark]))
				break;
	const size_t first = mark != KNOWN_KEY;
	if (mark == COUNT(marks) || count < first + 3)
		return;
	bool is_exact = matches(r, word[first], r->name);
	if (!is_exact && (streq(r->name, r->plain_name) || !matches(r, word[first], r->plain_name)))
		return;
	out->at = arena_grow(out->arena, out->at, out->count, &out->cap, sizeof(*out->at));
	out->at[out->count++] = (struct known_key){
		.mark = (enum known_mark)mark,
		.is_exact = is_exact,
		.type = word[first + 1],
		.key = word[first + 2],
		.path = r->path,
		.line = number,
	};
}

/* Not there, or /dev/null: as if it were empty. */
static bool is_nothing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? errno == ENOENT || errno == ENOTDIR : S_ISCHR(st.st_mode);
}

static int read_lines(struct reader *r, const char *path, struct err *err)
{
	struct buf text = { 0 };
	int number = 0;

	if (is_nothing(path))
		return 0;
	r->path = path;
	if (file_read(AT_FDCWD, path, FILE_MAX, &text, err) < 0) {
		buf_close(&text);
		err->kind = ERR_CANNOT;
		return err_in(err, "known hosts");
	}
	for (const char *at = text.data; at && *at;) {
		size_t len = strcspn(at, "\n");
		char *line = arena_ndup(r->out->arena, at, len);
		line[strcspn(line, "\r")] = '\0';
		take_line(r, line, ++number);
		at += len + (at[len] == '\n');
	}
	buf_close(&text);
	return 0;
}

/* A line without a port counts for other ports only while no line names the port. */
static void keep_exact(struct known_keys *keys)
{
	bool has_exact = false;
	size_t kept = 0;

	for (size_t i = 0; i < keys->count; i++)
		has_exact = has_exact || (keys->at[i].is_exact && keys->at[i].mark == KNOWN_KEY);
	for (size_t i = 0; i < keys->count; i++)
		if (keys->at[i].is_exact || keys->at[i].mark == KNOWN_REVOKED || !has_exact)
			keys->at[kept++] = keys->at[i];
	keys->count = kept;
}

int known_read(struct known_keys *out, const struct target *target, const struct ssh_lib *lib,
	       struct arena *arena, struct err *err)
{
	const char *name = target->host_key_name ? target->host_key_name : target->address;
	struct reader r = { .out = out, .lib = lib };
	int status = 0;

	*out = (struct known_keys){ .arena = arena, .has_rsa_sha2 = lib->has_rsa_sha2 };
	if (target->revoked)
		return err_set(err, ERR_CANNOT,
			       "%s: RevokedHostKeys %s: only ssh itself can read which keys those "
			       "are: --transport openssh",
			       target->name, target->revoked);
	for (size_t i = 0; name[i] && i + 1 < sizeof r.plain_name; i++)
		r.plain_name[i] = (char)tolower((unsigned char)name[i]); /* as it was hashed */
	if (target->port == 22 || target->host_key_name)
		snprintf(r.name, sizeof r.name, "%s", r.plain_name);
	else
		snprintf(r.name, sizeof r.name, "[%.500s]:%d", r.plain_name, target->port);
	for (size_t i = 0; i < target->nknown_hosts && status == 0; i++)
		status = read_lines(&r, target->known_hosts[i], err);
	if (r.session)
		lib->session_free(r.session);
	keep_exact(out);
	return status < 0 ? err_in(err, "%s", target->name) : 0;
}

static bool is_known(const struct known_keys *keys, const char *type)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->at[i].mark == KNOWN_KEY && streq(keys->at[i].type, type))
			return true;
	return false;
}

void known_methods(const struct known_keys *keys, const struct ssh_lib *lib, struct buf *out)
{
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < COUNT(types); i++)
			if (is_known(keys, types[i].type) == known &&
			    (!types[i].needs_sha2 || lib->has_rsa_sha2))
				buf_printf(out, "%s%s", out->len ? "," : "", types[i].methods);
}

void known_fingerprint(const void *blob, size_t len, char out[KNOWN_PRINT])
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
	base64_add(&text, digest, sizeof digest);
	snprintf(out, KNOWN_PRINT, "SHA256:%.*s", (int)strcspn(text.data, "="), text.data);
	buf_close(&text);
}

void known_command(struct buf *out, const struct target *target)
{
	buf_str(out, "ssh -o StrictHostKeyChecking=ask ");
	for (const char *const *over = target->over; over && *over; over++)
		buf_printf(out, "%s ", *over);
	if (target->is_alias) {
		buf_printf(out, "%s true", target->name);
		return;
	}
	if (target->host_key_name)
		buf_printf(out, "-o HostKeyAlias=%s ", target->host_key_name);
	if (target->nknown_hosts > 0 && !strstr(target->known_hosts[0], "/.ssh/known_hosts"))
		buf_printf(out, "-o 'UserKnownHostsFile=\"%s\"' ", target->known_hosts[0]);
	if (target->jump && target->jump->is_alias)
		buf_printf(out, "-J %s ", target->jump->name);
	else if (target->jump)
		buf_printf(out, "-J %s@%s:%d ", target->jump->user, target->jump->address,
			   target->jump->port);
	if (target->port != 22)
		buf_printf(out, "-p %d ", target->port);
	buf_printf(out, "%s@%s true", target->user, target->address);
}

static enum known_answer refuse(const struct known_key *key, const struct target *target,
				const char *shown, struct err *err)
{
	if (key->mark == KNOWN_REVOKED)
		err_set(err, ERR_CANNOT,
			"%s: the host key that it shows (%s) is revoked by %s:%d: nothing was sent",
			target->name, shown, key->path, key->line);
	else
		err_set(err, ERR_CANNOT,
			"%s: its host key has changed: it shows %s, and %s:%d has another: nothing "
			"was sent; somebody may be in between; only where you know that it was set "
			"up anew, remove that line",
			target->name, shown, key->path, key->line);
	return KNOWN_NEVER;
}

/* Of another type than what is shown. */
static enum known_answer answer_of(const struct known_keys *keys, const struct known_key *other)
{
	if (!other)
		return KNOWN_NEW;
	if (other->mark == KNOWN_AUTHORITY)
		return KNOWN_BEYOND;
	for (size_t i = 0; i < COUNT(types); i++)
		if (streq(types[i].type, other->type))
			return types[i].needs_sha2 && !keys->has_rsa_sha2 ? KNOWN_BEYOND
									  : KNOWN_NEVER;
	return KNOWN_BEYOND;
}

static enum known_answer unknown(const struct known_keys *keys, const struct known_key *other,
				 const struct target *target, const char *shown, struct err *err)
{
	enum known_answer answer = answer_of(keys, other);
	struct buf command = { 0 };
	char also[600] = "";

	if (other)
		snprintf(also, sizeof also, " (%s:%d has %s%.40s%s)", other->path, other->line,
			 other->mark == KNOWN_AUTHORITY ? "an authority for it, of the type "
							: "a key of the type ",
			 other->type,
			 answer == KNOWN_BEYOND
			     ? ", which libssh2 cannot check: --transport openssh"
			     : " alone");
	known_command(&command, target);
	err_set(err, ERR_CANNOT,
		"%s: its host key is not known: %s%s; compare that with the machine's own, then "
		"accept it with: %s",
		target->name, shown, also, command.data);
	buf_close(&command);
	return answer;
}

enum known_answer known_check(const struct known_keys *keys, const struct target *target,
			      const void *blob, size_t len, struct err *err)
{
	const struct known_key *same = NULL, *changed = NULL, *revoked = NULL, *other = NULL;
	char print[KNOWN_PRINT], type[64], shown[sizeof print + sizeof type];
	struct buf text = { 0 };

	base64_add(&text, blob, len);
	known_fingerprint(blob, len, print);
	ssh_key_type(blob, len, type);
	snprintf(shown, sizeof shown, "%s %s", type, print);
	for (size_t i = 0; i < keys->count; i++) {
		const struct known_key *key = &keys->at[i];
		bool is_same = text.data && streq(key->key, text.data);
		if (is_same && key->mark == KNOWN_REVOKED)
			revoked = key;
		else if (is_same && key->mark == KNOWN_KEY)
			same = key;
		else if (key->mark == KNOWN_KEY && streq(key->type, type))
			changed = key;
		else if (key->mark != KNOWN_REVOKED)
			other = key;
	}
	buf_close(&text);
	if (revoked)
		return refuse(revoked, target, shown, err);
	if (same)
		return KNOWN_SAME;
	if (changed)
		return refuse(changed, target, shown, err);
	return unknown(keys, other, target, shown, err);
}
