/* First a list of the keys that make sense, then each in turn; why one was not taken is kept for
 * the error. */
#include "ssh_auth.h"

#include <errno.h>

#include "mem.h"

static void note(struct ssh_auth *auth, const char *key, const char *why)
{
	buf_printf(&auth->tried, "%s%s: %s", auth->tried.len ? "; " : "", key, why);
}

void ssh_auth_begin(struct ssh_auth *auth, const struct ssh_lib *lib, const struct target *target,
		    LIBSSH2_SESSION *session)
{
	*auth = (struct ssh_auth){
		.lib = lib,
		.target = target,
		.session = session,
		.agent.fd = -1,
		.nfile = target->nidentity,
		.file = mem_zeroed(target->nidentity + 1, sizeof *auth->file),
		.self = auth,
	};
	for (size_t i = 0; i < auth->nfile; i++)
		ssh_key_read(&auth->file[i], target->identity[i]);
	if (!target->agent_socket)
		return;
	if (ssh_agent_open(&auth->agent, target->agent_socket) < 0) {
		note(auth, target->agent_socket, "no SSH agent answers there");
		return;
	}
	ssh_agent_ask_keys(&auth->agent);
	auth->waits_for_agent = true;
}

/* False: libssh2 cannot sign with it, and why is noted. */
static bool is_fit(struct ssh_auth *auth, const char *type, const char *name)
{
	const char *mend, *why = ssh_key_unfit(type, auth->lib->has_rsa_sha2, &mend);
	char text[300];

	if (!why)
		return true;
	snprintf(text, sizeof text, "%s%s%s", why, mend ? ": " : "", mend ? mend : "");
	note(auth, name, text);
	if (mend && !auth->lacks)
		auth->lacks = why;
	return false;
}

static struct auth_key *add_key(struct ssh_auth *auth)
{
	if (auth->count == auth->cap) {
		auth->cap = auth->cap ? 2 * auth->cap : 8;
		auth->key = mem_resize(auth->key, auth->cap, sizeof *auth->key);
	}
	auth->key[auth->count] = (struct auth_key){ 0 };
	return &auth->key[auth->count++];
}

static bool is_same(const struct buf *blob, const uint8_t *bytes, size_t len)
{
	return blob->len == len && len > 0 && memcmp(blob->data, bytes, len) == 0;
}

/* One of those that the target names? */
static bool is_named(const struct ssh_auth *auth, const uint8_t *blob, size_t len)
{
	for (size_t i = 0; i < auth->nfile; i++)
		if (is_same(&auth->file[i].blob, blob, len))
			return true;
	return false;
}

/* The agent's keys: those that the target names, or the others. */
static void list_agent(struct ssh_auth *auth, struct cursor body, bool named)
{
	int count = ssh_agent_count(&body);

	for (int i = 0; i < count; i++) {
		size_t len, comment_len;
		const uint8_t *blob = ssh_agent_string(&body, &len);
		const uint8_t *comment = ssh_agent_string(&body, &comment_len);
		char type[64], name[128];

		if (!blob || !comment)
			return;
		if (is_named(auth, blob, len) != named)
			continue;
		ssh_key_type(blob, len, type);
		snprintf(name, sizeof name, "%.*s of the SSH agent",
			 comment_len < 64 ? (int)comment_len : 64,
			 comment_len ? (const char *)comment : "a key");
		if (!is_fit(auth, type, name))
			continue;
		struct auth_key *key = add_key(auth);
		buf_str(&key->name, name);
		buf_add(&key->blob, blob, len);
	}
}

static bool is_with_agent(const struct ssh_auth *auth, const struct ssh_key *file)
{
	for (size_t i = 0; i < auth->count; i++)
		if (is_same(&file->blob, (uint8_t *)auth->key[i].blob.data, auth->key[i].blob.len))
			return true;
	return false;
}

static void list_files(struct ssh_auth *auth)
{
	for (size_t i = 0; i < auth->nfile; i++) {
		const struct ssh_key *file = &auth->file[i];
		const char *path = auth->target->identity[i];

		if (is_with_agent(auth, file))
			continue;
		if (file->why)
			note(auth, path, file->why);
		if (file->why || !is_fit(auth, file->type, path))
			continue;
		struct auth_key *key = add_key(auth);
		key->path = path;
		buf_str(&key->name, path);
	}
}

/* 1: the list is there, 0: the agent has not answered. */
static int list_keys(struct ssh_auth *auth)
{
	struct cursor body = { 0 };
	int answer = 0;

	if (auth->waits_for_agent) {
		answer = ssh_agent_step(&auth->agent, &body);
		if (answer == 0)
			return 0;
		auth->waits_for_agent = false;
		if (answer < 0)
			note(auth, auth->target->agent_socket, "the SSH agent does not answer");
	}
	if (answer > 0) {
		list_agent(auth, body, true);
		if (!auth->target->is_identity_only)
			list_agent(auth, body, false);
	}
	list_files(auth);
	auth->is_listed = true;
	return 1;
}

