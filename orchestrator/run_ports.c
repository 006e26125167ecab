/* Ports of servers: on the machine's own lo another than was asked for, below 1024 none at all, for
 * a step has given up the right to it. */
#include "run.h"

#include "parse.h"

enum {
	PORT_PRIVILEGED = 1024, /* below, where nothing else was set */
	PORT_OTHER = 8000
};

#define PORT_START "net.ipv4.ip_unprivileged_port_start"

/* The machine's own lo gives another port than the one asked for. Ports that were never served
 * stay as far from their neighbour as they were written. */
static int map_port(const struct run *run, int port)
{
	for (size_t i = 0; i < run->nport; i++)
		if (run->port[i].asked == port)
			return run->port[i].given;
	return port;
}

static bool moves_ports(const struct run *run)
{
	return !(run->lab.offers & NEED_PORTS);
}

/* The port that a step serves, as it was written; 0: none. */
static int served_port(const struct scenario_step *step)
{
	int64_t port;

	for (const struct param *p = step->kind->params;
	     p && p->name && step->kind->flags & STEP_SERVES; p++) {
		const char *value = p->kind == PARAM_PORT ? step_arg(step, p->name) : NULL;
		if (value && parse_int(value, 1, 65535, &port) == 0)
			return (int)port;
	}
	return 0;
}

const char *run_port_given(const struct run *run, const struct scenario_step *step,
			   const struct param *param, const char *value)
{
	int64_t port;

	if (!moves_ports(run))
		return value;
	if (param->kind == PARAM_PORT && parse_int(value, 1, 65535, &port) == 0) {
		int given = map_port(run, (int)port);
		bool is_first = given == (int)port && step->kind->flags & STEP_SERVES;
		for (size_t i = 0; i < run->nport && is_first; i++)
			is_first = run->port[i].asked != (int)port;
		return arena_printf(run->arena, "%d", is_first ? 0 : given);
	}
	const char *colon = param->kind == PARAM_ENDPOINT ? strrchr(value, ':') : NULL;
	if (colon && parse_int(colon + 1, 1, 65535, &port) == 0)
		return arena_printf(run->arena, "%.*s:%d", (int)(colon - value), value,
				    map_port(run, (int)port));
	return value;
}

void run_port_learn(struct run *run, const struct scenario_step *step)
{
	const struct event *listen = session_find(&run->session, 0, "listen", step->name);
	int asked = served_port(step);

	if (moves_ports(run) && listen && asked && map_port(run, asked) == asked &&
	    run->nport < COUNT(run->port))
		run->port[run->nport++] =
		    (struct port_map){ .asked = asked,
				       .given = (int)event_num(listen, "port", asked) };
}

/* "--set port=8080" where the port came from a parameter. */
static const char *other_port(const struct run *run, int port)
{
	const struct scenario *s = &run->scenario;
	int64_t value;

	for (size_t i = 0; i < s->nparam; i++)
		if (parse_int(s->param[i].value, 1, 65535, &value) == 0 && value == port)
			return arena_printf(run->arena, " (--set %s=%d)", s->param[i].name,
					    PORT_OTHER + port);
	return "";
}

const char *run_port_remedy(const struct run *run, const struct scenario_step *step)
{
	int port = served_port(step);
	const char *host = run->plan.host[step->host].name;

	if (port == 0)
		return NULL;
	const char *where =
	    run->lab.is_private
		? arena_printf(run->arena, "write sysctl." PORT_START "=%d behind %s in [hosts]",
			       port, host)
		: arena_printf(run->arena, "set " PORT_START "=%d on %s's machine", port, host);
	return arena_printf(
	    run->arena,
	    "port %d needs a right that every step gives up: take one from %d on%s, "
	    "or %s",
	    port, PORT_PRIVILEGED, other_port(run, port), where);
}

static bool asks_for(const struct expectation *expect, const char *word)
{
	for (size_t i = 0; i < expect->nword; i++)
		if (streq(expect->word[i], word))
			return true;
	return false;
}

/* From which port on a host's servers need no right. */
static int64_t port_start(const struct plan_host *host)
{
	int64_t start = PORT_PRIVILEGED;

	for (size_t i = 0; i < host->nsysctl; i++)
		if (streq(host->sysctl[i].name, PORT_START))
			parse_int(host->sysctl[i].value, 0, 65536, &start);
	return start;
}

int run_ports_check(const struct run *run, struct err *err)
{
	const struct scenario *s = &run->scenario;

	for (size_t i = 0; i < s->nstep && run->lab.is_private; i++) {
		const struct scenario_step *step = &s->step[i];
		int port = served_port(step);
		if (strstr(step->words, PORT_START))
			return 0; /* a step sets it: what holds from then on is seen there */
		if (port && port < port_start(&run->plan.host[step->host]) &&
		    !asks_for(&step->expect, "EACCES"))
			return err_set(err, ERR_CANNOT, "%s: step %s: %s", s->name, step->name,
				       run_port_remedy(run, step));
	}
	return 0;
}
