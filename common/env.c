/* One row a variable. An empty value counts as none, as the conventions for most of them say. */
#include "env.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static const struct {
	const char *name, *text;
} rows[VARIABLES] = {
	[VAR_NONE] = { "", "" },
	[VAR_LAB_BACKEND] = { "LAB_BACKEND", "default of --backend" },
	[VAR_LAB_OUT] = { "LAB_OUT", "default of --out" },
	[VAR_LAB_ENGINE] = { "LAB_ENGINE", "default of --engine" },
	[VAR_LAB_REQUIRE] = { "LAB_REQUIRE", "default of --require" },
	[VAR_LAB_JOBS] = { "LAB_JOBS", "default of --jobs" },
	[VAR_LAB_TIMEOUT] = { "LAB_TIMEOUT", "default of --timeout" },
	[VAR_LAB_COLOR] = { "LAB_COLOR", "default of --color" },
	[VAR_LAB_AGENT] = { "LAB_AGENT", "the lab-agent to run; else the one beside lab, else "
					 "../libexec/lab/lab-agent seen from lab" },
	[VAR_LAB_TERRAFORM] = { "LAB_TERRAFORM", "the terraform that lab runs: a path, or a name "
						 "such as tofu" },
	[VAR_TF_VAR_INSTANCE_TYPE] = { "TF_VAR_instance_type",
				       "of the hosts of `lab up`, as any TF_VAR_NAME a variable "
				       "of infra/terraform" },
	[VAR_TF_VAR_ARCHITECTURE] = { "TF_VAR_architecture", "of those: x86_64 or arm64" },
	[VAR_XDG_STATE_HOME] = { "XDG_STATE_HOME",
				 "runs are kept in its folder lab/runs, host keys of machines that "
				 "Terraform made in lab/known-hosts; when it is not set, both in "
				 "~/.local/state/lab" },
	[VAR_XDG_DATA_HOME] = { "XDG_DATA_HOME",
				"scenarios of your own are in its folder lab/scenarios; when it "
				"is not set, in ~/.local/share/lab/scenarios" },
	[VAR_HOME] = { "HOME", "where ~ is, in the two lines above and in paths that are shown" },
	[VAR_PATH] = { "PATH", "where programs that are run are looked up, such as nft" },
	[VAR_NO_COLOR] = { "NO_COLOR", "no colours, also of lab-agent server" },
	[VAR_CLICOLOR] = { "CLICOLOR", "0: no colours" },
	[VAR_CLICOLOR_FORCE] = { "CLICOLOR_FORCE", "not 0: colours into pipes and files too" },
	[VAR_SSH_AUTH_SOCK] = { "SSH_AUTH_SOCK", "where ssh-agent answers, for -b ssh" },
	[VAR_SSH_CONNECTION] = { "SSH_CONNECTION", "set by sshd: the connection that faults on the "
						   "agent's machine spare" },
	[VAR_TERM] = { "TERM", "dumb: no colours" },
	[VAR_CI] = { "CI", "output is that of a pipe, one line a step, on a terminal too" },
	[VAR_SUDO_UID] = { "SUDO_UID", "set by sudo: whom the run directory is given to; who plays "
				       "the steps, on a machine that is reached over SSH" },
	[VAR_SUDO_GID] = { "SUDO_GID", "the same for its group" },
	[VAR_AWS_ACCESS_KEY_ID] = { "AWS_ACCESS_KEY_ID",
				    "with AWS_SECRET_ACCESS_KEY the session for AWS; when neither "
				    "is set, it comes from the aws CLI, from AWS's shared files, "
				    "or from the EC2 instance that this is" },
	[VAR_AWS_SECRET_ACCESS_KEY] = { "AWS_SECRET_ACCESS_KEY", "its secret" },
	[VAR_AWS_SESSION_TOKEN] = { "AWS_SESSION_TOKEN", "its token, where it has one" },
	[VAR_AWS_PROFILE] = { "AWS_PROFILE", "the profile of AWS's shared files; else default" },
	[VAR_AWS_REGION] = { "AWS_REGION", "the region of AWS; else the next, else the profile's, "
					   "else the instance's" },
	[VAR_AWS_DEFAULT_REGION] = { "AWS_DEFAULT_REGION", "the same, for when that is not set" },
	[VAR_AWS_CONFIG_FILE] = { "AWS_CONFIG_FILE", "in the place of ~/.aws/config" },
	[VAR_AWS_SHARED_CREDENTIALS_FILE] = { "AWS_SHARED_CREDENTIALS_FILE",
					      "in the place of ~/.aws/credentials" },
	[VAR_AWS_EC2_METADATA_DISABLED] = { "AWS_EC2_METADATA_DISABLED",
					    "true: this is no EC2 instance, or is not asked" },
	[VAR_AWS_EC2_METADATA_SERVICE_ENDPOINT] = { "AWS_EC2_METADATA_SERVICE_ENDPOINT",
						    "where an EC2 instance asks about itself, in "
						    "the place of http://169.254.169.254" },
	[VAR_AWS_ENDPOINT_URL] = { "AWS_ENDPOINT_URL",
				   "where each service of AWS is, in the place of AWS's own" },
	[VAR_AWS_ENDPOINT_URL_EC2] = { "AWS_ENDPOINT_URL_EC2", "the same for EC2 alone" },
	[VAR_AWS_ENDPOINT_URL_STS] = { "AWS_ENDPOINT_URL_STS", "the same for STS" },
	[VAR_AWS_ENDPOINT_URL_IAM] = { "AWS_ENDPOINT_URL_IAM", "the same for IAM" },
	[VAR_AWS_ENDPOINT_URL_ROUTE_53] = { "AWS_ENDPOINT_URL_ROUTE_53", "the same for Route 53" },
	[VAR_AWS_ENDPOINT_URL_S3] = { "AWS_ENDPOINT_URL_S3", "the same for S3" },
};

const char *env_name(enum variable variable)
{
	return rows[variable].name;
}

const char *env_text(enum variable variable)
{
	return rows[variable].text;
}

const char *env_get(enum variable variable)
{
	const char *value = variable == VAR_NONE ? NULL : getenv(rows[variable].name);

	return value && *value ? value : NULL;
}

char **env_all(void)
{
	return environ;
}

void env_drop_secrets(void)
{
	static const char *const secrets[] = {
		"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",
		"AWS_ACCESS_KEY",
		"AWS_SECRET_KEY",
		"AWS_SECURITY_TOKEN",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN",
		"AWS_BEARER_TOKEN_BEDROCK",
	};

	for (size_t i = 0; i < COUNT(secrets); i++) {
		char *value = getenv(secrets[i]);
		if (!value)
			continue;
		explicit_bzero(value, strlen(value));
		unsetenv(secrets[i]);
	}
}
