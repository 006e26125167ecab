/* Each key in turn; why one was not taken is kept for the error. Talking to the SSH agent is one
 * short exchange over a local socket, which libssh2 waits for. */
#include "ssh_auth.h"

#include <fcntl.h>
#include <unistd.h>

#include "file.h"
#include "ssh_known.h"

enum {
	KEY_MAX = 64 << 10
};

#define NO_RSA                                                                                     \
	"libssh2 1.10 cannot sign RSA with SHA-2, and servers of today take nothing else: use an " \
	"ed25519 key, or --transport openssh"

static void note(struct ssh_auth *auth, const char *key, const char *why)
{
	buf_printf(&auth->tried, "%s%s: %s", auth->tried.len ? "; " : "", key, why);
}

static bool read_key(const char *path, const char *suffix, struct buf *text)
{
	char name[4096];
	struct err none;

	snprintf(name, sizeof name, "%s%s", path, suffix);
	return file_read(AT_FDCWD, name, KEY_MAX, text, &none) == 0 && text->data;
}

/* With IdentitiesOnly the agent's keys are those whose public half lies beside a file. */
static bool is_named(const struct target *target, const struct libssh2_agent_publickey *key)
{
	struct buf blob = { 0 };
	bool is_found = false;

	if (!target->is_identity_only)
		return true;
	known_base64(key->blob, key->blob_len, &blob);
	for (size_t i = 0; i < target->nidentity && !is_found; i++) {
		struct buf text = { 0 };
		is_found = read_key(target->identity[i], ".pub", &text) && blob.data &&
			   strstr(text.data, blob.data);
		buf_close(&text);
	}
	buf_close(&blob);
	return is_found;
}

static bool open_agent(struct ssh_auth *auth)
{
	const struct ssh_lib *lib = auth->lib;

	auth->agent = lib->agent_init(auth->session);
	if (!auth->agent)
		return false;
	lib->agent_set_identity_path(auth->agent, auth->target->agent_socket);
	if (lib->agent_connect(auth->agent) == 0 && lib->agent_list_identities(auth->agent) == 0)
		return true;
	note(auth, auth->target->agent_socket, "the SSH agent does not answer");
	return false;
}

/* The next one that may be tried; false: there is none. */
static bool next_identity(struct ssh_auth *auth)
{
	do {
		if (auth->lib->agent_get_identity(auth->agent, &auth->identity, auth->identity) !=
		    0)
			return false;
	} while (!is_named(auth->target, auth->identity));
	return true;
}

static int step_agent(struct ssh_auth *auth)
{
	if (!auth->agent && (!open_agent(auth) || !next_identity(auth))) {
		auth->is_agent_done = true;
		return 0;
	}
	int rc = auth->lib->agent_userauth(auth->agent, auth->target->user, auth->identity);
	if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0)
		return rc == 0;
	const uint8_t *blob = auth->identity->blob;
	bool is_rsa = auth->identity->blob_len > 11 && memcmp(blob + 4, "ssh-rsa", 7) == 0;
	note(auth,
	     auth->identity->comment && *auth->identity->comment ? auth->identity->comment
								 : "a key of the SSH agent",
	     is_rsa && !auth->lib->has_rsa_sha2 ? NO_RSA : "not accepted");
	auth->is_agent_done = !next_identity(auth);
	return auth->is_agent_done ? 0 : step_agent(auth);
}

/* openssh-key-v1 with the cipher "none", as base64, is a key without a passphrase. */
static const char *why_not(const struct ssh_auth *auth, const char *path, int rc)
{
	struct buf text = { 0 }, public = { 0 };
	const char *why = "not accepted";

	if (access(path, R_OK) < 0 || !read_key(path, "", &text))
		why = "cannot be read";
	else if (strstr(text.data, "ENCRYPTED") ||
		 (strstr(text.data, "BEGIN OPENSSH") &&
		  !strstr(text.data, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU")))
		why = "has a passphrase, and nobody is asked: add it to the SSH agent (ssh-add)";
	else if (!auth->lib->has_rsa_sha2 &&
		 (strstr(text.data, "BEGIN RSA") ||
		  (read_key(path, ".pub", &public) && starts_with(public.data, "ssh-rsa"))))
		why = NO_RSA;
	else if (rc == LIBSSH2_ERROR_FILE)
		why = "libssh2 cannot read this kind of key (--transport openssh can)";
	buf_close(&text);
	buf_close(&public);
	return why;
}

static int step_file(struct ssh_auth *auth)
{
	const char *path = auth->target->identity[auth->file], *user = auth->target->user;
	int rc = auth->lib->userauth_publickey_fromfile_ex(
	    auth->session, user, (unsigned)strlen(user), NULL, path, NULL);

	if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0)
		return rc == 0;
	note(auth, path, why_not(auth, path, rc));
	auth->file++;
	return 0;
}

int ssh_auth_step(struct ssh_auth *auth, struct err *err)
{
	const struct target *target = auth->target;

	if (!target->agent_socket)
		auth->is_agent_done = true;
	if (!auth->is_agent_done) {
		int is_in = step_agent(auth);
		if (is_in || !auth->is_agent_done)
			return is_in;
	}
	while (auth->file < target->nidentity) {
		size_t before = auth->file;
		int is_in = step_file(auth);
		if (is_in || auth->file == before)
			return is_in;
	}
	return err_set(err, ERR_CANNOT, "%s: no key is accepted for user %s: %.700s", target->name,
		       target->user,
		       auth->tried.data ? auth->tried.data
					: "there is none (IdentityFile, or an SSH agent)");
}

void ssh_auth_close(struct ssh_auth *auth)
{
	if (auth->agent) {
		auth->lib->agent_disconnect(auth->agent);
		auth->lib->agent_free(auth->agent);
	}
	auth->agent = NULL;
	buf_close(&auth->tried);
}
