/* A call to the cloud acts seconds later. So before and after it another host connects to the
 * port, again and again, until that shows: a change that nobody saw acting is an error. Such a
 * probe is a connection of no step: it is no part of the trace hash, and no verdict is about it. */
#include <string.h>

#include "clock.h"
#include "run_cloud.h"
#include "run_cloud_parts.h"
#include "util.h"

enum {
	ACTS_MS = 60000,
	PAUSE_MS = 300,
	PATIENCE_MS = 1500, /* of one probe: its SYN is sent twice */
	PROBE_MS = 8000     /* until its agent answers */
};

struct cloud_step {
	const struct scenario_step *step;
	enum cloud_kind kind;
	const char *on, *how;
	size_t from;        /* the host that tries */
	const char *target; /* "10.0.1.10:1234" */
};

static int choose_from(struct run *run, struct cloud_step *out, struct err *err)
{
	const char *from = step_arg(out->step, "from");

	out->from = SIZE_MAX;
	if (from)
		out->from = scenario_host_find(&run->scenario, from);
	for (size_t h = run->plan.nhost; h-- > 0 && out->from == SIZE_MAX && !from;)
		if (h != out->step->host)
			out->from = h;
	return out->from != SIZE_MAX && out->from != out->step->host
		   ? 0
		   : err_set(err, ERR_USAGE, "cloud: from=%s is no other host of the scenario",
			     from ? from : "");
}

static int understand(struct run *run, const struct scenario_step *step, struct cloud_step *out,
		      struct err *err)
{
	const struct ec2_instance *host = run->cloud->host[step->host];
	const char *port = step_arg(step, "port");

	*out = (struct cloud_step){ .step = step, .how = step_arg(step, "how") };
	if (cloud_kind_of(step_arg(step, "what"), out->how, &out->kind, err) < 0)
		return -1;
	if (choose_from(run, out, err) < 0)
		return -1;
	out->on = out->kind == CLOUD_GROUP ? host->interface_id
		  : out->kind == CLOUD_ACL ? host->subnet_id
					   : NULL;
	port = port ? port : arena_ndup(run->arena, run->plan.ports, strcspn(run->plan.ports, ","));
	out->target =
	    arena_printf(run->arena, "%s:%s",
			 out->kind == CLOUD_RECORD ? CLOUD_RECORD_LABEL
						   : run->plan.host[step->host].port[0].address,
			 port);
	return 0;
}

/* One connection, or one look-up; *shows: silent, or the record's address. */
static int try_once(struct run *run, const struct cloud_step *cloud, const char **shows,
		    struct err *err)
{
	size_t first = run->session.nevent;
	struct event request;

	event_init(&request, "tcp.connect");
	request.label = arena_printf(run->arena, "cloud.probe%d", ++run->cloud->tries);
	event_text(&request, "to", cloud->target);
	event_int(&request, "timeout", PATIENCE_MS * INT64_C(1000000));
	event_int(&request, "deadline_ns", PROBE_MS * INT64_C(1000000));
	size_t id = session_send(&run->session, cloud->from, &request);
	if (session_wait(&run->session, id, clock_after_ms(PROBE_MS), err) < 0)
		return -1;
	*shows = session_request(&run->session, id)->result;
	if (cloud->kind != CLOUD_RECORD)
		return 0;
	const struct event *resolve = session_find(&run->session, first, "resolve", request.label);
	*shows = resolve ? event_get(resolve, "address") : NULL;
	return 0;
}

static bool is_silent(const char *shows)
{
	return shows && (streq(shows, "TIMEOUT") || streq(shows, "ETIMEDOUT"));
}

static bool is_reached(const char *shows)
{
	return shows && (streq(shows, "ok") || streq(shows, "ECONNREFUSED"));
}

static bool does_act(const struct cloud_step *cloud, const char *shows)
{
	return cloud->kind == CLOUD_RECORD ? shows && streq(shows, cloud->how) : is_silent(shows);
}

static bool does_not_act(const struct cloud_step *cloud, const char *shows)
{
	return cloud->kind == CLOUD_RECORD ? shows && !streq(shows, cloud->how) : is_reached(shows);
}

static int wait_until(struct run *run, const struct cloud_step *cloud,
		      bool (*is_so)(const struct cloud_step *cloud, const char *shows),
		      const char *what, struct err *err)
{
	int64_t until_ns = clock_after_ms(ACTS_MS);
	const char *shows;

	if (until_ns > run->session.deadline_ns)
		until_ns = run->session.deadline_ns;
	for (;;) {
		int64_t next_ns = clock_after_ms(PAUSE_MS);

		if (try_once(run, cloud, &shows, err) < 0)
			return -1;
		if (is_so(cloud, shows))
			return 0;
		if (clock_mono_ns() >= until_ns)
			return err_set(err, ERR_BROKE, "%s: %s from %s still shows %s", what,
				       cloud->target, run->plan.host[cloud->from].name,
				       shows ? shows : "nothing");
		while (clock_mono_ns() < next_ns)
			if (session_turn(&run->session, next_ns, err) < 0)
				return -1;
	}
}

/* Then no probe can tell. */
static const char hidden[] = "as the cloud tells it; another fault hides whether it acts";

static const char *after_text(const struct run *run, int64_t start_ns)
{
	return arena_printf(run->arena, "took effect after %.1f s",
			    (double)(clock_mono_ns() - start_ns) / 1e9);
}

int run_cloud_set(struct run *run, const struct scenario_step *step, const char **text,
		  struct err *err)
{
	struct cloud_step cloud;
	int64_t start_ns;

	if (understand(run, step, &cloud, err) < 0)
		return -1;
	if (run->cloud->faults.count > 0) {
		*text = hidden;
		return cloud_set(&run->cloud->faults, cloud.kind, cloud.on, cloud.how, err);
	}
	if (wait_until(run, &cloud, does_not_act, "before the fault is set", err) < 0)
		return -1;
	start_ns = clock_mono_ns();
	if (cloud_set(&run->cloud->faults, cloud.kind, cloud.on, cloud.how, err) < 0 ||
	    wait_until(run, &cloud, does_act, "the cloud took the call, and it does not act", err) <
		0)
		return -1;
	*text = after_text(run, start_ns);
	return 0;
}

int run_cloud_heal(struct run *run, const struct scenario_step *fault, const char **text,
		   struct err *err)
{
	struct cloud_step cloud;
	int64_t start_ns = clock_mono_ns();

	if (understand(run, fault, &cloud, err) < 0 ||
	    cloud_undo(&run->cloud->faults, cloud.kind, cloud.on, err) < 0)
		return -1;
	*text = hidden;
	if (run->cloud->faults.count > 0)
		return 0;
	if (wait_until(run, &cloud, does_not_act, "the fault is undone, and still acts", err) < 0)
		return -1;
	*text = after_text(run, start_ns);
	return 0;
}
