/* Scenario and backend to addresses, interfaces, routes, captures. Pure: the same scenario gives
 * the same plan on any machine. */
#include "plan.h"

#include "host.h"
#include "parse.h"
#include "plan_parts.h"
#include "probe.h"

enum {
	VETH_MTU = 1500,
	LO_MTU = 65536,
};

static void make_links(struct plan_maker *m)
{
	const struct scenario *s = m->scenario;
	struct plan_link *link = arena_array(m->arena, s->nlink + 1, sizeof(*link));

	for (size_t i = 0; i < s->nlink; i++)
		link[i] = (struct plan_link){
			.name = s->link[i].name,
			.subnet = m->places.subnet[i],
			.mtu = m->is_machine    ? 0
			       : m->is_loopback ? LO_MTU
			       : s->link[i].mtu ? s->link[i].mtu
						: VETH_MTU,
			.is_private = m->is_loopback,
			.rate_bps = s->link[i].rate_bps,
			.loss_permille = s->link[i].loss_permille,
		};
	m->out->link = link;
	m->out->nlink = s->nlink;
}

/* 02:00 and the four bytes of the address: readable in a capture. */
static const char *mac_of(struct arena *arena, const char *address)
{
	struct addr addr;

	if (addr_parse(&addr, address, 0) < 0)
		return "";
	return arena_printf(arena, "02:00:%02x:%02x:%02x:%02x", addr.ip[0], addr.ip[1], addr.ip[2],
			    addr.ip[3]);
}

/* On a machine the agent looks for the interface that has the address. */
static const char *name_iface(const struct plan_maker *m, size_t number)
{
	if (m->scenario->probe && m->scenario->probe->is_self)
		return "lo";
	if (m->is_machine)
		return "";
	return m->is_loopback ? "lo" : arena_printf(m->arena, "eth%zu", number);
}

static void make_ports(struct plan_maker *m, size_t host)
{
	const struct place *place = &m->places.at[m->places.first[host]];
	size_t count = m->places.first[host + 1] - m->places.first[host];
	struct plan_port *port = arena_array(m->arena, count + 1, sizeof(*port));

	for (size_t i = 0; i < count; i++)
		port[i] = (struct plan_port){
			.link = place[i].link,
			.address = place[i].address,
			.prefix = place[i].prefix,
			.iface = name_iface(m, i),
			.mac = m->is_loopback || m->is_machine ? ""
							       : mac_of(m->arena, place[i].address),
		};
	m->host[host].port = port;
	m->host[host].nport = count;
}

/* By link: the only host that forwards, SIZE_MAX: none or several. */
static void find_routers(struct plan_maker *m)
{
	const struct scenario *s = m->scenario;

	m->router = arena_array(m->arena, s->nlink + 1, sizeof(*m->router));
	for (size_t link = 0; link < s->nlink; link++) {
		size_t count = 0;
		for (size_t i = 0; i < s->link[link].nhost; i++) {
			if (!s->host[s->link[link].host[i]].does_forward)
				continue;
			m->router[link] = s->link[link].host[i];
			count++;
		}
		if (count != 1)
			m->router[link] = SIZE_MAX;
	}
}

/* The only forwarding host of the first of the host's links that has just one. */
static const char *find_gateway(const struct plan_maker *m, size_t host)
{
	for (size_t i = 0; i < m->host[host].nport; i++) {
		size_t link = m->host[host].port[i].link;
		if (m->router[link] != SIZE_MAX)
			return places_address(&m->places, m->router[link], link);
	}
	return NULL;
}

static int make_gateway(struct plan_maker *m, size_t host, struct err *err)
{
	const struct scenario *s = m->scenario;
	const struct scenario_host *h = &s->host[host];

	if (m->is_loopback || m->is_machine)
		return 0;
	if (!h->via) {
		if (!h->does_forward)
			m->host[host].gateway = find_gateway(m, host);
		return 0;
	}
	size_t router = scenario_host_find(s, h->via);
	for (size_t i = 0; i < m->host[host].nport; i++) {
		size_t link = m->host[host].port[i].link;
		m->host[host].gateway = places_address(&m->places, router, link);
		if (m->host[host].gateway)
			return 0;
	}
	return err_set(err, ERR_USAGE, "%s:%d:1: error: %s: via=%s shares no link with it", s->path,
		       h->line, h->name, h->via);
}

