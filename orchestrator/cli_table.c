/* The two tables: commands and options. Parser, help and documents are made of them. */
#include "cli_option.h"

#define SHOWS (OPT_JSON | OPT_ALWAYS)
#define READS_SCENARIO (OPT_SET | OPT_BACKEND)
#define ON_MACHINES (READS_SCENARIO | OPT_MACHINES | OPT_BIND)

const struct command commands[] = {
	{ "run", "NAME|FILE...", "play scenarios and explain what happened", cmd_run,
	  SHOWS | ON_MACHINES | OPT_OUT | OPT_QUIET | OPT_VERBOSE | OPT_JOBS | OPT_TIMEOUT |
	      OPT_REQUIRE | OPT_REPEAT | OPT_PAUSE | OPT_TAG | OPT_ENGINE,
	  0, -1,
	  "NAME is looked up in ./scenarios, the user's and the installed ones; all: every\n"
	  "one. A scenario that cannot run here is skipped under all and --tag; when it is\n"
	  "named, that is exit status 4.",
	  WORD_SCENARIO | WORD_ALL | WORD_INI },
	{ "list", "", "the scenarios that exist, and what runs here", cmd_list, SHOWS | OPT_BACKEND,
	  0, 0, NULL, 0 },
	{ "show", "[NAME|FILE]", "a scenario's story, topology and what it proves", cmd_show,
	  SHOWS | READS_SCENARIO | OPT_RESOLVED | OPT_SCHEMA, 0, 1, NULL,
	  WORD_SCENARIO | WORD_INI },
	{ "plan", "NAME|FILE", "the numbered steps and addresses; touches nothing", cmd_plan,
	  SHOWS | ON_MACHINES | OPT_ENGINE, 1, 1, NULL, WORD_SCENARIO | WORD_INI },
	{ "check", "FILE...", "scenario errors as file:line:col: error: ...", cmd_check,
	  SHOWS | READS_SCENARIO, 1, -1, NULL, WORD_SCENARIO | WORD_INI },
	{ "new", "NAME", "write a commented skeleton scenario", cmd_new,
	  OPT_ALWAYS | OPT_FROM | OPT_BRIEF, 1, 1, NULL, WORD_ANY },
	{ "steps", "[VERB]", "the verbs of a step, their parameters and results", cmd_steps,
	  SHOWS | OPT_MARKDOWN | OPT_BRIEF, 0, 1, NULL, WORD_VERB },
	{ "analyze", "RUN|PCAP...", "a verdict for every connection of a run or capture",
	  cmd_analyze, SHOWS | OPT_VERBOSE | OPT_QUIET, 1, -1,
	  "A run directory, or a pcap or pcapng file. A capture alone never proves the\n"
	  "cause of a refusal: what is missing is named. Exit 1: a failure was found.",
	  WORD_RUN | WORD_DIR | WORD_CAPTURE },
	{ "probe", "[CLIENT] SERVER:PORT", "one real connection, and a verdict", cmd_probe,
	  SHOWS | OPT_BACKEND | OPT_MACHINES | OPT_BIND | OPT_OUT | OPT_QUIET | OPT_VERBOSE |
	      OPT_TIMEOUT | OPT_REQUIRE | OPT_ENGINE,
	  1, 2,
	  "CLIENT is an alias of ~/.ssh/config or a machine of the inventory; without one,\n"
	  "this machine. It resolves SERVER itself and connects once; --timeout: its\n"
	  "patience (default 10s). Where SERVER is such a machine too, or --bind\n"
	  "server=ALIAS says which, an agent looks there as well; else the probe is\n"
	  "one-ended. Nothing is changed. Exit 1: it fails, 3: not known, or --require.",
	  WORD_MACHINE },
	{ "report", "[RUN]", "the report again, from the run directory alone", cmd_report,
	  SHOWS | OPT_QUIET | OPT_VERBOSE | OPT_REQUIRE | OPT_OUT, 0, 1,
	  "RUN is a directory or a part of a run's name; default: the latest.",
	  WORD_RUN | WORD_DIR },
	{ "runs", "[rm RUN...]", "the history of runs", cmd_runs, SHOWS | OPT_OUT, 0, -1, NULL,
	  WORD_RM | WORD_RUN },
	{ "explain", "CODE|ERRNO|TEXT", "the lesson behind a verdict or an error text", cmd_explain,
	  SHOWS, 1, -1, NULL, WORD_LESSON },
	{ "doctor", "[HOST...]", "what works here or on machines, and what mends it", cmd_doctor,
	  SHOWS | OPT_BACKEND | OPT_MACHINES | OPT_REGION, 0, -1,
	  "With -b ssh, or machines: what each HOST offers (default: all of the inventory).\n"
	  "The agent is put there as for a run, and ends at once.",
	  WORD_MACHINE },
	{ "up", "", "make the sandbox in AWS: a server, clients, names", cmd_up,
	  OPT_ALWAYS | OPT_SANDBOX | OPT_REGION | OPT_FROM | OPT_DRY_RUN | OPT_YES | OPT_TIMEOUT, 0,
	  0,
	  "Terraform makes it, in the account of AWS_PROFILE or of the environment's keys;\n"
	  "then lab run NAME -b aws plays there. It is written down before it is made, so\n"
	  "that lab down removes all of it, whatever happened. A second lab up goes on\n"
	  "where the first ended, or changes the number of clients. More variables of\n"
	  "infra/terraform: TF_VAR_NAME in the environment.",
	  0 },
	{ "down", "", "remove the sandbox, and ask AWS whether it is gone", cmd_down,
	  OPT_ALWAYS | OPT_TIMEOUT, 0, 0,
	  "Terraform removes what it finished; then EC2, IAM, Route 53 and S3 are asked for\n"
	  "everything that bears the sandbox's name, which is removed by call. Exit 6:\n"
	  "something is left, and what.",
	  0 },
	{ "exec", "HOST... -- CMD...", "run a program on machines, side by side", cmd_exec,
	  OPT_ALWAYS | OPT_BACKEND | OPT_MACHINES | OPT_BRIEF, 0, -1,
	  "HOST is an alias of ~/.ssh/config or a machine of the inventory; without one,\n"
	  "all of the inventory. CMD is an argument vector, which no shell reads (sh -c\n"
	  "gives you one), with nothing on its standard input. Of several machines each\n"
	  "line has the name in front, and who failed is told at the end. Exit status: that\n"
	  "of CMD, of several the highest; 125 where lab fails, 126 and 127 where CMD\n"
	  "cannot be run or found.",
	  WORD_MACHINE | WORD_PROGRAM },
	{ "ssh", "HOST [-- CMD...]", "a shell on a machine, with your own ssh", cmd_ssh,
	  OPT_ALWAYS | OPT_BACKEND | OPT_MACHINES | OPT_BRIEF, 1, 1,
	  "ssh with what the inventory or ~/.ssh/config says of HOST. Exit status: that of\n"
	  "ssh, which is that of CMD or 255.",
	  WORD_MACHINE | WORD_PROGRAM_MAY },
	{ "status", "[HOST...]", "which machines are there, and whether a lab runs", cmd_status,
	  SHOWS | OPT_BACKEND | OPT_MACHINES | OPT_BIND, 0, -1,
	  "Default: all of the inventory. Nothing is changed there. Exit 5: one cannot be\n"
	  "reached.",
	  WORD_MACHINE },
	{ "cleanup", "HOST...", "undo what dead labs left, prove it is gone", cmd_cleanup,
	  OPT_ALWAYS | OPT_BACKEND | OPT_MACHINES | OPT_DRY_RUN | OPT_OLDER | OPT_REGION, 0, -1,
	  "On each HOST (default: all of the inventory) the agent replays the journals of\n"
	  "agents that died; then processes, tables and journals of lab are looked for.\n"
	  "Exit 6: something is still there, and what.\n"
	  "With -b aws --older-than TIME: the labs of the account and region, whoever made\n"
	  "them, by name and tags; those that were made before TIME are removed.",
	  WORD_MACHINE },
	{ "version", "", "the version", cmd_version, SHOWS | OPT_BRIEF, 0, 0, NULL, 0 },
	{ "completion", "SHELL", "completion for bash, zsh or fish", cmd_completion,
	  OPT_ALWAYS | OPT_BRIEF, 1, 2,
	  "bash: eval \"$(lab completion bash)\" in ~/.bashrc; zsh: the same in ~/.zshrc,\n"
	  "after compinit; fish: lab completion fish | source. make install installs all\n"
	  "three. machines [INVENTORY] prints what they offer as machines.",
	  WORD_SHELL },
	{ "help", "[COMMAND|TOPIC]", "help on a command or a topic", cmd_help,
	  OPT_ALWAYS | OPT_BRIEF, 0, 1, NULL, WORD_COMMAND | WORD_TOPIC },
	{ .name = NULL },
};

