/* known_hosts: which lines are a machine's, and what they say of a key. */
#include "folder.h"

#include <fcntl.h>
#include <limits.h>

#include "base64.h"
#include "file.h"
#include "ssh_known.h"

static struct arena arena;
static struct ssh_lib lib;
static char known_path[FOLDER_PATH + 16];
static const char *const known_paths[] = { known_path };

/* A key of that type, told apart by a letter. */
static void make_key(const char *type, char letter, struct buf *blob)
{
	uint8_t bytes[32];

	memset(bytes, letter, sizeof bytes);
	buf_u32(blob, (uint32_t)strlen(type));
	buf_str(blob, type);
	buf_u32(blob, sizeof bytes);
	buf_add(blob, bytes, sizeof bytes);
}

/* "ssh-ed25519 AAAA…" */
static const char *line_of(const char *type, char letter)
{
	struct buf blob = { 0 }, text = { 0 };
	const char *line;

	make_key(type, letter, &blob);
	buf_printf(&text, "%s ", type);
	base64_add(&text, blob.data, blob.len);
	line = arena_dup(&arena, text.data);
	buf_close(&blob);
	buf_close(&text);
	return line;
}

static const char *ed(char letter)
{
	return line_of("ssh-ed25519", letter);
}

static struct target machine(const char *address, int port)
{
	return (struct target){ .name = "web",
				.address = address,
				.port = port,
				.user = "me",
				.nknown_hosts = 1,
				.known_hosts = known_paths };
}

static void need_libssh2(void)
{
	struct err err;

	if (!lib.init && !ssh_lib_open(&lib, &err)) {
		print_message("# %s\n", err.text);
		skip();
	}
}

static void write_known(const char *fmt, ...) PRINTF(1, 2);
static void write_known(const char *fmt, ...)
{
	va_list args;
	struct err err;
	char text[8192];

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	assert_int_equal(file_write(AT_FDCWD, known_path, text, strlen(text), &err), 0);
}

/* "" where the key is taken, else why not. */
static const char *check(struct target target, const char *type, char letter)
{
	struct known_keys keys;
	struct buf blob = { 0 };
	struct err err = { 0 };
	int status;

	need_libssh2();
	assert_int_equal(known_read(&keys, &target, &lib, &arena, &err), 0);
	make_key(type, letter, &blob);
	status = known_check(&keys, &target, blob.data, blob.len, &err);
	buf_close(&blob);
	if (status == 0)
		return "";
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_true(starts_with(err.text, "web: "));
	return arena_dup(&arena, err.text);
}

static const char *shows(struct target target, char letter)
{
	return check(target, "ssh-ed25519", letter);
}

static void has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in \"%s\"", words, text);
}

static void a_plain_line_makes_a_key_known(void **state)
{
	(void)state;
	write_known("# comment\n\n  \nother %s\nweb.lan,10.0.0.1 %s me@here\r\n", ed('x'), ed('a'));
	assert_string_equal(shows(machine("10.0.0.1", 22), 'a'), "");
	assert_string_equal(shows(machine("WEB.lan", 22), 'a'), "");
	has(shows(machine("10.0.0.2", 22), 'a'), "is not known: ssh-ed25519 SHA256:");
	has(shows(machine("10.0.0.1", 22), 'x'), "has changed");
}

static void a_port_belongs_to_the_name(void **state)
{
	(void)state;
	write_known("[web]:2222 %s\nweb %s\n[old]:22 %s\nplain %s\n", ed('a'), ed('b'), ed('c'),
		    ed('d'));
	assert_string_equal(shows(machine("web", 2222), 'a'), "");
	assert_string_equal(shows(machine("web", 22), 'b'), "");
	has(shows(machine("web", 22), 'a'), "has changed");
	has(shows(machine("web", 2222), 'b'), "has changed");
	/* As in ssh: without a line for the port the one without counts. */
	assert_string_equal(shows(machine("plain", 2222), 'd'), "");
}

static void an_alias_is_looked_up_instead_of_the_address(void **state)
{
	struct target target = machine("10.0.0.1", 2222);

	(void)state;
	target.host_key_name = "web-key";
	write_known("web-key %s\n[10.0.0.1]:2222 %s\n", ed('a'), ed('b'));
	assert_string_equal(shows(target, 'a'), "");
	has(shows(target, 'b'), "has changed");
}

