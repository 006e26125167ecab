/* One row a variable. An empty value counts as none, as the conventions for most of them say. */
#include "env.h"

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
