/* What stands between this machine and a sandbox in AWS, in the order in which `lab up` would meet
 * it. Every call reads. */
#include <jansson.h>
#include <stdlib.h>

#include "agents_static.h"
#include "clock.h"
#include "credentials.h"
#include "doctor.h"
#include "ec2.h"
#include "labs.h"
#include "proc.h"
#include "sandbox_terraform.h"
#include "terraform_child.h"

enum {
	VERSION_MS = 20000,
	MAJOR = 1, /* infra/terraform/versions.tf */
	MINOR = 7
};

struct patient {
	const struct cli *cli;
	struct arena *arena;
	struct credentials credentials;
	struct aws aws;
	bool has_session;
};

typedef void look(struct patient *patient, struct doctor_finding *out);

static bool is_new_enough(const char *version)
{
	char *end;
	long major = strtol(version, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, NULL, 10) : -1;

	return major > MAJOR || (major == MAJOR && minor >= MINOR);
}

static const char *version_of(const char *path, struct arena *arena)
{
	/* By env(1), which becomes it: it needs no keys, and is to ask nobody for news. */
	const char *const argv[] = { "env",
				     "-u",
				     "AWS_ACCESS_KEY_ID",
				     "-u",
				     "AWS_SECRET_ACCESS_KEY",
				     "-u",
				     "AWS_SESSION_TOKEN",
				     "CHECKPOINT_DISABLE=1",
				     path,
				     "version",
				     "-json",
				     NULL };
	struct proc_result result = { 0 };
	const char *version = NULL;
	struct err ignored;

	if (proc_run(argv, NULL, VERSION_MS, &result, &ignored) == 0 && result.out.len > 0) {
		json_t *root = json_loadb(result.out.data, result.out.len, 0, NULL);
		const char *said = json_string_value(json_object_get(root, "terraform_version"));
		version = said ? arena_ndup(arena, said, strcspn(said, " \n")) : NULL;
		json_decref(root);
	}
	proc_result_close(&result);
	return version;
}

static void look_terraform(struct patient *p, struct doctor_finding *out)
{
	static const char mend[] = "install Terraform 1.7 or later, or LAB_TERRAFORM=tofu";
	const char *path;
	struct err err;

	if (terraform_find(&path, p->arena, &err) < 0) {
		doctor_say(out, DOCTOR_FAILS, mend, "%s", err.text);
		return;
	}
	const char *version = version_of(path, p->arena);
	if (!version)
		doctor_say(out, DOCTOR_FAILS, mend, "%s does not say its version", path);
	else if (!is_new_enough(version))
		doctor_say(out, DOCTOR_FAILS, mend, "%s is %s, too old", path, version);
	else
		doctor_say(out, DOCTOR_FINE, NULL, "%s, %s", path, version);
}

static void look_module(struct patient *p, struct doctor_finding *out)
{
	struct err err;
	const char *path = sandbox_module_path(p->arena, &err);

	if (path)
		doctor_say(out, DOCTOR_FINE, NULL, "%s", path);
	else
		doctor_say(out, DOCTOR_FAILS, "make install", "%s", err.text);
}

static void look_keygen(struct patient *p, struct doctor_finding *out)
{
	char path[4096];

	(void)p;
	if (proc_find("ssh-keygen", path, sizeof path) == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "%s", path);
	else
		doctor_say(out, DOCTOR_FAILS, "apt-get install -y openssh-client",
			   "no ssh-keygen: a sandbox has a key of its own");
}

/* Not of lab up, but of every run there: said before a sandbox costs anything. */
static void look_agents(struct patient *p, struct doctor_finding *out)
{
	struct agents_static agents;
	struct err err;

	if (agents_static_read(&agents, p->arena, &err) < 0)
		doctor_say(out, DOCTOR_FAILS, "make agents", "%s", err.text);
	else
		doctor_say(out, DOCTOR_FINE, NULL, "%s%s%s", agents.agent[0].machine,
			   agents.count > 1 ? ", " : "",
			   agents.count > 1 ? agents.agent[1].machine : "");
}

/* A login asks for the region too, and is of the aws CLI's second version. Without any the text
 * says what else there is. */
static const char *session_mend(const char *why)
{
	char path[4096];

	if (strstr(why, "no region for AWS"))
		return "export AWS_REGION=eu-central-1";
	if (proc_find("aws", path, sizeof path) < 0)
		return NULL;
	return strstr(why, CREDENTIALS_OLD_CLI) ? "aws configure" : "aws configure sso";
}