static void patterns_match_and_one_with_a_mark_denies(void **state)
{
	(void)state;
	write_known("*.lan,!bad.lan %s\n10.0.?.1,[10.0.0.*]:2222 %s\n", ed('a'), ed('b'));
	assert_string_equal(shows(machine("good.lan", 22), 'a'), "");
	has(shows(machine("bad.lan", 22), 'a'), "is not known");
	assert_string_equal(shows(machine("10.0.7.1", 22), 'b'), "");
	has(shows(machine("10.0.77.1", 22), 'b'), "is not known");
	assert_string_equal(shows(machine("10.0.0.9", 2222), 'b'), "");
}

static void hashed_names_are_found(void **state)
{
	const char *argv[] = { "ssh-keygen", "-q", "-H", "-f", known_path, NULL };
	struct proc_result result;
	struct buf text = { 0 };
	struct err err;

	(void)state;
	need_program("ssh-keygen");
	write_known("web %s\n[10.0.0.1]:2222 %s\n", ed('a'), ed('b'));
	assert_int_equal(proc_run(argv, NULL, 10000, &result, &err), 0);
	assert_int_equal(result.status, 0);
	proc_result_close(&result);
	assert_int_equal(file_read(AT_FDCWD, known_path, 8192, &text, &err), 0);
	assert_null(strstr(text.data, "10.0.0.1"));
	buf_close(&text);
	assert_string_equal(shows(machine("Web", 22), 'a'), "");
	assert_string_equal(shows(machine("10.0.0.1", 2222), 'b'), "");
	has(shows(machine("10.0.0.1", 2222), 'a'), "has changed");
	has(shows(machine("10.0.0.1", 22), 'b'), "is not known");
}

static void a_changed_key_names_file_and_line(void **state)
{
	char place[sizeof known_path + 16];

	(void)state;
	write_known("other %s\n\nweb %s\n", ed('x'), ed('a'));
	snprintf(place, sizeof place, "%s:3 has another", known_path);
	has(shows(machine("web", 22), 'b'), place);
	has(shows(machine("web", 22), 'b'), "nothing was sent");
	/* One of several is enough. */
	write_known("web %s\nweb %s\n", ed('a'), ed('b'));
	assert_string_equal(shows(machine("web", 22), 'b'), "");
}

static void a_revoked_key_is_refused_even_where_it_is_known(void **state)
{
	char place[sizeof known_path + 32];

	(void)state;
	write_known("web %s\n@revoked * %s\n", ed('a'), ed('a'));
	snprintf(place, sizeof place, "is revoked by %s:2", known_path);
	has(shows(machine("web", 22), 'a'), place);
	has(shows(machine("web", 2222), 'a'), place);
	write_known("[web]:2222 %s\n@revoked web %s\n", ed('a'), ed('a'));
	has(shows(machine("web", 2222), 'a'), place);
	write_known("web %s\n@revoked * %s\n", ed('a'), ed('b'));
	assert_string_equal(shows(machine("web", 22), 'a'), "");
	has(shows(machine("web", 22), 'b'), "is revoked");
}

static void an_authority_is_no_key(void **state)
{
	(void)state;
	write_known("@cert-authority web %s\n@strange web %s\n", ed('a'), ed('b'));
	has(shows(machine("web", 22), 'a'), "is not known");
	has(shows(machine("web", 22), 'a'), "--transport openssh");
	has(shows(machine("web", 22), 'b'), "is not known");
}

static void a_key_of_another_type_is_unknown_not_changed(void **state)
{
	(void)state;
	write_known("web %s\n", line_of("ecdsa-sha2-nistp256", 'a'));
	has(shows(machine("web", 22), 'a'), "is not known");
	has(shows(machine("web", 22), 'a'), "has a key of the type ecdsa-sha2-nistp256 alone");
}

