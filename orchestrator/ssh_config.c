/* Each keyword of interest is a row; what libssh2 cannot do is a row with the reason why ssh itself
 * is taken. */
#include "ssh_config.h"

#include <pwd.h>
#include <unistd.h>

#include "env.h"
#include "parse.h"
#include "proc.h"

enum {
	ASK_MS = 5000,
	WORDS = 16 /* of one kind: identities, known_hosts files */
};

struct reader {
	struct target *out;
	const char **jump;
	struct arena *arena;
	const char *home;
	const char *identity[WORDS], *known[WORDS];
	size_t nidentity, nknown;
};

const char *ssh_config_home(struct arena *arena)
{
	const struct passwd *who = getpwuid(getuid());

	return arena_dup(arena, who && who->pw_dir ? who->pw_dir : "/");
}

static const char *expand(struct reader *r, const char *path)
{
	if (path[0] == '~' && path[1] == '/')
		return arena_printf(r->arena, "%s%s", r->home, path + 1);
	return arena_dup(r->arena, path);
}

static void take_openssh(struct reader *r, const char *why)
{
	r->out->transport = TRANSPORT_OPENSSH;
	if (!r->out->why)
		r->out->why = why;
}

static bool is_none(const char *value)
{
	return !*value || streq(value, "none");
}

static void take_address(struct reader *r, const char *value)
{
	r->out->address = arena_dup(r->arena, value);
}

static void take_user(struct reader *r, const char *value)
{
	r->out->user = arena_dup(r->arena, value);
}

static void take_port(struct reader *r, const char *value)
{
	int64_t port;

	if (parse_int(value, 1, 65535, &port) == 0)
		r->out->port = (int)port;
}

/* ssh -G names the usual files too, whether they are there or not. */
static void take_identity(struct reader *r, const char *value)
{
	const char *path = expand(r, value);

	if (strchr(path, '%'))
		take_openssh(r, "an IdentityFile with % in it");
	else if (access(path, F_OK) == 0 && r->nidentity < WORDS)
		r->identity[r->nidentity++] = path;
}

static void take_only(struct reader *r, const char *value)
{
	r->out->is_identity_only = streq(value, "yes");
}

static void take_agent(struct reader *r, const char *value)
{
	if (streq(value, "none"))
		r->out->agent_socket = NULL;
	else if (!streq(value, "SSH_AUTH_SOCK"))
		r->out->agent_socket = expand(r, value);
}

static void take_known(struct reader *r, const char *value)
{
	for (const char *at = value; *at;) {
		size_t len = strcspn(at, " ");
		const char *path = expand(r, arena_ndup(r->arena, at, len));
		if (r->nknown == WORDS) /* one that is not read may revoke a key */
			take_openssh(r, "more than 16 files of known hosts");
		else if (!is_none(path))
			r->known[r->nknown++] = path;
		at += len;
		at += strspn(at, " ");
	}
}

static void take_key_name(struct reader *r, const char *value)
{
	if (!is_none(value))
		r->out->host_key_name = arena_dup(r->arena, value);
}

static void take_jump(struct reader *r, const char *value)
{
	if (is_none(value))
		return;
	if (strchr(value, ','))
		take_openssh(r, "more than one jump host");
	else
		*r->jump = arena_dup(r->arena, value);
}

static void take_command(struct reader *r, const char *value)
{
	if (!is_none(value))
		take_openssh(r, "a ProxyCommand");
}

static void take_token(struct reader *r, const char *value)
{
	if (!is_none(value))
		take_openssh(r, "a PKCS#11 token");
}

static void take_certificate(struct reader *r, const char *value)
{
	if (access(expand(r, value), F_OK) == 0)
		take_openssh(r, "a certificate");
}

/* Asked for libssh2 nevertheless, known_read refuses: a revoked key must not be taken. */
static void take_revoked(struct reader *r, const char *value)
{
	if (is_none(value))
		return;
	r->out->revoked = arena_dup(r->arena, value);
	take_openssh(r, "RevokedHostKeys");
}

static void take_known_command(struct reader *r, const char *value)
{
	if (!is_none(value))
		take_openssh(r, "a KnownHostsCommand");
}

/* One of a comma list is enough for both sides to agree on. */
static bool has_any(const char *list, const char *const *known)
{
	for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
		for (size_t i = 0; known[i]; i++)
			if (strcspn(at, ",") == strlen(known[i]) &&
			    memcmp(at, known[i], strlen(known[i])) == 0)
				return true;
	return false;
}

static void take_ciphers(struct reader *r, const char *value)
{
	static const char *const ours[] = { "aes128-ctr", "aes192-ctr", "aes256-ctr", NULL };

	if (!has_any(value, ours))
		take_openssh(r, "a list of Ciphers that libssh2 has none of");
}

static void take_macs(struct reader *r, const char *value)
{
	static const char *const ours[] = { "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1", NULL };

	if (!has_any(value, ours))
		take_openssh(r, "a list of MACs that libssh2 has none of");
}