/* The algorithm stands in what is to be signed (RFC 4252 section 7). */
static uint32_t flags_of(const unsigned char *data, size_t len)
{
	struct cursor cursor = cursor_of(data, len);
	size_t size;

	ssh_agent_string(&cursor, &size); /* session */
	cursor_u8(&cursor);
	for (int i = 0; i < 3; i++) /* user, service, "publickey" */
		ssh_agent_string(&cursor, &size);
	cursor_u8(&cursor);
	const uint8_t *name = ssh_agent_string(&cursor, &size);
	if (name && size == 12 && memcmp(name, "rsa-sha2-512", size) == 0)
		return AGENT_RSA_SHA512;
	if (name && size == 12 && memcmp(name, "rsa-sha2-256", size) == 0)
		return AGENT_RSA_SHA256;
	return 0;
}

/* libssh2 calls it again and again until there is an answer. */
static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign)
{
	struct ssh_auth *auth = *abstract;
	const struct auth_key *key = &auth->key[auth->at];
	struct cursor body = { 0 };
	int answer;

	(void)session;
	if (!auth->is_signing)
		ssh_agent_ask_signature(&auth->agent, key->blob.data, key->blob.len, data, data_len,
					flags_of(data, data_len));
	auth->is_signing = true;
	answer = ssh_agent_step(&auth->agent, &body);
	auth->waits_for_agent = answer == 0;
	if (answer == 0)
		return LIBSSH2_ERROR_EAGAIN;
	auth->is_signing = false;
	const uint8_t *signature = answer > 0 ? ssh_agent_signature(&body, sig_len) : NULL;
	auth->is_refused = !signature;
	if (!signature)
		return -1;
	*sig = mem_resize(NULL, *sig_len + 1, 1); /* libssh2 frees it */
	memcpy(*sig, signature, *sig_len);
	return 0;
}

static int try_key(struct ssh_auth *auth, const struct auth_key *key)
{
	const char *user = auth->target->user;

	if (key->path)
		return auth->lib->userauth_publickey_fromfile_ex(
		    auth->session, user, (unsigned)strlen(user), NULL, key->path, NULL);
	return auth->lib->userauth_publickey(auth->session, user,
					     (const unsigned char *)key->blob.data, key->blob.len,
					     sign, &auth->self);
}

static const char *why_not(struct ssh_auth *auth, int rc)
{
	if (auth->is_refused)
		return "the SSH agent does not sign with it";
	if (rc != LIBSSH2_ERROR_FILE && rc != LIBSSH2_ERROR_METHOD_NONE)
		return "not accepted";
	if (!auth->lacks)
		auth->lacks = "libssh2 cannot read that kind of key";
	return "libssh2 cannot read this kind of key: --transport openssh";
}

static int none_taken(const struct ssh_auth *auth, struct err *err)
{
	return err_set(err, ERR_CANNOT,
		       "%s: no key is accepted for user %s (%.700s): name the right user or key, "
		       "or add its public key to ~/.ssh/authorized_keys there",
		       auth->target->name, auth->target->user,
		       auth->tried.len ? auth->tried.data
				       : "there is none: IdentityFile, or an SSH agent");
}

int ssh_auth_ended(const struct ssh_auth *auth, struct err *err)
{
	if (auth->noffered < 2)
		return err_set(err, ERR_BROKE, "%s: authentication: the machine hung up",
			       auth->target->name);
	return err_set(err, ERR_CANNOT,
		       "%s: authentication: the machine hung up after %zu keys; name the right one "
		       "(IdentityFile with IdentitiesOnly yes)",
		       auth->target->name, auth->noffered);
}

int ssh_auth_step(struct ssh_auth *auth, struct err *err)
{
	if (!auth->is_listed && list_keys(auth) == 0)
		return 0;
	for (; auth->at < auth->count; auth->at++) {
		const struct auth_key *key = &auth->key[auth->at];
		int rc;

		if (auth->noffered <= auth->at)
			auth->noffered = auth->at + 1;
		rc = try_key(auth, key);
		if (rc == 0)
			return 1;
		if (rc == LIBSSH2_ERROR_EAGAIN)
			return 0;
		if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_RECV)
			return ssh_auth_ended(auth, err);
		note(auth, key->name.data, why_not(auth, rc));
		auth->is_refused = false;
	}
	return none_taken(auth, err);
}

void ssh_auth_close(struct ssh_auth *auth)
{
	if (auth->lib)
		ssh_agent_close(&auth->agent);
	for (size_t i = 0; i < auth->count; i++) {
		buf_close(&auth->key[i].name);
		buf_close(&auth->key[i].blob);
	}
	for (size_t i = 0; i < auth->nfile; i++)
		ssh_key_close(&auth->file[i]);
	free(auth->key);
	free(auth->file);
	buf_close(&auth->tried);
	*auth = (struct ssh_auth){ .agent.fd = -1 };
}
