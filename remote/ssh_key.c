/* openssh-key-v1 (PROTOCOL.key of OpenSSH): cipher, kdf, options, count, public key. */
#include "ssh_key.h"

#include <fcntl.h>

#include "base64.h"
#include "err.h"
#include "file.h"

enum {
	KEY_MAX = 64 << 10
};

static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char magic[] = "openssh-key-v1";
static const char locked[] = "it has a passphrase, and nobody is asked: ssh-add it to an SSH agent";

void ssh_key_type(const void *blob, size_t len, char type[64])
{
	struct cursor cursor = cursor_of(blob, len);
	uint32_t size = cursor_u32(&cursor);
	const uint8_t *text = cursor_take(&cursor, size);

	snprintf(type, 64, "%.*s", text && size < 64 ? (int)size : 0,
		 text ? (const char *)text : "");
}

static void read_own(struct ssh_key *key, const char *text)
{
	const char *from = strstr(text, begin) + strlen(begin), *end = strstr(from, "-----END");
	struct buf bytes = { 0 };
	struct cursor cursor;
	const uint8_t *cipher, *blob;
	uint32_t len;

	key->why = "it is not a private key that can be read";
	if (end && base64_read(&bytes, from, (size_t)(end - from)) == 0 &&
	    bytes.len > sizeof magic && memcmp(bytes.data, magic, sizeof magic) == 0) {
		cursor = cursor_of(bytes.data + sizeof magic, bytes.len - sizeof magic);
		len = cursor_u32(&cursor);
		cipher = cursor_take(&cursor, len);
		key->why = cipher && len == 4 && memcmp(cipher, "none", 4) == 0 ? NULL : locked;
		cursor_take(&cursor, cursor_u32(&cursor));
		cursor_take(&cursor, cursor_u32(&cursor));
		cursor_u32(&cursor);
		len = cursor_u32(&cursor);
		blob = cursor_take(&cursor, len);
		if (blob)
			buf_add(&key->blob, blob, len);
	}
	buf_close(&bytes);
}

/* "ssh-ed25519 AAAA… comment" */
static void read_public(struct ssh_key *key, const char *path)
{
	struct buf text = { 0 };
	char name[4096];
	struct err none;

	snprintf(name, sizeof name, "%s.pub", path);
	if (file_read(AT_FDCWD, name, KEY_MAX, &text, &none) == 0 && text.data) {
		const char *at = text.data + strcspn(text.data, " \t");
		at += strspn(at, " \t");
		if (base64_read(&key->blob, at, strcspn(at, " \t\r\n")) < 0)
			buf_clear(&key->blob);
	}
	buf_close(&text);
}

void ssh_key_read(struct ssh_key *key, const char *path)
{
	struct buf text = { 0 };
	struct err none;

	*key = (struct ssh_key){ .why = "it cannot be read" };
	if (file_read(AT_FDCWD, path, KEY_MAX, &text, &none) == 0 && text.data) {
		key->why = strstr(text.data, "ENCRYPTED") ? locked : NULL;
		if (strstr(text.data, begin))
			read_own(key, text.data);
		else if (strstr(text.data, "BEGIN RSA "))
			snprintf(key->type, sizeof key->type, "ssh-rsa");
	}
	if (key->blob.len == 0) /* also where the agent alone has the private half */
		read_public(key, path);
	if (key->blob.len > 0)
		ssh_key_type(key->blob.data, key->blob.len, key->type);
	buf_close(&text);
}

void ssh_key_close(struct ssh_key *key)
{
	buf_close(&key->blob);
}

const char *ssh_key_unfit(const char *type, bool has_rsa_sha2, const char **mend)
{
	*mend = "--transport openssh";
	if (streq(type, "ssh-rsa") && !has_rsa_sha2) {
		*mend = "use an ed25519 key (ssh-keygen -t ed25519), or --transport openssh";
		return "libssh2 1.10 cannot sign RSA with SHA-2, and servers of today take nothing "
		       "else";
	}
	if (starts_with(type, "sk-"))
		return "a security key needs its touch";
	if (strstr(type, "-cert-"))
		return "libssh2 sends no certificates";
	*mend = NULL;
	return streq(type, "ssh-dss") ? "DSA is taken nowhere any more" : NULL;
}
