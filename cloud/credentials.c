/* Each way to a session is a row; the first that finds one wins, and the others' reasons are kept
 * for when none does. A profile that says how its session is made is not passed over for that of
 * the instance: it would be somebody else's. */
#include "credentials.h"

#include "credentials_json.h"
#include "env.h"
#include "imds.h"
#include "profile.h"
#include "util.h"

enum found { /* what a way says */
	FOUND,
	NOTHING, /* and why; the next is asked */
	WRONG    /* and why; none is asked */
};
enum {
	FILES = 2,
	PROGRAM_MS = 60000, /* somebody may be asked for a code */
	NAME_LEN = 128,
	REASON_LEN = 200
};

struct finding {
	const struct credentials_asked *asked;
	struct arena *arena;
	struct credentials *out;
	const char *profile;
	struct profile_file files[FILES]; /* by enum profile_kind */
	bool were_files_read, was_imds_asked;
	int files_status, imds_status;
	struct err files_err, imds_err;
	struct imds imds;
	bool has_other_way; /* the profile says one */
};

static bool is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len > 0 && len <= NAME_LEN;
}

static int read_file(struct finding *f, enum profile_kind kind, enum variable variable,
		     const char *usual)
{
	const char *path = env_get(variable), *home = env_get(VAR_HOME);

	if (!path)
		path = home ? arena_printf(f->arena, "%s/.aws/%s", home, usual) : NULL;
	return path ? profile_read(&f->files[kind], path, kind, f->arena, &f->files_err) : 0;
}

/* Once, when they are first needed. */
static int read_files(struct finding *f, struct err *err)
{
	if (!f->were_files_read)
		f->files_status =
		    read_file(f, PROFILE_CONFIG, VAR_AWS_CONFIG_FILE, "config") < 0 ||
			    read_file(f, PROFILE_CREDENTIALS, VAR_AWS_SHARED_CREDENTIALS_FILE,
				      "credentials") < 0
			? -1
			: 0;
	f->were_files_read = true;
	if (f->files_status < 0)
		*err = f->files_err;
	return f->files_status;
}

/* The credentials' word counts more than the configuration's. */
static const struct profile_row *setting(const struct finding *f, const char *key,
					 const struct profile_file **file)
{
	for (size_t i = FILES; i > 0; i--) {
		const struct profile_row *row = profile_find(&f->files[i - 1], f->profile, key);

		*file = &f->files[i - 1];
		if (row)
			return row;
	}
	return NULL;
}

static enum found from_environment(struct finding *f, struct err *err)
{
	const struct credentials_told told = { .key_id = env_get(VAR_AWS_ACCESS_KEY_ID),
					       .secret = env_get(VAR_AWS_SECRET_ACCESS_KEY),
					       .token = env_get(VAR_AWS_SESSION_TOKEN) };
	enum variable there = told.key_id ? VAR_AWS_ACCESS_KEY_ID : VAR_AWS_SECRET_ACCESS_KEY;
	enum variable missing = told.key_id ? VAR_AWS_SECRET_ACCESS_KEY : VAR_AWS_ACCESS_KEY_ID;

	if (!told.key_id && !told.secret) {
		err_set(err, ERR_CANNOT, "%s is not set", env_name(VAR_AWS_ACCESS_KEY_ID));
		return NOTHING;
	}
	if (!told.key_id || !told.secret) {
		err_set(err, ERR_CANNOT, "%s is set and %s is not: set both, or neither",
			env_name(there), env_name(missing));
		return WRONG;
	}
	f->out->source = "environment";
	if (credentials_take(f->out, &told, f->arena, err) == 0)
		return FOUND;
	err_in(err, "environment");
	return WRONG;
}

static enum found from_cli(struct finding *f, struct err *err)
{
	const char *const argv[] = { "aws",       "configure", "export-credentials",
				     "--profile", f->profile,  "--format",
				     "process",   NULL };
	char path[4096];

	if (proc_find(argv[0], path, sizeof path) < 0) {
		err_set(err, ERR_CANNOT, "the aws CLI is not in PATH");
		return NOTHING;
	}
	f->out->source =
	    arena_printf(f->arena, "aws configure export-credentials (profile %s)", f->profile);
	return credentials_from_program(f->out, argv, PROGRAM_MS, true, f->asked->beside, f->arena,
					err) < 0
		   ? NOTHING
		   : FOUND;
}