static const char *methods(struct target target)
{
	struct known_keys keys;
	struct buf out = { 0 };
	struct err err;
	const char *text;

	need_libssh2();
	assert_int_equal(known_read(&keys, &target, &lib, &arena, &err), 0);
	known_methods(&keys, &lib, &out);
	text = arena_dup(&arena, out.data);
	buf_close(&out);
	return text;
}

static void the_types_that_are_known_are_asked_for_first(void **state)
{
	(void)state;
	need_libssh2();
	lib.has_rsa_sha2 = false;
	write_known("web %s\nweb %s\n@revoked web %s\n", line_of("ecdsa-sha2-nistp384", 'a'),
		    line_of("ssh-rsa", 'a'), ed('a'));
	assert_string_equal(methods(machine("web", 22)),
			    "ecdsa-sha2-nistp384,ssh-ed25519,ecdsa-sha2-nistp256,"
			    "ecdsa-sha2-nistp521");
	lib.has_rsa_sha2 = true;
	assert_string_equal(methods(machine("web", 22)),
			    "ecdsa-sha2-nistp384,rsa-sha2-512,rsa-sha2-256,ssh-ed25519,"
			    "ecdsa-sha2-nistp256,ecdsa-sha2-nistp521");
	assert_true(starts_with(methods(machine("other", 22)), "ssh-ed25519,"));
}

/* What is known of an ed25519 key that `web` shows. */
static enum known_answer answer(const char *line)
{
	struct target target = machine("web", 22);
	struct known_keys keys;
	struct buf blob = { 0 };
	struct err err;

	write_known("%s\n", line);
	assert_int_equal(known_read(&keys, &target, &lib, &arena, &err), 0);
	make_key("ssh-ed25519", 'a', &blob);
	enum known_answer got = known_check(&keys, &target, blob.data, blob.len, &err);
	buf_close(&blob);
	return got;
}

static void what_ssh_itself_could_check_is_told_from_what_nobody_knows(void **state)
{
	char line[300];

	(void)state;
	need_libssh2();
	assert_int_equal(answer(""), KNOWN_NEW);
	snprintf(line, sizeof line, "web %s", ed('a'));
	assert_int_equal(answer(line), KNOWN_SAME);
	snprintf(line, sizeof line, "web %s", ed('b'));
	assert_int_equal(answer(line), KNOWN_NEVER);
	snprintf(line, sizeof line, "web %s", line_of("ecdsa-sha2-nistp256", 'b'));
	assert_int_equal(answer(line), KNOWN_NEVER);
	snprintf(line, sizeof line, "web %s", line_of("sk-ssh-ed25519@openssh.com", 'b'));
	assert_int_equal(answer(line), KNOWN_BEYOND);
	snprintf(line, sizeof line, "@cert-authority web %s", ed('b'));
	assert_int_equal(answer(line), KNOWN_BEYOND);
	snprintf(line, sizeof line, "web %s", line_of("ssh-rsa", 'b'));
	lib.has_rsa_sha2 = false;
	assert_int_equal(answer(line), KNOWN_BEYOND);
	lib.has_rsa_sha2 = true;
	assert_int_equal(answer(line), KNOWN_NEVER);
}

static void what_accepts_a_key_is_one_command(void **state)
{
	static const char *const over[] = { "-l", "you", NULL };
	struct target jump = machine("10.0.0.9", 22), target = machine("10.0.0.1", 2222);
	char words[sizeof known_path + 200];

	(void)state;
	write_known("\n");
	target.jump = &jump;
	target.host_key_name = "web-key";
	snprintf(words, sizeof words,
		 ": ssh -o StrictHostKeyChecking=ask -o HostKeyAlias=web-key -o "
		 "'UserKnownHostsFile=\"%s\"' -J me@10.0.0.9:22 -p 2222 me@10.0.0.1 true",
		 known_path);
	has(shows(target, 'a'), words);
	target = machine("10.0.0.1", 2222);
	target.is_alias = true;
	target.over = over;
	has(shows(target, 'a'), ": ssh -o StrictHostKeyChecking=ask -l you web true");
}