/* One /etc/hosts for all: names as written, and HOST.LINK for each place. */
static const char *make_hosts_file(struct plan_maker *m)
{
	const struct scenario *s = m->scenario;
	struct buf out = { 0 };

	buf_str(&out, "127.0.0.1 localhost\n");
	for (size_t i = 0; i < s->nname; i++)
		buf_printf(&out, "%s %s\n", places_address(&m->places, s->dns[i].host, SIZE_MAX),
			   s->dns[i].name);
	for (size_t i = 0; i < m->places.count; i++)
		buf_printf(&out, "%s %s.%s\n", m->places.at[i].address,
			   s->host[m->places.at[i].host].name, s->link[m->places.at[i].link].name);
	const char *text = arena_dup(m->arena, out.data);
	buf_close(&out);
	return text;
}

/* The same names for a DNS server, with how long they may be kept. */
static const char *make_served_names(struct plan_maker *m)
{
	const struct scenario *s = m->scenario;
	struct buf out = { 0 };

	for (size_t i = 0; i < s->nname; i++)
		buf_printf(&out, "%s %s %d\n", s->dns[i].name,
			   places_address(&m->places, s->dns[i].host, SIZE_MAX), s->dns[i].ttl);
	for (size_t i = 0; i < m->places.count; i++)
		buf_printf(&out, "%s.%s %s %d\n", s->host[m->places.at[i].host].name,
			   s->link[m->places.at[i].link].name, m->places.at[i].address,
			   SCENARIO_TTL);
	const char *text = arena_dup(m->arena, out.data);
	buf_close(&out);
	return text;
}

/* A host with a resolver knows itself; all else it asks for. */
static void make_resolver(struct plan_maker *m, size_t host)
{
	const struct scenario_host *h = &m->scenario->host[host];

	if (!h->resolver)
		return;
	size_t server = scenario_host_find(m->scenario, h->resolver);
	if (!m->host[server].names)
		m->host[server].names = make_served_names(m);
	m->host[host].hosts_file =
	    arena_printf(m->arena, "127.0.0.1 localhost\n%s %s\n",
			 places_address(&m->places, host, SIZE_MAX), h->name);
	m->host[host].resolv_conf =
	    arena_printf(m->arena, "nameserver %s\noptions timeout:1 attempts:2\n",
			 places_address(&m->places, server, SIZE_MAX));
}

static int make_hosts(struct plan_maker *m, struct err *err)
{
	const struct scenario *s = m->scenario;
	const char *hosts_file = make_hosts_file(m);

	m->host = arena_array(m->arena, s->nhost + 1, sizeof(*m->host));
	m->out->host = m->host;
	m->out->hosts_file = hosts_file;
	m->out->nhost = s->nhost;
	find_routers(m);
	for (size_t i = 0; i < s->nhost; i++) {
		m->host[i] = (struct plan_host){
			.name = s->host[i].name,
			.does_forward = s->host[i].does_forward,
			.hosts_file = hosts_file,
		};
		make_ports(m, i);
		if (make_gateway(m, i, err) < 0)
			return -1;
		if (!m->is_machine)
			plan_sysctls(&m->host[i], &s->host[i], m->arena);
	}
	for (size_t i = 0; i < s->nhost; i++)
		make_resolver(m, i);
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static const char *ports_text(const struct scenario *s, struct arena *arena)
{
	struct buf out = { 0 };
	int64_t *port = NULL;
	size_t count = 0, cap = 0;

	for (size_t i = 0; i < s->nstep; i++)
		for (const struct param *p = s->step[i].kind->params; p && p->name; p++) {
			const char *value = step_arg(&s->step[i], p->name);
			if (!value || (p->kind != PARAM_PORT && p->kind != PARAM_ENDPOINT))
				continue;
			if (p->kind == PARAM_ENDPOINT)
				value = strrchr(value, ':') + 1;
			port = arena_grow(arena, port, count, &cap, sizeof(*port));
			if (parse_int(value, 1, 65535, &port[count]) == 0)
				count++;
		}
	if (count)
		qsort(port, count, sizeof(*port), compare_ports);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || port[i] != port[i - 1])
			buf_printf(&out, "%s%lld", out.len ? "," : "", (long long)port[i]);
	const char *text = arena_dup(arena, out.data ? out.data : "");
	buf_close(&out);
	return text;
}

