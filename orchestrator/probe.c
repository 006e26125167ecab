/* The scenario is what the reader would make of the text that the run directory keeps. */
#include "probe.h"

#include "parse.h"
#include "resolve.h"

enum {
	NAME_LEN = 256,
	WORDS = 8, /* parameters of tcp.connect at most */
};

#define SECOND INT64_C(1000000000)

int probe_split(struct probe *out, const char *target, struct arena *arena, struct err *err)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.:%";
	char name[NAME_LEN];
	uint16_t port;

	if (resolve_split(target, name, sizeof name, &port) < 0)
		return err_set(err, ERR_USAGE,
			       "%s is no SERVER:PORT: a name or an address, and a port from 1 to "
			       "65535, as in web-1:8080 or [2001:db8::1]:443",
			       target);
	if (name[strspn(name, known)] || *name == '-' || (strchr(name, ':') && *target != '['))
		return err_set(err, ERR_USAGE, "%s: %s is neither a name nor an address%s", target,
			       name, strchr(name, ':') ? ": [] stand around an IPv6 address" : "");
	out->target = arena_dup(arena, target);
	out->server = arena_dup(arena, name);
	out->port = arena_printf(arena, "%u", (unsigned)port);
	return 0;
}

/* The step's parameters: ours, else what the verb falls back on. */
static void add_args(struct scenario_step *step, const struct probe *probe, struct arena *arena)
{
	struct name_value *arg = arena_array(arena, WORDS, sizeof(*arg));

	for (const struct param *p = step->kind->params; p->name && step->narg < WORDS; p++) {
		const char *value = streq(p->name, "to") ? probe->target : p->fallback;
		if (streq(p->name, "timeout"))
			value = arena_printf(arena, "%lld", (long long)probe->patience_ns);
		if (value && p->kind == PARAM_DURATION && !streq(p->name, "timeout"))
			continue; /* an interval between messages: there are none */
		if (value)
			arg[step->narg++] = (struct name_value){ .name = p->name, .value = value };
	}
	step->arg = arg;
}

static const struct scenario_step *make_step(const struct probe *probe, struct arena *arena)
{
	struct scenario_step *step = arena_alloc(arena, sizeof(*step));

	*step = (struct scenario_step){
		.number = 1,
		.name = "probe",
		.phase = PHASE_PROBE,
		.words = arena_printf(arena, "client tcp.connect %s timeout=%lldms", probe->target,
				      (long long)(probe->patience_ns / 1000000)),
		.kind = step_kind_find("tcp.connect"),
		.host = PROBE_CLIENT,
		.subject = SIZE_MAX,
	};
	add_args(step, probe, arena);
	return step;
}

static void make_hosts(struct scenario *out, const struct probe *probe, struct arena *arena)
{
	static const char *const name[PROBE_HOSTS] = { "client", "server" };
	struct scenario_host *host = arena_array(arena, PROBE_HOSTS, sizeof(*host));
	struct scenario_capture *capture = arena_array(arena, PROBE_HOSTS, sizeof(*capture));
	struct scenario_link *link = arena_alloc(arena, sizeof(*link));
	size_t *both = arena_array(arena, PROBE_HOSTS, sizeof(*both));

	const char *engine = probe->engine ? probe->engine : "packet";
	for (size_t i = 0; i < probe->nhost; i++) {
		host[i] = (struct scenario_host){ .name = name[i], .machine = probe->address[i] };
		capture[i] = (struct scenario_capture){ .host = i, .engine = engine };
		both[i] = i;
	}
	*link = (struct scenario_link){ .name = "path", .nhost = probe->nhost, .host = both };
	out->nhost = out->ncapture = probe->nhost;
	out->host = host;
	out->capture = capture;
	out->needs = streq(engine, "tcpdump") ? NEED_TCPDUMP : 0;
	out->nlink = 1;
	out->link = link;
}

void probe_scenario(struct scenario *out, const struct probe *probe, struct arena *arena)
{
	const char *client = probe->machine[PROBE_CLIENT]->name;

	*out = (struct scenario){
		.name = "probe",
		.path = "lab probe",
		.title = arena_printf(arena, "%s to %s", client, probe->target),
		.time_limit_ns = probe->patience_ns + 60 * SECOND,
		.nstep = 1,
		.step = make_step(probe, arena),
		.probe = probe,
	};
	make_hosts(out, probe, arena);
	out->source = arena_printf(
	    arena,
	    "# Made by lab probe; no scenario file.\n[lab]\nformat = 1\ntitle = %s\n\n"
	    "[hosts]\nclient =\n%s\n[probe]\nprobe = %s\n",
	    out->title, probe->nhost == PROBE_HOSTS ? "server =\n" : "", out->step->words);
}

/* The agent's own way home is never captured: what it sends would be captured again, and so on.
 * Where it goes by the very port that is probed, only what begins and ends connections is. */
const char *probe_filter(const struct probe *probe, size_t host, struct arena *arena)
{
	const char *own = probe->address[host], *port = probe->port;
	bool is_narrow = probe->is_agents_port && (host == PROBE_SERVER || probe->is_local);
	const char *narrow = is_narrow ? " and tcp[13] & 7 != 0" : "";
	const char *icmp =
	    arena_printf(arena, "(icmp and host %s and (icmp[0] == 3 or icmp[0] == 11))", own);

	if (probe->is_self)
		return arena_printf(arena, "%s or ((host %s or host ::1) and tcp port %s)", icmp,
				    probe->peer, port);
	if (host == PROBE_SERVER)
		return arena_printf(arena, "%s or (host %s and tcp port %s%s)", icmp,
				    probe->address[PROBE_CLIENT], port, narrow);
	const char *far = probe->toward[PROBE_CLIENT];
	const char *errors =
	    far && strchr(far, ':') ? " or (icmp6 and (ip6[40] == 1 or ip6[40] == 3))" : "";
	const char *either =
	    far ? arena_printf(arena, " or (host %s and tcp port %s)%s", far, port, errors) : "";
	return arena_printf(arena,
			    "%s or (((src host %s and tcp dst port %s) or (dst host %s and tcp src "
			    "port %s)%s)%s)",
			    icmp, own, port, own, port, either, narrow);
}
