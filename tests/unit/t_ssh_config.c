/* What ssh -G says, as a target; the texts are as OpenSSH 9.2 prints them. */
#include "folder.h"

#include "ssh_config.h"
#include "util.h"

struct read {
	struct arena arena;
	struct target target;
	const char *jump;
	struct err err;
};

static int parse(struct read *out, const char *text)
{
	*out = (struct read){ 0 };
	return ssh_config_parse(&out->target, &out->jump, "web-1", text, &out->arena, &out->err);
}

static void an_alias_is_read_as_ssh_prints_it(void **state)
{
	struct read r;

	(void)state;
	assert_int_equal(parse(&r, "host web-1\nuser deploy\nhostname 10.0.0.5\nport 2222\n"
				   "identitiesonly yes\nidentityfile /\n"
				   "identityfile /is/not/there\nidentityagent /run/agent\n"
				   "hostkeyalias web\nproxycommand none\nproxyjump bastion\n"
				   "userknownhostsfile /a/known /b/known\n"
				   "globalknownhostsfile /etc/ssh/ssh_known_hosts\n"),
			 0);
	assert_string_equal(r.target.name, "web-1");
	assert_string_equal(r.target.address, "10.0.0.5");
	assert_string_equal(r.target.user, "deploy");
	assert_int_equal(r.target.port, 2222);
	assert_true(r.target.is_identity_only);
	assert_int_equal(r.target.nidentity, 1);
	assert_string_equal(r.target.identity[0], "/");
	assert_string_equal(r.target.agent_socket, "/run/agent");
	assert_string_equal(r.target.host_key_name, "web");
	assert_int_equal(r.target.nknown_hosts, 3);
	assert_string_equal(r.target.known_hosts[1], "/b/known");
	assert_string_equal(r.target.known_hosts[2], "/etc/ssh/ssh_known_hosts");
	assert_string_equal(r.jump, "bastion");
	assert_int_equal(r.target.transport, TRANSPORT_LIBSSH2);
	assert_null(r.target.why);
	arena_close(&r.arena);
}

static void what_libssh2_cannot_do_selects_ssh_and_says_why(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{ "proxycommand aws ssm start-session", "a ProxyCommand" },
		{ "proxyjump one,two", "more than one jump host" },
		{ "pkcs11provider /usr/lib/opensc.so", "a PKCS#11 token" },
		{ "certificatefile /", "a certificate" },
		{ "revokedhostkeys /etc/ssh/revoked", "RevokedHostKeys" },
		{ "knownhostscommand /bin/keys %H", "a KnownHostsCommand" },
		{ "identityfile ~/.ssh/%h", "an IdentityFile with % in it" },
		{ "ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
		  "a list of Ciphers that libssh2 has none of" },
		{ "macs hmac-sha2-256-etm@openssh.com", "a list of MACs that libssh2 has none of" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		struct read r;
		snprintf(text, sizeof text, "user a\nhostname b\n%s\n", rows[i].line);
		assert_int_equal(parse(&r, text), 0);
		assert_int_equal(r.target.transport, TRANSPORT_OPENSSH);
		assert_string_equal(r.target.why, rows[i].why);
		arena_close(&r.arena);
	}
}

static void what_is_none_changes_nothing(void **state)
{
	struct read r;

	(void)state;
	assert_int_equal(parse(&r, "user a\nhostname b\nproxycommand none\nproxyjump none\n"
				   "pkcs11provider none\nciphers aes128-ctr,x\nmacs hmac-sha2-256\n"
				   "certificatefile /not/there\nhostkeyalias none\n"
				   "revokedhostkeys none\nknownhostscommand none\n"
				   "identityagent none\nport 70000\n"),
			 0);
	assert_int_equal(r.target.transport, TRANSPORT_LIBSSH2);
	assert_null(r.jump);
	assert_null(r.target.host_key_name);
	assert_null(r.target.agent_socket);
	assert_int_equal(r.target.port, 22);
	arena_close(&r.arena);
}

static void a_security_key_is_known_by_its_file_not_by_its_folder(void **state)
{
	char folder[FOLDER_PATH + 8], file[sizeof folder + 16], text[sizeof file + 64];
	struct read r;

	unsetenv("SSH_AUTH_SOCK");
	snprintf(folder, sizeof folder, "%s/my_sk", (char *)*state);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (int is_key = 0; is_key < 2; is_key++) {
		snprintf(file, sizeof file, "%s/id_ed25519%s", folder, is_key ? "_sk" : "");
		FILE *made = fopen(file, "w");
		assert_non_null(made);
		if (made)
			fclose(made);
		snprintf(text, sizeof text, "user a\nhostname b\nidentityfile %s\n", file);
		assert_int_equal(parse(&r, text), 0);
		assert_int_equal(r.target.transport,
				 is_key ? TRANSPORT_OPENSSH : TRANSPORT_LIBSSH2);
		arena_close(&r.arena);
	}
}

static void an_answer_without_a_host_is_refused(void **state)
{
	struct read r;

	(void)state;
	assert_int_equal(parse(&r, "user a\n"), -1);
	assert_string_equal(r.err.text, "ssh -G web-1: no hostname or user in its answer");
	arena_close(&r.arena);
}

static void a_jump_host_may_hold_user_and_port(void **state)
{
	static const struct {
		const char *jump, *host, *options;
	} rows[] = {
		{ "bastion", "bastion", "" },
		{ "me@bastion", "bastion", "-l me" },
		{ "bastion:2222", "bastion", "-p 2222" },
		{ "me@bastion:2222", "bastion", "-l me -p 2222" },
		{ "a@b@bastion", "bastion", "-l a@b" },
		{ "me@[fe80::1]:22", "fe80::1", "-l me -p 22" },
		{ "[fe80::1]", "fe80::1", "" },
		{ "fe80::1", "fe80::1", "" },
		{ "", NULL, NULL },
		{ "@bastion", NULL, NULL },
		{ "me@", NULL, NULL },
		{ ":22", NULL, NULL },
		{ "[]:22", NULL, NULL },
		{ "bastion:", NULL, NULL },
		{ "bastion:ssh", NULL, NULL },
		{ "[fe80::1]x", NULL, NULL },
		{ "-oProxyCommand=x", NULL, NULL },
		{ "me@-x", NULL, NULL },
		{ "-me@x", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena arena = { 0 };
		const char *const *options = NULL;
		const char *host = NULL;
		char text[64] = "";
		int status = ssh_config_split(rows[i].jump, &host, &options, &arena);
		assert_int_equal(status, rows[i].host ? 0 : -1);
		for (size_t n = 0; status == 0 && options[n]; n++)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
				 n ? " " : "", options[n]);
		if (status == 0) {
			assert_string_equal(host, rows[i].host);
			assert_string_equal(text, rows[i].options);
		}
		arena_close(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alias_is_read_as_ssh_prints_it),
		cmocka_unit_test(what_libssh2_cannot_do_selects_ssh_and_says_why),
		cmocka_unit_test(what_is_none_changes_nothing),
		cmocka_unit_test(a_security_key_is_known_by_its_file_not_by_its_folder),
		cmocka_unit_test(an_answer_without_a_host_is_refused),
		cmocka_unit_test(a_jump_host_may_hold_user_and_port),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