/* What a link is to be where there is no cable of ours. */
static const char *link_word(const struct scenario_link *link)
{
	return link->mtu ? "mtu=" : link->rate_bps ? "rate=" : link->loss_permille ? "loss=" : NULL;
}

/* What a host is to be where it is somebody's machine. */
static const char *host_word(const struct scenario_host *host)
{
	return host->does_forward ? "forward"
	       : host->via        ? "via="
	       : host->resolver   ? "resolver="
	       : host->nsysctl    ? "sysctl."
				  : NULL;
}

static const char *machine_hindrance(const struct scenario *scenario, struct arena *arena)
{
	if (scenario->nlink > 1)
		return arena_printf(arena,
				    "it has %zu links: machines have the network that "
				    "they have",
				    scenario->nlink);
	for (size_t i = 0; i < scenario->nhost; i++)
		if (host_word(&scenario->host[i]))
			return arena_printf(arena, "%s of host %s: a machine stays as it is",
					    host_word(&scenario->host[i]), scenario->host[i].name);
	return NULL;
}

const char *plan_hindrance(const struct scenario *scenario, const char *backend,
			   struct arena *arena)
{
	bool is_machine = backend_has_machines(backend);

	for (size_t i = 0; i < scenario->nnot_on; i++)
		if (streq(scenario->not_on[i].name, backend))
			return scenario->not_on[i].value;
	for (size_t i = 0; i < scenario->nstep && !streq(backend, "aws"); i++)
		if (streq(scenario->step[i].kind->name, "cloud"))
			return arena_printf(arena,
					    "step %s is a fault of the cloud, which needs -b aws",
					    scenario->step[i].name);
	if (!is_machine && !streq(backend, "loopback"))
		return NULL;
	for (size_t i = 0; i < scenario->nlink; i++)
		if (link_word(&scenario->link[i]))
			return arena_printf(arena, "%s of link %s: %s",
					    link_word(&scenario->link[i]), scenario->link[i].name,
					    is_machine ? "the network there is not lab's"
						       : "hosts share one lo there, which has "
							 "no cable");
	return is_machine ? machine_hindrance(scenario, arena) : NULL;
}

int plan_make(struct plan *out, const struct scenario *scenario, const char *backend,
	      struct arena *arena, struct err *err)
{
	struct plan_maker m = { .out = out,
				.scenario = scenario,
				.arena = arena,
				.is_loopback = streq(backend, "loopback"),
				.is_machine = backend_has_machines(backend) };

	*out = (struct plan){ .scenario = scenario, .backend = backend };
	const char *hindrance = plan_hindrance(scenario, backend, arena);
	if (hindrance)
		return err_set(err, ERR_CANNOT, "%s does not run on %s: %s", scenario->name,
			       backend, hindrance);
	if (m.is_machine && !scenario->host[0].machine)
		return err_set(err, ERR_USAGE,
			       "%s: which machines play its hosts? --bind HOST=ALIAS for each, or "
			       "--inventory FILE",
			       scenario->name);
	places_choose(&m.places, scenario, backend, arena, NULL);
	make_links(&m);
	if (make_hosts(&m, err) < 0)
		return -1;
	out->ports = ports_text(scenario, arena);
	plan_captures(&m);
	return 0;
}