static bool has_keys(const struct finding *f, const struct profile_file *file)
{
	return profile_find(file, f->profile, "aws_access_key_id") ||
	       profile_find(file, f->profile, "aws_secret_access_key");
}

static enum found from_keys(struct finding *f, const struct profile_file *file, struct err *err)
{
	const struct profile_row *id = profile_find(file, f->profile, "aws_access_key_id");
	const struct profile_row *secret = profile_find(file, f->profile, "aws_secret_access_key");
	const struct profile_row *token = profile_find(file, f->profile, "aws_session_token");

	if (!id || !secret) {
		err_set(err, ERR_CANNOT, "%s:%d: %s without %s", file->path,
			id ? id->line : secret->line, id ? id->key : secret->key,
			id ? "aws_secret_access_key" : "aws_access_key_id");
		return NOTHING;
	}
	const struct credentials_told told = { .key_id = id->value,
					       .secret = secret->value,
					       .token = token ? token->value : NULL };
	f->out->source = arena_printf(f->arena, "profile %s of %s", f->profile, file->path);
	if (credentials_take(f->out, &told, f->arena, err) == 0)
		return FOUND;
	err_in(err, "%s:%d", file->path, id->line);
	return NOTHING;
}

static enum found from_process(struct finding *f, const struct profile_file *file,
			       const struct profile_row *process, struct err *err)
{
	const char *argv[PROFILE_WORDS + 1];

	f->out->source = arena_printf(f->arena, "credential_process of profile %s", f->profile);
	if (profile_words(process->value, argv) < 0)
		err_set(err, ERR_CANNOT, "no command of 1 to %d words with quotes that end",
			PROFILE_WORDS);
	else if (credentials_from_program(f->out, argv, PROGRAM_MS, false, f->asked->beside,
					  f->arena, err) == 0)
		return FOUND;
	err_in(err, "%s:%d: credential_process", file->path, process->line);
	return NOTHING;
}

/* What only AWS's own program does; it comes before keys that are there too, as there. */
static const struct profile_row *for_cli(const struct finding *f, const struct profile_file **file)
{
	static const char *const keys[] = { "role_arn", "web_identity_token_file", "sso_account_id",
					    "login_session" };
	const struct profile_row *row = NULL;

	for (size_t i = 0; i < COUNT(keys) && !row; i++)
		row = setting(f, keys[i], file);
	return row;
}

static enum found from_profile(struct finding *f, struct err *err)
{
	const struct profile_file *config = &f->files[PROFILE_CONFIG];
	const struct profile_file *credentials = &f->files[PROFILE_CREDENTIALS], *file;
	const struct profile_row *row;

	f->has_other_way = true;
	if (read_files(f, err) < 0)
		return NOTHING;
	if ((row = for_cli(f, &file))) {
		err_set(err, ERR_CANNOT, "%s:%d: %s is for the aws CLI alone", file->path,
			row->line, row->key);
		return NOTHING;
	}
	if (has_keys(f, credentials))
		return from_keys(f, credentials, err);
	if ((row = setting(f, "credential_process", &file)))
		return from_process(f, file, row, err);
	if (has_keys(f, config))
		return from_keys(f, config, err);
	f->has_other_way = false;
	if (profile_has(config, f->profile) || profile_has(credentials, f->profile)) {
		err_set(err, ERR_CANNOT, "it has neither keys nor credential_process");
		return NOTHING;
	}
	f->has_other_way = env_get(VAR_AWS_PROFILE);
	err_set(err, ERR_CANNOT, "it is not in %s or %s",
		config->path ? config->path : "~/.aws/config",
		credentials->path ? credentials->path : "~/.aws/credentials");
	return NOTHING;
}

/* Once, when it is first needed. */
static int open_imds(struct finding *f, struct err *err)
{
	if (!f->was_imds_asked)
		f->imds_status = imds_open(&f->imds, f->asked->beside, &f->imds_err);
	f->was_imds_asked = true;
	if (f->imds_status < 0)
		*err = f->imds_err;
	return f->imds_status;
}

static enum found from_imds(struct finding *f, struct err *err)
{
	struct buf json = { 0 };
	enum found found = NOTHING;