const struct option_row option_rows[] = {
	{ "backend", 'b', OPT_BACKEND, VALUE_CHOICE, "auto|netns|loopback|ssh|aws",
	  offsetof(struct cli, backend), "where the hosts live (default auto)", VAR_LAB_BACKEND },
	{ "out", 'o', OPT_OUT, VALUE_TEXT, "DIR", offsetof(struct cli, out),
	  "run directories are in DIR, not in the history", VAR_LAB_OUT },
	{ "engine", 0, OPT_ENGINE, VALUE_CHOICE, "packet|tcpdump", offsetof(struct cli, engine),
	  "who captures, on every host (default: as the scenario says)", VAR_LAB_ENGINE },
	{ "bind", 0, OPT_BIND, VALUE_SET, "HOST=MACHINE", offsetof(struct cli, bind),
	  "a host of the scenario is this alias of ~/.ssh/config (with -b ssh)", VAR_NONE },
	{ "inventory", 0, OPT_MACHINES, VALUE_TEXT, "FILE", offsetof(struct cli, inventory),
	  "the machines of this file (docs/inventory.md)", VAR_NONE },
	{ "terraform", 0, OPT_MACHINES, VALUE_TEXT, "DIR|FILE", offsetof(struct cli, terraform),
	  "the machines of these outputs", VAR_NONE },
	{ "transport", 0, OPT_MACHINES, VALUE_CHOICE, "libssh2|openssh",
	  offsetof(struct cli, transport), "how machines are reached (default: as each needs)",
	  VAR_NONE },
	{ "set", 0, OPT_SET, VALUE_SET, "NAME=VALUE", offsetof(struct cli, set),
	  "give a [params] value of the scenario", VAR_NONE },
	{ "require", 0, OPT_REQUIRE, VALUE_CHOICE, "proven|likely|wire",
	  offsetof(struct cli, require), "exit 3 where the evidence is less than that",
	  VAR_LAB_REQUIRE },
	{ "repeat", 0, OPT_REPEAT, VALUE_COUNT, "N", offsetof(struct cli, repeat),
	  "play N times and compare the trace hashes", VAR_NONE },
	{ "jobs", 'j', OPT_JOBS, VALUE_COUNT, "N", offsetof(struct cli, jobs),
	  "N runs at the same time, in namespaces each", VAR_LAB_JOBS },
	{ "shard", 0, OPT_TAG, VALUE_TEXT, "I/N", offsetof(struct cli, shard),
	  "the I-th of N parts of what is named, for N machines (docs/scale.md)", VAR_NONE },
	{ "tag", 0, OPT_TAG, VALUE_TEXT, "TAG", offsetof(struct cli, tag),
	  "every scenario of this family or level", VAR_NONE },
	{ "pause", 0, OPT_PAUSE, VALUE_CHOICE, "control|fault|recovery",
	  offsetof(struct cli, pause), "hold after that phase until Enter", VAR_NONE },
	{ "timeout", 0, OPT_TIMEOUT, VALUE_DURATION, "TIME", offsetof(struct cli, timeout_ns),
	  "end a run after TIME (default: its time-limit)", VAR_LAB_TIMEOUT },
	{ "from", 0, OPT_FROM, VALUE_TEXT, "NAME", offsetof(struct cli, from),
	  "start from another scenario", VAR_NONE },
	{ "clients", 0, OPT_SANDBOX, VALUE_COUNT, "N", offsetof(struct cli, clients),
	  "how many clients, 1 to 200 (default 3)", VAR_NONE },
	{ "ttl", 0, OPT_SANDBOX, VALUE_DURATION, "TIME", offsetof(struct cli, ttl_ns),
	  "its hosts end by themselves after TIME (default 4h)", VAR_NONE },
	{ "older-than", 0, OPT_OLDER, VALUE_DURATION, "TIME", offsetof(struct cli, older_ns),
	  "remove labs in AWS that were made before TIME (with -b aws)", VAR_NONE },
	{ "region", 0, OPT_REGION, VALUE_TEXT, "REGION", offsetof(struct cli, region),
	  "of AWS (default: AWS_REGION, else the profile's)", VAR_NONE },
	{ "yes", 'y', OPT_YES, VALUE_NONE, NULL, offsetof(struct cli, is_yes), "do not ask",
	  VAR_NONE },
	{ "resolved", 0, OPT_RESOLVED, VALUE_NONE, NULL, offsetof(struct cli, wants_resolved),
	  "the flat file, after extends and --set", VAR_NONE },
	{ "schema", 0, OPT_SCHEMA, VALUE_NONE, NULL, offsetof(struct cli, wants_schema),
	  "the sections and keys of a scenario file", VAR_NONE },
	{ "markdown", 0, OPT_MARKDOWN, VALUE_NONE, NULL, offsetof(struct cli, wants_markdown),
	  "as the table of the documents", VAR_NONE },
	{ "dry-run", 0, OPT_DRY_RUN, VALUE_NONE, NULL, offsetof(struct cli, is_dry_run),
	  "look, and change nothing", VAR_NONE },
	{ "json", 0, OPT_JSON, VALUE_NONE, NULL, offsetof(struct cli, is_json), "the same as data",
	  VAR_NONE },
	{ "quiet", 'q', OPT_QUIET, VALUE_NONE, NULL, offsetof(struct cli, is_quiet),
	  "the verdict line alone", VAR_NONE },
	{ "verbose", 'v', OPT_VERBOSE, VALUE_NONE, NULL, offsetof(struct cli, is_verbose),
	  "the full output of both sides, every packet", VAR_NONE },
	{ "color", 0, OPT_ALWAYS, VALUE_CHOICE, "auto|always|never", offsetof(struct cli, colour),
	  "colours (auto: on a terminal, without NO_COLOR)", VAR_LAB_COLOR },
	{ "ascii", 0, OPT_ALWAYS, VALUE_NONE, NULL, offsetof(struct cli, is_ascii),
	  "plain signs instead of box drawing", VAR_NONE },
	{ "help", 'h', OPT_ALWAYS, VALUE_NONE, NULL, offsetof(struct cli, wants_help),
	  "help on the command", VAR_NONE },
	{ .name = NULL },
};