static void look_session(struct patient *p, struct doctor_finding *out)
{
	const struct credentials_asked asked = { .region = p->cli->region };
	struct err err;

	p->has_session = credentials_find(&p->credentials, &asked, p->arena, &err) == 0;
	if (!p->has_session) {
		doctor_say(out, DOCTOR_FAILS, session_mend(err.text), "%s", err.text);
		return;
	}
	credentials_to_aws(&p->credentials, &p->aws);
	doctor_say(out, DOCTOR_FINE, NULL, "%s, %s%s%s", p->credentials.source,
		   p->credentials.region, p->credentials.expires ? ", until " : "",
		   p->credentials.expires ? p->credentials.expires : "");
}

static void look_account(struct patient *p, struct doctor_finding *out)
{
	const char *account, *arn;
	struct err err;

	if (ec2_identity(&p->aws, p->arena, &account, &arn, &err) == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "%s, %s", account, arn);
	else
		doctor_say(out, DOCTOR_FAILS, "aws sts get-caller-identity", "%s", err.text);
}

/* A permission mends what was refused, and nothing else. */
static const char *if_refused(const struct err *err, const char *mend)
{
	return strstr(err->text, "UnauthorizedOperation") || strstr(err->text, "AccessDenied")
		   ? mend
		   : NULL;
}

/* What lab down and lab cleanup ask: EC2 and IAM; of these the labs that are there. */
static void look_labs(struct patient *p, struct doctor_finding *out)
{
	struct lab_there *lab;
	struct err err;
	size_t count;

	if (labs_in_aws(&p->aws, p->arena, &lab, &count, &err) < 0)
		doctor_say(out, DOCTOR_FAILS,
			   if_refused(&err, "allow ec2:Describe*, iam:Get*, iam:List*"), "%s",
			   err.text);
	else if (count == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "none in %s", p->aws.region);
	else
		doctor_say(out, DOCTOR_FINE, NULL, "%zu in %s by their tags, %s the first", count,
			   p->aws.region, lab[0].name);
}

static void look_zones(struct patient *p, struct doctor_finding *out)
{
	const struct xml *answer;
	struct aws_refusal refusal;
	struct err err;

	if (aws_get(&p->aws, AWS_ROUTE53, "2013-04-01/hostedzone", "ListHostedZonesResponse",
		    p->arena, &answer, &refusal, &err) == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "zones can be read");
	else
		doctor_say(out, DOCTOR_FAILS, if_refused(&err, "allow route53:List*, route53:Get*"),
			   "%s", err.text);
}

static void look_sandbox(struct patient *p, struct doctor_finding *out)
{
	struct sandbox sandbox;
	struct err err;

	if (sandbox_find(&sandbox, p->arena, &err) < 0) {
		doctor_say(out, DOCTOR_FAILS, "lab cleanup -b aws --older-than 4h --dry-run", "%s",
			   err.text);
		return;
	}
	if (!sandbox.is_there) {
		doctor_say(out, DOCTOR_FINE, NULL, "none: lab up makes one");
		return;
	}
	int64_t left = sandbox_seconds(sandbox.expires_at) - clock_real_ns() / 1000000000;
	if (left < 0)
		doctor_say(out, DOCTOR_WEAKER, "lab down", "%s: its hosts ended by themselves",
			   sandbox.name);
	else if (!sandbox.is_up)
		doctor_say(out, DOCTOR_WEAKER, "lab up", "%s is not whole", sandbox.name);
	else
		doctor_say(out, DOCTOR_FINE, NULL, "%s in %s, for %s more", sandbox.name,
			   sandbox.region, sandbox_span(left, p->arena));
}

static const struct {
	const char *name;
	look *call;
	bool needs_session;
} checks[] = {
	{ "terraform", look_terraform, false },
	{ "files", look_module, false },
	{ "ssh-keygen", look_keygen, false },
	{ "agents", look_agents, false },
	{ "session", look_session, false },
	{ "account", look_account, true },
	{ "labs", look_labs, true },
	{ "route53", look_zones, true },
	{ "sandbox", look_sandbox, false },
};

int doctor_aws(const struct cli *cli, struct err *err)
{
	struct patient patient = { .cli = cli, .arena = cli->arena };
	struct doctor doctor;

	(void)err;
	doctor_begin(&doctor, cli);
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct doctor_finding finding = { 0 };
		if (checks[i].needs_session && !patient.has_session)
			continue;
		checks[i].call(&patient, &finding);
		doctor_tell(&doctor, NULL, checks[i].name, &finding);
	}
	credentials_close(&patient.credentials);
	return doctor_end(&doctor);
}