static void files_that_are_not_there_are_empty_others_must_be_read(void **state)
{
	const char *const paths[] = { "/nowhere/known_hosts", "/dev/null", known_path };
	const char *const folder[] = { "/tmp" };
	struct target target = machine("web", 22);
	struct known_keys keys;
	struct err err;

	(void)state;
	write_known("web %s", ed('a')); /* no newline at its end */
	target.known_hosts = paths;
	target.nknown_hosts = COUNT(paths);
	assert_string_equal(shows(target, 'a'), "");
	target.known_hosts = folder;
	target.nknown_hosts = 1;
	assert_int_equal(known_read(&keys, &target, &lib, &arena, &err), -1);
	has(err.text, "web: known hosts: ");
	assert_int_equal(err.kind, ERR_CANNOT);
}

static void lines_that_are_none_are_skipped(void **state)
{
	char huge[2000];

	(void)state;
	memset(huge, 'a', sizeof huge - 1);
	huge[sizeof huge - 1] = '\0';
	write_known("web\nweb ssh-ed25519\n@revoked web ssh-ed25519\n|1|x ssh-ed25519 AAAA\n"
		    "|1|| ssh-ed25519 AAAA\n%s ssh-ed25519 AAAA\n%s,web %s\n",
		    huge, huge, ed('a'));
	assert_string_equal(shows(machine("web", 22), 'a'), "");
}

static void a_fingerprint_is_the_one_that_ssh_prints(void **state)
{
	const char *argv[] = { "ssh-keygen", "-l", "-f", known_path, NULL };
	struct proc_result result;
	struct buf blob = { 0 };
	char print[KNOWN_PRINT];
	struct err err;

	(void)state;
	need_program("ssh-keygen");
	write_known("%s\n", ed('a'));
	make_key("ssh-ed25519", 'a', &blob);
	known_fingerprint(blob.data, blob.len, print);
	assert_int_equal(proc_run(argv, NULL, 10000, &result, &err), 0);
	has(result.out.data, print);
	proc_result_close(&result);
	buf_close(&blob);
}

static void base64_goes_there_and_back(void **state)
{
	static const char *const bad[] = { "A", "AA", "AA=", "A===", "AA=A", "AA==A", "A-==" };
	struct buf text = { 0 }, back = { 0 };

	(void)state;
	for (size_t len = 0; len < 9; len++) {
		buf_clear(&text);
		buf_clear(&back);
		base64_add(&text, "\x00\xff\x7fzyxwvu", len);
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_int_equal(base64_read(&back, text.data, text.len), 0);
		assert_int_equal(back.len, len);
		assert_true(len == 0 || memcmp(back.data, "\x00\xff\x7fzyxwvu", len) == 0);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(base64_read(&back, bad[i], strlen(bad[i])), -1);
	buf_clear(&back);
	assert_int_equal(base64_read(&back, "bGF i\n", 6), 0);
	assert_string_equal(back.data, "lab");
	buf_close(&text);
	buf_close(&back);
}

static int setup(void **state)
{
	int status = folder_setup(state);

	snprintf(known_path, sizeof known_path, "%s/known_hosts", (const char *)*state);
	return status;
}

static int teardown(void **state)
{
	arena_close(&arena);
	return folder_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_line_makes_a_key_known),
		cmocka_unit_test(a_port_belongs_to_the_name),
		cmocka_unit_test(an_alias_is_looked_up_instead_of_the_address),
		cmocka_unit_test(patterns_match_and_one_with_a_mark_denies),
		cmocka_unit_test(hashed_names_are_found),
		cmocka_unit_test(a_changed_key_names_file_and_line),
		cmocka_unit_test(a_revoked_key_is_refused_even_where_it_is_known),
		cmocka_unit_test(an_authority_is_no_key),
		cmocka_unit_test(a_key_of_another_type_is_unknown_not_changed),
		cmocka_unit_test(the_types_that_are_known_are_asked_for_first),
		cmocka_unit_test(what_ssh_itself_could_check_is_told_from_what_nobody_knows),
		cmocka_unit_test(what_accepts_a_key_is_one_command),
		cmocka_unit_test(files_that_are_not_there_are_empty_others_must_be_read),
		cmocka_unit_test(lines_that_are_none_are_skipped),
		cmocka_unit_test(a_fingerprint_is_the_one_that_ssh_prints),
		cmocka_unit_test(base64_goes_there_and_back),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
