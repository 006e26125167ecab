/* Backend ssh: every host is a machine that is there already. Its agent comes over one channel
 * (fleet_agents.h), and the same channel then is the host's byte stream. */
#include <errno.h>
#include <stdlib.h>

#include "backend.h"
#include "clock.h"
#include "fleet_clean.h"
#include "mem.h"

enum {
	NOTE_LEN = 1024, /* about: agents may say what they like */
	NAMED = 8,       /* machines of which the same is noted; more of them are counted */
	PROVE_MS = 5000  /* for all machines whose agents were lost */
};

struct machines {
	struct fleet_agents agents;
	size_t *given;     /* by machine: bytes of its reader that read gave out */
	bool *has_hung_up; /* by machine: its end of the stream is closed, so somebody is there */
	struct buf note;
};

static int ssh_usable(struct err *why)
{
	(void)why; /* which machines there are is for --bind and --inventory to say */
	return 0;
}

/* What a machine offers is known when its agent is there; until then nothing is ruled out. */
static unsigned ssh_offers(void)
{
	return NEED_CAPTURE | NEED_FIREWALL | NEED_PORTS | NEED_TCPDUMP | NEED_CHANGES;
}

static struct fleet_machine *machine_of(const struct lab *lab, size_t host)
{
	const struct machines *all = lab->state;

	return &all->agents.fleet.at[host];
}

/* What the session polls for: the stream says it after each call. */
static void tell_session(struct lab *lab, size_t host)
{
	const struct stream *stream = machine_of(lab, host)->stream;
	struct host_stream *to = &lab->host[host];

	to->read_fd = to->write_fd = stream->fd;
	to->events = stream->events;
}

/* By its agent, which has tried; `lacks` says what is missing most, NULL: nothing. */
static unsigned offers_of(const struct fleet_agent *agent, const char **lacks)
{
	unsigned offers = ssh_offers();

	*lacks = NULL;
	if (!event_num(&agent->hello, "can_firewall", 0)) {
		*lacks = event_get(&agent->hello, "firewall_why");
		*lacks = *lacks ? *lacks : "no firewall faults";
		offers &= ~(unsigned)NEED_FIREWALL;
	}
	if (!event_num(&agent->hello, "can_capture", 0)) {
		*lacks = "no root and no sudo -n, so no capture and no faults";
		offers &= ~(unsigned)(NEED_CAPTURE | NEED_TCPDUMP);
	}
	if (!event_num(&agent->hello, "can_change", 0))
		offers &= ~(unsigned)NEED_CHANGES;
	if (!agent->boot.said.has_tcpdump)
		offers &= ~(unsigned)NEED_TCPDUMP;
	return offers;
}

/* "web-1, web-2", those of which the same is said; one machine of many is enough to look at it. */
static size_t name_same(const struct lab *lab, const char *const *said, size_t first,
			struct buf *out)
{
	size_t count = 0;

	for (size_t i = first; i < lab->nhost; i++) {
		if (!said[i] || !streq(said[i], said[first]))
			continue;
		if (count++ < NAMED)
			buf_printf(out, "%s%s", count > 1 ? ", " : "",
				   machine_of(lab, i)->target->name);
	}
	if (count > NAMED)
		buf_printf(out, " and %zu more", count - NAMED);
	return count;
}

static bool is_said_before(const char *const *said, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (said[i] && streq(said[i], said[at]))
			return true;
	return false;
}

/* `said` by machine, NULL: nothing is said of it. */
static void note(struct lab *lab, const char *const *said, const char *of_one, const char *of_many)
{
	struct machines *all = lab->state;

	for (size_t i = 0; i < lab->nhost && all->note.len < NOTE_LEN; i++) {
		if (!said[i] || is_said_before(said, i))
			continue;
		buf_str(&all->note, all->note.len ? "; " : "");
		size_t count = name_same(lab, said, i, &all->note);
		buf_printf(&all->note, "%s: %s", count > 1 ? of_many : of_one, said[i]);
	}
	lab->note = all->note.len ? all->note.data : NULL;
}

/* What every one of them offers; the note names all that lack something. */
static void find_offers(struct lab *lab)
{
	struct machines *all = lab->state;
	const char **said = mem_zeroed(lab->nhost, sizeof *said);

	lab->offers = ssh_offers();
	for (size_t i = 0; i < lab->nhost; i++)
		lab->offers &= offers_of(&all->agents.agent[i], &said[i]);
	note(lab, said, "", "");
	for (size_t i = 0; i < lab->nhost; i++) {
		const struct fleet_machine *m = machine_of(lab, i);
		said[i] = m->target == &m->other ? m->target->why : NULL;
	}
	note(lab, said, " is reached by ssh itself", " are reached by ssh itself");
	free(said);
}

/* The first is there, as far as is known, and another is not: the caller may do without that. */
static bool is_lacking(const struct machines *all)
{
	const struct fleet *fleet = &all->agents.fleet;

	for (size_t i = 1; i < fleet->count; i++)
		if (fleet->at[i].why.kind != ERR_NONE)
			return fleet->at[0].why.kind == ERR_NONE;
	return false;
}

static int ssh_open(struct lab *lab, const struct plan *plan, const struct lab_options *options,
		    struct err *err)
{
	struct machines *all = mem_zeroed(1, sizeof *all);
	struct fleet *fleet = &all->agents.fleet;

