/* Where a session for AWS comes from, and who gets it: cloud/credentials.c, cloud/profile.c. */
#include "credentials.h"

#include <fcntl.h>

#include "endpoint.h"
#include "env.h"
#include "file.h"
#include "folder.h"

#define SECRET "canary/Secret+0000000000000000000000000"

struct fixture {
	char home[FOLDER_PATH], bin[FOLDER_PATH];
	struct arena arena;
	struct err err;
	struct credentials got;
	int status;
};

/* Nothing of this machine's own: no variable, no home, no CLI, no instance. */
static void begin(struct fixture *f, void **state)
{
	static const char *const dropped[] = {
		"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",
		"AWS_PROFILE",
		"AWS_REGION",
		"AWS_DEFAULT_REGION",
		"AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT",
	};

	*f = (struct fixture){ .status = -1 };
	for (size_t i = 0; i < COUNT(dropped); i++)
		unsetenv(dropped[i]);
	folder_inside(*state, f->home);
	folder_inside(*state, f->bin);
	setenv("HOME", f->home, 1);
	setenv("PATH", f->bin, 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("AWS_REGION", "eu-central-1", 1);
}

static void end(struct fixture *f)
{
	credentials_close(&f->got);
	arena_close(&f->arena);
}

static void find(struct fixture *f, const char *region)
{
	const struct credentials_asked asked = { .region = region };

	f->err = (struct err){ .kind = ERR_NONE };
	f->status = credentials_find(&f->got, &asked, &f->arena, &f->err);
	assert_null(strstr(f->err.text, "canary"));
}

static void write_file(const char *folder, const char *name, const char *text, mode_t mode)
{
	struct err err;
	int fd = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	assert_int_equal(file_write(fd, name, text, strlen(text), &err), 0);
	assert_int_equal(fchmodat(fd, name, mode, 0), 0);
	close(fd);
}

static void write_shared(const struct fixture *f, const char *name, const char *text)
{
	char folder[FOLDER_PATH + 8];
	struct err err;

	snprintf(folder, sizeof folder, "%s/.aws", f->home);
	assert_int_equal(file_folder(folder, &err), 0);
	write_file(folder, name, text, 0600);
}

static void refused(struct fixture *f, const char *why)
{
	find(f, NULL);
	assert_int_equal(f->status, -1);
	assert_int_equal(f->err.kind, ERR_CANNOT);
	if (!strstr(f->err.text, why))
		fail_msg("%s, without: %s", f->err.text, why);
	assert_null(f->got.secret);
}

static void the_environment_comes_first(void **state)
{
	struct fixture f;

	begin(&f, state);
	write_shared(&f, "credentials",
		     "[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n");
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_SESSION_TOKEN", "canary-token", 1);
	find(&f, NULL);
	assert_int_equal(f.status, 0);
	assert_string_equal(f.got.key_id, "AKIDEXAMPLE");
	assert_string_equal(f.got.secret, SECRET);
	assert_string_equal(f.got.token, "canary-token");
	assert_string_equal(f.got.region, "eu-central-1");
	assert_string_equal(f.got.source, "environment");
	credentials_close(&f.got);
	find(&f, "us-west-2");
	assert_string_equal(f.got.region, "us-west-2");
	end(&f);
}

static void half_a_pair_is_wrong(void **state)
{
	struct fixture f;

	begin(&f, state);
	write_shared(&f, "credentials",
		     "[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n");
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	refused(&f, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	refused(&f, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
	/* A line break would be one more header. */
	setenv("AWS_SECRET_ACCESS_KEY", "canary\r\nX-Evil: 1", 1);
	refused(&f, "environment: ");
	end(&f);
}

static void a_profile_of_the_files(void **state)
{
	struct fixture f;

	begin(&f, state);
	unsetenv("AWS_REGION");
	write_shared(&f, "config",
		     "[default]\nregion = eu-west-1\n[profile dev]\nregion=us-east-2\n"
		     "[sso-session dev]\nregion = nowhere\n");
	write_shared(&f, "credentials",
		     "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = " SECRET
		     "\n[dev]\r\naws_access_key_id = AKIDDEV\r\naws_secret_access_key = " SECRET
		     "\r\naws_session_token = canary-token\r\n");
	find(&f, NULL);
	assert_int_equal(f.status, 0);
	assert_string_equal(f.got.key_id, "AKIDDEFAULT");
	assert_string_equal(f.got.region, "eu-west-1");
	assert_non_null(strstr(f.got.source, "profile default of "));
	credentials_close(&f.got);

	setenv("AWS_PROFILE", "dev", 1);
	find(&f, NULL);
	assert_string_equal(f.got.key_id, "AKIDDEV");
	assert_string_equal(f.got.token, "canary-token");
	assert_string_equal(f.got.region, "us-east-2");
	credentials_close(&f.got);

	setenv("AWS_PROFILE", "nobody", 1);
	refused(&f, "profile nobody (it is not in ");
	setenv("AWS_PROFILE", "no\nbody", 1);
	refused(&f, "AWS_PROFILE: not the name of a profile");
	end(&f);
}

static void what_is_wrong_in_a_file_has_its_line(void **state)
{
	struct fixture f;

	begin(&f, state);
	write_shared(&f, "credentials", "# mine\n[default]\naws_secret_access_key = " SECRET "\n");
	refused(&f, "credentials:3: aws_secret_access_key without aws_access_key_id");
	write_shared(&f, "credentials", "[default\naws_secret_access_key = " SECRET "\n");
	refused(&f, "credentials:1: ");
	write_shared(&f, "credentials", "");
	write_shared(&f, "config",
		     "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n");
	refused(&f, "config:2: role_arn is for the aws CLI alone");
	end(&f);
}

/* A program that prints `text`, or does worse. */
static void write_program(const struct fixture *f, const char *name, const char *script)
{
	write_file(f->bin, name, script, 0700);
}

static void a_program_says_who_asks(void **state)
{
	struct fixture f;

	begin(&f, state);
	write_shared(&f, "config", "[default]\ncredential_process = helper --for \"two words\"\n");
	write_program(&f, "helper",
		      "#!/bin/sh\n[ \"$*\" = '--for two words' ] || exit 1\necho "
		      "'{\"Version\":1,\"AccessKeyId\":\"AKIDPROC\",\"SecretAccessKey\":\"" SECRET
		      "\",\"SessionToken\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}'\n");
	find(&f, NULL);
	assert_int_equal(f.status, 0);
	assert_string_equal(f.got.key_id, "AKIDPROC");
	assert_string_equal(f.got.expires, "2099-01-01T00:00:00Z");
	assert_string_equal(f.got.source, "credential_process of profile default");
	credentials_close(&f.got);

	write_program(&f, "helper", "#!/bin/sh\necho '{\"AccessKeyId\":\"" SECRET "\"'\n");
	refused(&f, "config:2: credential_process: ");
	write_program(&f, "helper", "#!/bin/sh\necho " SECRET " >&2\nexit 3\n");
	refused(&f, "config:2: credential_process: ");
	write_shared(&f, "config", "[default]\ncredential_process = \"no end\n");
	refused(&f, "no command of 1 to ");
	end(&f);
}

/* AWS's own program knows every way, and comes before the files. */
static void the_cli_is_asked_where_it_is(void **state)
{
	struct fixture f;

	begin(&f, state);
	write_shared(&f, "credentials",
		     "[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n");
	write_program(&f, "aws",
		      "#!/bin/sh\n[ \"$*\" = 'configure export-credentials --profile default "
		      "--format process' ] || exit 1\necho "
		      "'{\"Version\":1,\"AccessKeyId\":\"AKIDCLI\",\"SecretAccessKey\":\"" SECRET
		      "\"}'\n");
	find(&f, NULL);
	assert_int_equal(f.status, 0);
	assert_string_equal(f.got.key_id, "AKIDCLI");
	assert_null(f.got.token);
	credentials_close(&f.got);
	write_program(&f, "aws", "#!/bin/sh\nexit 255\n");
	find(&f, NULL);
	assert_string_equal(f.got.key_id, "OTHER");
	credentials_close(&f.got);
	write_shared(&f, "credentials", "");
	write_program(&f, "aws",
		      "#!/bin/sh\nprintf 'aws: error: Invalid choice, valid choices are:\\n\\n"
		      "list | get\\nset | add-model\\n' >&2\nexit 2\n");
	refused(&f, "profile default (" CREDENTIALS_OLD_CLI ")");
	end(&f);
}

static void an_instance_tells_by_its_second_version_alone(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\n\r\nTOKEN", "HTTP/1.1 200 OK\r\n\r\nlab-role",
		"HTTP/1.1 200 OK\r\n\r\n{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAX\","
		"\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"canary-t\","
		"\"Expiration\":\"2099-01-01T00:00:00Z\"}",
		NULL
	};
	struct endpoint endpoint = endpoint_open(answers);
	struct buf got = { 0 };
	struct fixture f;

	begin(&f, state);
	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.url, 1);
	find(&f, NULL);
	assert_int_equal(f.status, 0);
	assert_string_equal(f.got.key_id, "ASIAX");
	assert_string_equal(f.got.source, "IMDSv2");
	endpoint_close(&endpoint, &got);
	const char *asked = got.data ? got.data : "";
	assert_non_null(strstr(asked, "PUT /latest/api/token"));
	assert_non_null(strstr(asked, "TOKEN"));
	buf_close(&got);
	end(&f);
}

static void without_any_each_way_is_told(void **state)
{
	struct fixture f;

	begin(&f, state);
	refused(&f, "no credentials for AWS: log in");
	assert_non_null(strstr(f.err.text, "AWS_ACCESS_KEY_ID is not set"));
	assert_non_null(strstr(f.err.text, "the aws CLI is not in PATH"));
	end(&f);
}

static const char *value_in(char *const *environment, const char *name)
{
	const char *found = NULL;
	size_t len = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=') {
			assert_null(found); /* once */
			found = *environment + len + 1;
		}
	return found;
}