static const struct {
	const char *word;
	void (*take)(struct reader *r, const char *value);
} rows[] = {
	{ "hostname", take_address },
	{ "user", take_user },
	{ "port", take_port },
	{ "identityfile", take_identity },
	{ "identitiesonly", take_only },
	{ "identityagent", take_agent },
	{ "userknownhostsfile", take_known },
	{ "globalknownhostsfile", take_known },
	{ "revokedhostkeys", take_revoked },
	{ "knownhostscommand", take_known_command },
	{ "hostkeyalias", take_key_name },
	{ "proxyjump", take_jump },
	{ "proxycommand", take_command },
	{ "pkcs11provider", take_token },
	{ "certificatefile", take_certificate },
	{ "ciphers", take_ciphers },
	{ "macs", take_macs },
};

static void take_line(struct reader *r, const char *line)
{
	size_t len = strcspn(line, " ");

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strlen(rows[i].word) == len && memcmp(rows[i].word, line, len) == 0)
			rows[i].take(r, line[len] ? line + len + 1 : "");
}

/* Keys of a security key need its touch, which libssh2 cannot ask for. */
static void judge_identities(struct reader *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->nidentity; i++) {
		const char *name = strrchr(r->identity[i], '/');
		count += name && strstr(name, "_sk") != NULL;
	}
	if (count > 0 && count == r->nidentity && !r->out->agent_socket)
		take_openssh(r, "a security key");
}

static const char **keep_words(struct arena *arena, const char *const *word, size_t count)
{
	const char **kept = arena_array(arena, count + 1, sizeof(const char *));

	memcpy(kept, word, count * sizeof(*word));
	return kept;
}

int ssh_config_parse(struct target *out, const char **jump, const char *name, const char *text,
		     struct arena *arena, struct err *err)
{
	struct reader r = { .out = out, .jump = jump, .arena = arena };

	*out = (struct target){ .name = arena_dup(arena, name), .is_alias = true, .port = 22 };
	*jump = NULL;
	out->agent_socket = env_get(VAR_SSH_AUTH_SOCK);
	r.home = ssh_config_home(arena);
	while (*text) {
		size_t len = strcspn(text, "\n");
		take_line(&r, arena_ndup(arena, text, len));
		text += len + (text[len] == '\n');
	}
	if (!out->address || !out->user)
		return err_set(err, ERR_BROKE, "ssh -G %s: no hostname or user in its answer",
			       name);
	judge_identities(&r);
	out->identity = keep_words(arena, r.identity, r.nidentity);
	out->nidentity = r.nidentity;
	out->known_hosts = keep_words(arena, r.known, r.nknown);
	out->nknown_hosts = r.nknown;
	return 0;
}

int ssh_config_split(const char *jump, const char **host, const char *const **options,
		     struct arena *arena)
{
	const char **words = arena_array(arena, 5, sizeof(const char *));
	const char *at = strrchr(jump, '@'), *from = at ? at + 1 : jump;
	const char *close = *from == '[' ? strchr(from, ']') : NULL;
	const char *end = close ? close + 1 : from + strcspn(from, ":");
	size_t count = 0;
	int64_t port;

	if (!close && *end == ':' && strchr(end + 1, ':'))
		end += strlen(end); /* an IPv6 address as it stands */
	if (*end == ':' && parse_int(end + 1, 1, 65535, &port) < 0)
		return -1;
	if ((*end && *end != ':') || end == from || at == jump || *from == '-' || *jump == '-')
		return -1;
	if (at) {
		words[count++] = "-l";
		words[count++] = arena_ndup(arena, jump, (size_t)(at - jump));
	}
	if (*end) {
		words[count++] = "-p";
		words[count++] = arena_dup(arena, end + 1);
	}
	*host = close ? arena_ndup(arena, from + 1, (size_t)(close - from - 1))
		      : arena_ndup(arena, from, (size_t)(end - from));
	*options = words;
	return **host ? 0 : -1;
}

/* ssh -G OPTION... -- NAME */
static const char *const *ask_words(const char *name, const char *const *options,
				    struct arena *arena)
{
	size_t count = 0, at = 0;

	while (options && options[count])
		count++;
	const char **words = arena_array(arena, count + 5, sizeof(const char *));
	words[at++] = "ssh";
	words[at++] = "-G";
	for (size_t i = 0; i < count; i++)
		words[at++] = options[i];
	words[at++] = "--";
	words[at] = name;
	return words;
}

int ssh_config_ask(struct target *out, const char **jump, const char *name,
		   const char *const *options, struct arena *arena, struct err *err)
{
	struct proc_result result;
	char path[256];

	if (proc_find("ssh", path, sizeof path) < 0)
		return err_set(err, ERR_CANNOT,
			       "%s: ssh reads ~/.ssh/config, and is not there: apt-get install -y "
			       "openssh-client",
			       name);
	int status = proc_run(ask_words(name, options, arena), NULL, ASK_MS, &result, err);
	if (status == 0 && result.status != 0)
		status = err_set(err, ERR_USAGE, "ssh -G %s: %.*s", name,
				 result.err.len ? (int)strcspn(result.err.data, "\n") : 9,
				 result.err.len ? result.err.data : "it failed");
	if (status == 0)
		status = ssh_config_parse(out, jump, name, result.out.data ? result.out.data : "",
					  arena, err);
	proc_result_close(&result);
	return status;
}
