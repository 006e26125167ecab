/* lab help, lab version: the tables as text, and the topics that belong to no command. */
#include "cli.h"
#include "json.h"

struct topic {
	const char *name, *text;
};

static const struct topic topics[] = {
	{ "exit-codes", "  0    all as expected (analyze: nothing wrong)\n"
			"  1    an expectation failed (analyze: a failure was found)\n"
			"  2    usage or scenario error, nothing was run\n"
			"  3    ran but undecided: evidence is missing, and which\n"
			"  4    cannot be done here, nothing was run: why, and the remedy\n"
			"  5    broke while running (agent, host, disk)\n"
			"  6    something may be left behind: prints the command that finishes\n"
			"  130  interrupted (143: terminated), cleaned up\n"
			"Of several runs the gravest counts: 6, 5, 1, 3.\n" },
	{ "environment",
	  "  LAB_BACKEND LAB_OUT LAB_REQUIRE LAB_JOBS LAB_TIMEOUT LAB_COLOR\n"
	  "                   as the options\n"
	  "  LAB_AGENT        the lab-agent to run (default: beside lab, then installed)\n"
	  "  XDG_STATE_HOME   runs are kept in $XDG_STATE_HOME/lab/runs, else in\n"
	  "                   ~/.local/state/lab/runs\n"
	  "  XDG_DATA_HOME    scenarios of your own in $XDG_DATA_HOME/lab/scenarios\n"
	  "  NO_COLOR CLICOLOR CLICOLOR_FORCE   colours\n" },
	{ "evidence",
	  "Three witnesses must agree before a verdict is proven:\n"
	  "  application  what connect() gave: errno, and after how long\n"
	  "  kernel       socket tables with owners, counters, rulesets, read on each host\n"
	  "  wire         captures at each host\n"
	  "proven: every witness that the verdict needs was heard. likely: one is missing,\n"
	  "and is named. undecided: what is known fits more than one cause.\n" },
	{ "scenario-file",
	  "A scenario is one INI file, played in the file's order:\n"
	  "  lab new NAME          a commented skeleton to begin with\n"
	  "  lab show --schema     the sections and their keys\n"
	  "  lab steps             the verbs of [control], [fault] and [recovery]\n"
	  "  lab check FILE        errors as file:line:col: error: ...\n"
	  "  lab run FILE          FILE holds a slash or ends in .ini\n"
	  "All of it: lab-scenario(5).\n" },
};

int cmd_help(const struct cli *cli, struct err *err)
{
	if (cli->narg == 0) {
		cli_help(cli->result);
		return 0;
	}
	const char *name = cli->arg[0];
	const struct command *command = command_find(name);
	if (command) {
		cli_help_command(cli->result, command);
		return 0;
	}
	for (size_t i = 0; i < COUNT(topics); i++)
		if (streq(topics[i].name, name)) {
			fprintf(cli->result, "%s", topics[i].text);
			return 0;
		}
	return err_set(err, ERR_USAGE, "no help on %s (lab help)", name);
}

int cmd_version(const struct cli *cli, struct err *err)
{
	(void)err;
	if (!cli->is_json) {
		fprintf(cli->result, "lab %s\n", LAB_VERSION);
		return 0;
	}
	struct buf out = { 0 };
	struct json json = json_to(&out);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.version/1");
	json_text(&json, "version", LAB_VERSION);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
	return 0;
}
