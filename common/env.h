/* The environment variables that lab and lab-agent read: all of them, and read nowhere else. The
 * help and lab(1) are printed from the table; a test looks for reads beside it. */
#ifndef ENV_H
#define ENV_H

#include <stdbool.h>

enum variable {
	VAR_NONE, /* no variable: never set */
	VAR_LAB_BACKEND,
	VAR_LAB_OUT,
	VAR_LAB_ENGINE,
	VAR_LAB_REQUIRE,
	VAR_LAB_JOBS,
	VAR_LAB_TIMEOUT,
	VAR_LAB_COLOR,
	VAR_LAB_AGENT,
	VAR_LAB_TERRAFORM,
	VAR_TF_VAR_INSTANCE_TYPE,
	VAR_TF_VAR_ARCHITECTURE,
	VAR_XDG_STATE_HOME,
	VAR_XDG_DATA_HOME,
	VAR_HOME,
	VAR_PATH,
	VAR_NO_COLOR,
	VAR_CLICOLOR,
	VAR_CLICOLOR_FORCE,
	VAR_SSH_AUTH_SOCK,
	VAR_SSH_CONNECTION,
	VAR_TERM,
	VAR_CI,
	VAR_SUDO_UID,
	VAR_SUDO_GID,
	VAR_AWS_ACCESS_KEY_ID,
	VAR_AWS_SECRET_ACCESS_KEY,
	VAR_AWS_SESSION_TOKEN,
	VAR_AWS_PROFILE,
	VAR_AWS_REGION,
	VAR_AWS_DEFAULT_REGION,
	VAR_AWS_CONFIG_FILE,
	VAR_AWS_SHARED_CREDENTIALS_FILE,
	VAR_AWS_EC2_METADATA_DISABLED,
	VAR_AWS_EC2_METADATA_SERVICE_ENDPOINT,
	VAR_AWS_ENDPOINT_URL,
	VAR_AWS_ENDPOINT_URL_EC2,
	VAR_AWS_ENDPOINT_URL_STS,
	VAR_AWS_ENDPOINT_URL_IAM,
	VAR_AWS_ENDPOINT_URL_ROUTE_53,
	VAR_AWS_ENDPOINT_URL_S3,
	VARIABLES
};

const char *env_name(enum variable variable);
const char *env_text(enum variable variable); /* what it does, for people */
/* Its value; NULL when it is not set or empty. */
const char *env_get(enum variable variable);
/* For a process that nobody asks anything of AWS from: its secrets are wiped, also as /proc shows
 * them, and no program that it starts gets them. */
void env_drop_secrets(void);
/* All that this process was given, "NAME=value", NULL behind the last: for children. */
char **env_all(void);

#endif
