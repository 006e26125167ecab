/* lab doctor -b ssh: what the shell says of a machine (survey.h), what its agent finds (hello), and
 * by how much its clock differs. A check is a row. */
#include "choose.h"
#include "clock.h"
#include "command.h"
#include "doctor.h"
#include "fleet_agents.h"
#include "fleet_survey.h"
#include "host.h"

enum {
	ASK_MS = 10000,
	END_MS = 12000
};

struct patient { /* a machine, as far as it could be asked */
	const struct cli *cli;
	const struct target *target;
	const struct fleet_survey *seen;
	const struct fleet_machine *machine;
	const struct fleet_agent *agent; /* hello: of its agent, where that is up */
	bool can_capture, can_firewall, can_change;
	char firewall_why[200], version[32];
	int64_t real_ns, asked_ns, heard_ns; /* its wall clock between two readings of ours; 0 */
};

static void look_reach(const struct patient *p, struct doctor_finding *out)
{
	const struct target *target = &p->seen->target;

	if (p->seen->why.kind != ERR_NONE)
		doctor_say(out, DOCTOR_FAILS, NULL, "%s", fleet_why(target, &p->seen->why));
	else
		doctor_say(out, DOCTOR_FINE, NULL, "%s@%s port %d, by %s%s%s", target->user,
			   target->address, target->port, transport_of(target)->name,
			   target->why ? ": " : "", target->why ? target->why : "");
}

static void look_kernel(const struct patient *p, struct doctor_finding *out)
{
	const struct survey *s = &p->seen->survey;

	doctor_say(out, streq(s->os, "Linux") ? DOCTOR_FINE : DOCTOR_FAILS, NULL, "%s %s %s", s->os,
		   s->kernel, s->machine);
}

static void look_agent(const struct patient *p, struct doctor_finding *out)
{
	const struct boot *boot = &p->agent->boot;

	if (!p->agent->is_up)
		doctor_say(out, DOCTOR_FAILS, NULL, "%s", fleet_why(p->target, &p->machine->why));
	else
		doctor_say(out, DOCTOR_FINE, NULL, "lab-agent %s for %s in %s%s%s", p->version,
			   boot->said.machine, boot->said.dir, boot->skipped.len ? "; not in " : "",
			   boot->skipped.len ? boot->skipped.data : "");
}

/* "lab COMMAND HOST", with the file that knows HOST: a line that can be pasted. */
static void line_for(const struct patient *p, const char *command, struct buf *out)
{
	const struct cli *cli = p->cli;

	buf_printf(out, "lab %s ", command);
	command_word(out, p->target->name);
	if (!cli->inventory && !cli->terraform)
		return;
	buf_str(out, cli->inventory ? " --inventory " : " --terraform ");
	command_word(out, cli->inventory ? cli->inventory : cli->terraform);
}

/* Whom sudo asks for a password may give it there, once. */
static void look_sudo(const struct patient *p, struct doctor_finding *out)
{
	const char *script =
	    arena_printf(p->cli->arena, "echo \"%s ALL=(root) NOPASSWD: ALL\" >/etc/sudoers.d/lab",
			 p->seen->target.user);
	struct buf mend = { 0 };

	line_for(p, "ssh", &mend);
	buf_str(&mend, " -- sudo sh -c ");
	command_word(&mend, script);
	doctor_say(out, DOCTOR_WEAKER, mend.data,
		   "neither root nor sudo -n: no captures, no faults, no ports below 1024");
	buf_close(&mend);
}

static void look_root(const struct patient *p, struct doctor_finding *out)
{
	if (p->seen->survey.uid == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "the user is root");
	else if (p->seen->survey.has_sudo)
		doctor_say(out, DOCTOR_FINE, NULL, "sudo -n works");
	else if (p->can_capture)
		doctor_say(out, DOCTOR_FINE, NULL, "not root, and what is needed is allowed");
	else
		look_sudo(p, out);
}

static void look_capture(const struct patient *p, struct doctor_finding *out)
{
	if (p->can_capture)
		doctor_say(out, DOCTOR_FINE, NULL, "packet sockets");
	else
		doctor_say(out, DOCTOR_WEAKER, NULL,
			   "no packet sockets (CAP_NET_RAW): the wire is not seen there");
}

static void look_firewall(const struct patient *p, struct doctor_finding *out)
{
	const struct survey *s = &p->seen->survey;

	if (p->can_firewall)
		doctor_say(out, DOCTOR_FINE, NULL, "%s, tables with an owner", s->nft);
	else if (s->nft[0])
		doctor_say(out, DOCTOR_WEAKER, NULL, "%s: %s", s->nft, p->firewall_why);
	else
		doctor_say(out, DOCTOR_WEAKER, "apt-get install -y nftables",
			   "no nft: firewall scenarios cannot run there");
}

static void look_changes(const struct patient *p, struct doctor_finding *out)
{
	if (p->can_change)
		doctor_say(out, DOCTOR_FINE, NULL, "sysctls, routes and addresses, each undone");
	else
		doctor_say(out, DOCTOR_WEAKER, NULL,
			   "no rights (CAP_NET_ADMIN): no sysctl, route or address can be changed "
			   "there");
}

static void look_tcpdump(const struct patient *p, struct doctor_finding *out)
{
	const struct survey *s = &p->seen->survey;

	if (s->tcpdump[0])
		doctor_say(out, DOCTOR_FINE, NULL, "%s", s->tcpdump);
	else
		doctor_say(out, DOCTOR_WEAKER, "apt-get install -y tcpdump",
			   "no tcpdump: --engine tcpdump cannot be asked for");
}