const struct option_meaning option_meanings[] = {
	{ "backend", "doctor", NULL,
	  "look at what this one needs (ssh: at machines; aws: what lab up needs)", false },
	{ "backend", "cleanup", "auto|ssh|aws", "nothing else leaves anything behind", false },
	{ "backend", "exec", "auto|ssh|aws", "aws: the hosts that lab up made", false },
	{ "backend", "ssh", "auto|ssh|aws", "aws: the hosts that lab up made", false },
	{ "backend", "status", "auto|ssh|aws", "aws: the hosts that lab up made", false },
	{ "backend", "probe", "auto|ssh|aws", "aws: the hosts that lab up made", false },
	{ "bind", "probe", "server=MACHINE", "the machine that is behind SERVER", false },
	{ "bind", "status", NULL, "this MACHINE too, as it is bound for a run", false },
	{ "engine", "probe", NULL, "who captures, at both ends (default packet)", false },
	{ "from", "up", "CIDR", "whence SSH is let in (default: your address, asked of AWS)",
	  false },
	{ "timeout", "up", NULL, "give up after TIME (default 30m)", true },
	{ "timeout", "down", NULL, "give up after TIME (default 30m)", true },
	{ "dry-run", "up", NULL, "the plan and its price; nothing is made", false },
	{ "timeout", "probe", NULL, "how long it waits for an answer (default 10s)", false },
	{ .option = NULL },
};
