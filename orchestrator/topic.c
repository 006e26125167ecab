/* The topics of the help: paragraphs, and terms with what they mean. */
#include "topic.h"

#include "env.h"
#include "safe.h"
#include "wrap.h"

static const struct topic_row exit_codes[] = {
	{ "0", "all as expected; analyze, probe: nothing wrong" },
	{ "1", "an expectation failed; analyze, probe: a failure was found" },
	{ "2", "usage or scenario error; nothing was run" },
	{ "3", "ran, but undecided: evidence is missing, and which" },
	{ "4", "cannot be done here, nothing was run: why, and the remedy" },
	{ "5", "broke while running (agent, host, disk)" },
	{ "6", "something may be left behind: prints the command that finishes" },
	{ "130", "interrupted (Ctrl-C); cleaned up, evidence kept" },
	{ "143", "terminated; cleaned up, evidence kept" },
	{ NULL, "Of several runs the gravest counts: 6, 5, 1, 3. Never 0 where nothing was "
		"asserted. Of a run over SSH: 2 a machine has no address, 4 its key or user is "
		"not accepted, 5 nobody answers. lab exec and lab ssh end as their program does, "
		"and 125 where lab fails." },
	{ 0 },
};

static const struct topic_row environment[] = {
	{ NULL, "An option is stronger than its variable. A variable that is set to nothing counts "
		"as not set." },
	{ 0 },
};

static const struct topic_row scenario_file[] = {
	{ NULL, "A scenario is one INI file, played in the file's order: [control] shows that it "
		"works, [fault] breaks it, [recovery] heals it, and [expect] says what the "
		"diagnosis must find. A step is NAME = HOST VERB WORD... -> RESULT." },
	{ "lab new NAME", "writes a commented skeleton to begin with" },
	{ "lab show --schema", "the sections and their keys" },
	{ "lab steps", "the verbs of [control], [fault] and [recovery]" },
	{ "lab check FILE", "errors as file:line:col: error: ..." },
	{ "lab plan FILE", "what it would do, with hosts and addresses" },
	{ "lab run FILE", "plays it; FILE holds a slash or ends in .ini" },
	{ NULL, "A name without slash and .ini is looked up in ./scenarios, in yours (lab help "
		"environment), beside lab and in the installed ones; the first counts. The "
		"format as a whole: lab-scenario(5)." },
	{ 0 },
};

static const struct topic_row evidence[] = {
	{ NULL, "A verdict rests on three witnesses; each proves what the others cannot:" },
	{ "application", "the call, its errno or TIMEOUT, and after how long: that it failed, and "
			 "how; not why" },
	{ "kernel",
	  "socket tables with their owners, counters, rulesets and routes as read back on "
	  "each host: who listened, who reset, what a rule dropped" },
	{ "wire", "captures on every host: what was sent and answered, and at which host a packet "
		  "was last seen" },
	{ NULL, "How sure a verdict is:" },
	{ "proven", "every witness that its rule names was heard, and the look-alikes are ruled "
		    "out" },
	{ "likely", "it fits, but something that would rule out a look-alike was not to be seen; "
		    "that is named, with what would fetch it" },
	{ "undecided", "what is known fits more than one cause; exit status 3" },
	{ NULL, "Facts are yes, no or unseen; no is said only where it would have been seen. What "
		"makes facts unseen, and so a verdict less sure:" },
	{ "no capture, or one with drops", "it proves no absence: that nothing answered, that "
					   "nobody sent a reset" },
	{ "a capture alone", "a port without listener, a service bound elsewhere and a firewall "
			     "send the same RST: lab analyze names the witness it lacks" },
	{ "no snapshot", "no socket table, no counter, no ruleset of that host" },
	{ "the machine's own lo", "captures, counters and rulesets may be out of reach or not the "
				  "run's alone; likely is asked for there" },
	{ "a machine that others use", "they move its counters, too; likely is asked for there, "
				       "proven is what the rules say that the packet met" },
	{ "an interrupted run", "read as far as it goes, exit status 3" },
	{ "an altered raw file", "named, and no evidence any more, exit status 3" },
	{ NULL, "lab run --require proven and --require wire end with 3 where the evidence is "
		"less." },
	{ 0 },
};

const struct topic topics[] = {
	{ "exit-codes", "what the exit status says", exit_codes, false },
	{ "environment", "the variables that lab reads", environment, true },
	{ "scenario-file", "how to write a scenario, and where it is looked up", scenario_file,
	  false },
	{ "evidence", "what proves what, and what makes a verdict undecided", evidence, false },
	{ .name = NULL },
};

const struct topic *topic_find(const char *name)
{
	for (const struct topic *t = topics; t->name; t++)
		if (streq(t->name, name))
			return t;
	return NULL;
}

/* Texts begin behind the longest term; a term beyond a third of the line has its text below. */
static size_t column_of(const struct topic *topic)
{
	enum {
		THIRD = 24
	};
	size_t longest = 0;

	for (const struct topic_row *row = topic->rows; row->text; row++)
		if (row->term && strlen(row->term) > longest)
			longest = strlen(row->term);
	for (enum variable v = VAR_NONE; topic->has_variables && v < VARIABLES; v++)
		if (strlen(env_name(v)) > longest)
			longest = strlen(env_name(v));
	return longest > THIRD ? THIRD : longest + 4;
}

void topic_text(FILE *out, const struct topic *topic)
{
	size_t at = column_of(topic);

	for (const struct topic_row *row = topic->rows; row->text; row++) {
		if (row->term)
			wrap_entry(out, row->term, at, row->text);
		else
			wrap_text(out, 0, 0, row->text);
	}
	for (enum variable v = VAR_NONE + 1; topic->has_variables && v < VARIABLES; v++)
		wrap_entry(out, env_name(v), at, env_text(v));
}

void topic_list(FILE *out)
{
	for (const struct topic *t = topics; t->name; t++)
		wrap_entry(out, t->name, 18, t->line);
}