	if (f->has_other_way) {
		err_set(err, ERR_CANNOT, "not asked: the profile is to say who asks");
		return NOTHING;
	}
	f->out->source = "IMDSv2";
	if (open_imds(f, err) == 0 && imds_session(&f->imds, &json, err) == 0 &&
	    credentials_from_instance(f->out, &json, f->arena, err) == 0)
		found = FOUND;
	if (json.data)
		explicit_bzero(json.data, json.cap);
	buf_close(&json);
	return found;
}

static const struct way {
	const char *name;
	bool is_of_profile;
	enum found (*call)(struct finding *f, struct err *err);
} ways[] = {
	{ "environment", false, from_environment },
	{ "aws configure export-credentials, profile", true, from_cli },
	{ "profile", true, from_profile },
	{ "IMDSv2", false, from_imds },
};

static int find_session(struct finding *f, struct err *err)
{
	struct buf why = { 0 };
	enum found found = NOTHING;

	for (size_t i = 0; i < COUNT(ways) && found == NOTHING; i++) {
		found = ways[i].call(f, err);
		if (found == NOTHING)
			buf_printf(&why, "%s%s%s%s (%.*s)", i ? ", " : "", ways[i].name,
				   ways[i].is_of_profile ? " " : "",
				   ways[i].is_of_profile ? f->profile : "", REASON_LEN, err->text);
	}
	if (found == NOTHING)
		err_set(err, ERR_CANNOT,
			"no credentials for AWS: log in (aws sso login, aws configure), name a "
			"profile in %s, or set %s and %s. What was asked: %s",
			env_name(VAR_AWS_PROFILE), env_name(VAR_AWS_ACCESS_KEY_ID),
			env_name(VAR_AWS_SECRET_ACCESS_KEY), why.data);
	buf_close(&why);
	return found == FOUND ? 0 : -1;
}

static int take_region(struct finding *f, const char *from, const char *region, struct err *err)
{
	if (credentials_region(f->out, region, f->arena) == 0)
		return 0;
	return err_set(err, ERR_CANNOT,
		       "%s: not the name of a region: a-z, 0-9 and \"-\", as in eu-central-1",
		       from);
}

static int region_of_instance(struct finding *f, struct err *err)
{
	struct buf region = { 0 };
	int status = -1;

	if (open_imds(f, err) < 0 || imds_region(&f->imds, &region, err) < 0)
		err_set(err, ERR_CANNOT,
			"no region for AWS: give --region, or set %s, or region in profile %s",
			env_name(VAR_AWS_REGION), f->profile);
	else
		status = take_region(f, "IMDSv2", region.data ? region.data : "", err);
	buf_close(&region);
	return status;
}

static int find_region(struct finding *f, struct err *err)
{
	static const enum variable variables[] = { VAR_AWS_REGION, VAR_AWS_DEFAULT_REGION };
	const struct profile_file *file;
	const struct profile_row *row;

	if (f->asked->region)
		return take_region(f, "--region", f->asked->region, err);
	for (size_t i = 0; i < COUNT(variables); i++)
		if (env_get(variables[i]))
			return take_region(f, env_name(variables[i]), env_get(variables[i]), err);
	if (read_files(f, err) < 0)
		return -1;
	row = setting(f, "region", &file);
	if (!row)
		return region_of_instance(f, err);
	return take_region(f, arena_printf(f->arena, "%s:%d", file->path, row->line), row->value,
			   err);
}

int credentials_find(struct credentials *out, const struct credentials_asked *asked,
		     struct arena *arena, struct err *err)
{
	const char *profile = env_get(VAR_AWS_PROFILE);
	struct finding f = {
		.asked = asked, .arena = arena, .out = out, .profile = profile ? profile : "default"
	};
	int status;

	*out = (struct credentials){ 0 };
	if (!is_name(f.profile))
		return err_set(err, ERR_CANNOT, "%s: not the name of a profile",
			       env_name(VAR_AWS_PROFILE));
	status = find_session(&f, err);
	if (status == 0)
		status = find_region(&f, err);
	for (size_t i = 0; i < FILES; i++)
		profile_close(&f.files[i]);
	imds_close(&f.imds);
	if (status < 0)
		credentials_close(out);
	return status;
}