	*lab = (struct lab){ .backend = backend_find(plan->backend),
			     .state = all,
			     .nhost = plan->nhost };
	lab->host = mem_resize(NULL, plan->nhost, sizeof *lab->host);
	all->given = mem_zeroed(plan->nhost, sizeof *all->given);
	all->has_hung_up = mem_zeroed(plan->nhost, sizeof *all->has_hung_up);
	for (size_t i = 0; i < plan->nhost; i++)
		lab->host[i] = (struct host_stream){ .read_fd = -1, .write_fd = -1 };
	fleet_agents_init(&all->agents, options->target, plan->nhost);
	fleet->is_strict = true;
	fleet->signal_fd = options->signal_fd;
	for (size_t i = 0; i < plan->nhost; i++)
		fleet->at[i].host = plan->host[i].name;
	int status = fleet_agents_open(&all->agents, err);
	if (status == 0 && options->meanwhile)
		options->meanwhile();
	if (status == 0)
		status = fleet_agents_up(&all->agents, err);
	if (status < 0) {
		lab->is_refused = options->may_lack && is_lacking(all);
		return -1;
	}
	for (size_t i = 0; i < lab->nhost; i++)
		tell_session(lab, i);
	find_offers(lab);
	return 0;
}

/* First what came while the agent was brought up: its hello is the session's too. */
static ssize_t ssh_read(struct lab *lab, size_t host, void *buf, size_t len)
{
	struct machines *all = lab->state;
	struct stream *stream = machine_of(lab, host)->stream;
	const struct buf *early = &all->agents.agent[host].reader.buf;
	size_t left = early->len - all->given[host];
	ssize_t n;

	if (left > 0) {
		n = (ssize_t)(left < len ? left : len);
		memcpy(buf, early->data + all->given[host], (size_t)n);
		all->given[host] += (size_t)n;
	} else {
		n = stream->transport->read(stream, buf, len);
		if (n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE)))
			all->has_hung_up[host] = true;
	}
	int keep = errno;
	tell_session(lab, host);
	errno = keep;
	return n;
}

static bool ssh_is_ready(const struct lab *lab, size_t host)
{
	const struct machines *all = lab->state;

	return all->given[host] < all->agents.agent[host].reader.buf.len ||
	       stream_is_ready(machine_of(lab, host)->stream);
}

static ssize_t ssh_write(struct lab *lab, size_t host, const void *buf, size_t len)
{
	struct stream *stream = machine_of(lab, host)->stream;
	ssize_t n = stream->transport->write(stream, buf, len);
	int keep = errno;

	tell_session(lab, host);
	errno = keep;
	return n;
}

static void ssh_let_go(struct lab *lab)
{
	struct err ignored;

	for (size_t i = 0; lab->state && i < lab->nhost; i++)
		fleet_end(machine_of(lab, i), NULL, &ignored); /* close asks again, and tells */
}

/* An agent that has undone everything ends with 0 at the end of its input; one that was never up
 * was asked for nothing. */
static bool is_left(const struct fleet_machine *m, const struct fleet_agent *agent)
{
	return agent->is_up && (m->why.kind != ERR_NONE ||
				(m->is_ended && (m->status == ERR_LEFTOVER || m->status > 128)));
}

static void name_left(const struct fleet_machine *m, struct err *err)
{
	err_set(err, ERR_LEFTOVER,
		"%s: it is not known that its agent undid everything (%s); it does so by itself "
		"within 12 s; make sure with: lab cleanup -b ssh %s",
		m->target->name,
		m->why.kind != ERR_NONE ? m->why.text : "it ended by a signal, or said so",
		m->target->name);
}

/* One whose link went silent is not asked again: its agent holds on to what it has for 12 s. */
static bool is_proven_clean(const struct machines *all, size_t i, int64_t deadline_ns)
{
	const struct fleet_machine *m = &all->agents.fleet.at[i];

	return (all->has_hung_up[i] || m->is_ended) && fleet_is_clean(m->target, deadline_ns);
}

/* How many are not known to be clean. Whatever went wrong before, each is asked to end; of one that
 * cannot tell any more another agent may. */
static int end_all(struct lab *lab, int deadline_ms, struct err *err)
{
	struct machines *all = lab->state;
	struct fleet *fleet = &all->agents.fleet;
	struct err ignored;
	int left = 0;

	fleet->is_strict = false;
	fleet->signal_fd = -1;
	for (size_t i = 0; i < fleet->count; i++) {
		fleet->at[i].why = (struct err){ 0 };
		fleet->at[i].host = NULL;
	}
	(void)fleet_agents_end(&all->agents, clock_after_ms(deadline_ms), &ignored);
	int64_t until_ns = clock_after_ms(PROVE_MS);
	for (size_t i = 0; i < fleet->count; i++)
		if (is_left(&fleet->at[i], &all->agents.agent[i]) &&
		    !is_proven_clean(all, i, until_ns) && left++ == 0)
			name_left(&fleet->at[i], err);
	return left;
}

static int ssh_close(struct lab *lab, int deadline_ms, struct err *err)
{
	struct machines *all = lab->state;

	if (!all)
		return 0;
	int left = end_all(lab, deadline_ms, err);
	fleet_agents_close(&all->agents);
	free(all->given);
	free(all->has_hung_up);
	buf_close(&all->note);
	free(all);
	free(lab->host);
	*lab = (struct lab){ .backend = lab->backend };
	return left;
}

#define OVER_SSH                                                                                   \
	.usable = ssh_usable, .offers = ssh_offers, .open = ssh_open, .read = ssh_read,            \
	.write = ssh_write, .is_ready = ssh_is_ready, .let_go = ssh_let_go, .close = ssh_close

const struct backend backend_ssh = {
	.name = "ssh",
	.text = "machines that are there, each reached over SSH",
	OVER_SSH,
};

const struct backend backend_aws = {
	.name = "aws",
	.text = "the hosts that `lab up` made in AWS, reached over SSH",
	OVER_SSH,
};