static void a_child_gets_the_session_or_nothing_of_it(void **state)
{
	struct fixture f;

	begin(&f, state);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_PROFILE", "dev", 1);
	setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
	find(&f, NULL);
	char **environment = credentials_environment(&f.got, &f.arena);
	assert_string_equal(value_in(environment, "AWS_SECRET_ACCESS_KEY"), SECRET);
	assert_string_equal(value_in(environment, "AWS_REGION"), "eu-central-1");
	assert_null(value_in(environment, "AWS_PROFILE"));
	assert_string_equal(value_in(environment, "HOME"), f.home);
	environment = credentials_environment(NULL, &f.arena);
	for (char *const *at = environment; *at; at++)
		assert_null(strstr(*at, "canary"));
	assert_string_equal(value_in(environment, "HOME"), f.home);
	end(&f);
}

static void closing_wipes(void **state)
{
	struct fixture f;

	begin(&f, state);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	find(&f, NULL);
	const char *secret = f.got.secret;
	credentials_close(&f.got);
	assert_null(f.got.secret);
	assert_string_not_equal(secret, SECRET); /* the arena still has the place */
	credentials_close(&f.got);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_comes_first),
		cmocka_unit_test(half_a_pair_is_wrong),
		cmocka_unit_test(a_profile_of_the_files),
		cmocka_unit_test(what_is_wrong_in_a_file_has_its_line),
		cmocka_unit_test(a_program_says_who_asks),
		cmocka_unit_test(the_cli_is_asked_where_it_is),
		cmocka_unit_test(an_instance_tells_by_its_second_version_alone),
		cmocka_unit_test(without_any_each_way_is_told),
		cmocka_unit_test(a_child_gets_the_session_or_nothing_of_it),
		cmocka_unit_test(closing_wipes),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
