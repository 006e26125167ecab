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
	VARIABLES
};

const char *env_name(enum variable variable);
const char *env_text(enum variable variable); /* what it does, for people */
/* Its value; NULL when it is not set or empty. */
const char *env_get(enum variable variable);

#endif