/* The true moment lies between the two readings; no finer claim than half of what is between. */
static void look_clock(const struct patient *p, struct doctor_finding *out)
{
	int64_t bound = (p->heard_ns - p->asked_ns) / 2;
	int64_t offset = p->real_ns - (p->asked_ns + bound);
	bool is_far = offset > 1000000000 + bound || offset < -1000000000 - bound;

	if (!p->real_ns)
		doctor_say(out, DOCTOR_WEAKER, NULL, "its agent did not tell the time");
	else
		doctor_say(out, is_far ? DOCTOR_WEAKER : DOCTOR_FINE,
			   is_far ? "timedatectl set-ntp true" : NULL,
			   "%+.3f s beside this machine's, +-%.3f s", (double)offset / 1e9,
			   (double)bound / 1e9);
}

static void look_lab(const struct patient *p, struct doctor_finding *out)
{
	const struct survey *s = &p->seen->survey;
	struct buf mend = { 0 };

	line_for(p, "cleanup -b ssh", &mend);
	if (s->nagent)
		doctor_say(out, DOCTOR_WEAKER, NULL, "a lab runs there (lab-agent, pid %s)",
			   s->agents.data);
	else if (s->ntable + s->njournal)
		doctor_say(out, DOCTOR_WEAKER, mend.data, "a lab left %zu tables and %zu journals",
			   s->ntable, s->njournal);
	else
		doctor_say(out, DOCTOR_FINE, NULL, "no lab runs there, none left anything");
	buf_close(&mend);
}

static const struct check {
	const char *name;
	bool needs_agent;
	void (*look)(const struct patient *p, struct doctor_finding *out);
} checks[] = {
	{ "reach", false, look_reach },      { "kernel", false, look_kernel },
	{ "lab", false, look_lab },          { "agent", false, look_agent },
	{ "root", true, look_root },         { "capture", true, look_capture },
	{ "firewall", true, look_firewall }, { "changes", true, look_changes },
	{ "tcpdump", true, look_tcpdump },   { "clock", true, look_clock },
};

/* By the agent's answer to a ping; our clock is read when it comes. */
static void take_clock(void *context, size_t machine, const struct event *event)
{
	struct patient *p = (struct patient *)context + machine;

	if (!event_is(event, "clock"))
		return;
	p->real_ns = event_num(event, "real_ns", 0);
	p->heard_ns = clock_real_ns();
}

static void take_hello(struct patient *p)
{
	const struct event *hello = &p->agent->hello;
	const char *why, *version;

	if (!p->agent->is_up)
		return;
	why = event_get(hello, "firewall_why");
	version = event_get(hello, "version");
	p->can_capture = event_num(hello, "can_capture", 0) != 0;
	p->can_firewall = event_num(hello, "can_firewall", 0) != 0;
	p->can_change = event_num(hello, "can_change", 0) != 0;
	snprintf(p->firewall_why, sizeof p->firewall_why, "%s", why ? why : "");
	snprintf(p->version, sizeof p->version, "%s", version ? version : "?");
}

static int ask_agents(struct fleet_agents *all, struct patient *patient, struct err *err)
{
	struct buf body = { 0 }, frame = { 0 };

	if (fleet_agents_open(all, err) < 0 || fleet_agents_up(all, err) < 0)
		return -1;
	buf_u64(&body, (uint64_t)clock_mono_ns());
	frame_put(&frame, FRAME_PING, body.data, body.len);
	for (size_t i = 0; i < all->fleet.count; i++) {
		take_hello(&patient[i]);
		patient[i].asked_ns = clock_real_ns();
	}
	int status =
	    fleet_agents_ask(all, &frame, take_clock, patient, clock_after_ms(ASK_MS), err);
	if (status == 0)
		status = fleet_agents_end(all, clock_after_ms(END_MS), err);
	buf_close(&body);
	buf_close(&frame);
	return status;
}

static void tell_patient(struct doctor *doctor, const struct patient *p)
{
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct doctor_finding finding = { 0 };

		if (i > 0 && p->seen->why.kind != ERR_NONE)
			return; /* it cannot be reached: nothing more is known */
		if (checks[i].needs_agent && !p->agent->is_up)
			continue;
		checks[i].look(p, &finding);
		doctor_tell(doctor, p->target->name, checks[i].name, &finding);
	}
}

int doctor_machines(const struct cli *cli, struct err *err)
{
	struct doctor doctor;
	struct chosen chosen;
	struct fleet_agents all;

	if (!backend_has_machines(cli->backend) && !streq(cli->backend, "auto"))
		return err_set(err, ERR_USAGE, "-b %s has no machines: -b ssh", cli->backend);
	if (choose(&chosen, cli, err) < 0)
		return -1;
	struct patient *patient = arena_array(cli->arena, chosen.count, sizeof *patient);
	struct fleet_survey *seen = fleet_survey(chosen.target, chosen.count, 0, err);
	if (!seen)
		return -1;
	fleet_agents_init(&all, chosen.target, chosen.count);
	for (size_t i = 0; i < chosen.count; i++)
		patient[i] = (struct patient){ .cli = cli,
					       .target = chosen.target[i],
					       .seen = &seen[i],
					       .machine = &all.fleet.at[i],
					       .agent = &all.agent[i] };
	int status = ask_agents(&all, patient, err);
	if (status == 0) {
		doctor_begin(&doctor, cli);
		for (size_t i = 0; i < chosen.count; i++)
			tell_patient(&doctor, &patient[i]);
		status = doctor_end(&doctor);
	}
	fleet_agents_close(&all);
	fleet_survey_close(seen, chosen.count);
	return status;
}
