/* Scenario and backend to addresses, interfaces, routes, captures. Pure: the same scenario gives
 * the same plan on any machine. */
#include "plan.h"

#include "parse.h"
#include "plan_parts.h"
#include "scenario_places.h"

enum {
	VETH_MTU = 1500,
	LO_MTU = 65536,
	FRAME_EXTRA = 22,  /* Ethernet header and two VLAN tags: whole packets stay whole */
	LO_RING = 8 << 20, /* frames of 64 KiB: a burst of a hundred still fits */
	/* tcpdump has a slot of the snaplen for each packet, on lo twice for each. */
	DUMP_RING = 8 << 20,
	DUMP_LO_RING = 16 << 20,
};

struct maker {
	struct plan *out;
	const struct scenario *scenario;
	struct places places;
	struct arena *arena;
	bool is_loopback;
	struct plan_host *host;
	size_t *router; /* by link */
};

static void make_links(struct maker *m)
{
	const struct scenario *s = m->scenario;
	struct plan_link *link = arena_array(m->arena, s->nlink + 1, sizeof(*link));

	for (size_t i = 0; i < s->nlink; i++)
		link[i] = (struct plan_link){
			.name = s->link[i].name,
			.subnet = m->places.subnet[i],
			.mtu = m->is_loopback   ? LO_MTU
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

static void make_ports(struct maker *m, size_t host)
{
	const struct place *place = &m->places.at[m->places.first[host]];
	size_t count = m->places.first[host + 1] - m->places.first[host];
	struct plan_port *port = arena_array(m->arena, count + 1, sizeof(*port));

	for (size_t i = 0; i < count; i++)
		port[i] = (struct plan_port){
			.link = place[i].link,
			.address = place[i].address,
			.prefix = place[i].prefix,
			.iface = m->is_loopback ? "lo" : arena_printf(m->arena, "eth%zu", i),
			.mac = m->is_loopback ? "" : mac_of(m->arena, place[i].address),
		};
	m->host[host].port = port;
	m->host[host].nport = count;
}

/* By link: the only host that forwards, SIZE_MAX: none or several. */
static void find_routers(struct maker *m)
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
static const char *find_gateway(const struct maker *m, size_t host)
{
	for (size_t i = 0; i < m->host[host].nport; i++) {
		size_t link = m->host[host].port[i].link;
		if (m->router[link] != SIZE_MAX)
			return places_address(&m->places, m->router[link], link);
	}
	return NULL;
}

static int make_gateway(struct maker *m, size_t host, struct err *err)
{
	const struct scenario *s = m->scenario;
	const struct scenario_host *h = &s->host[host];

	if (m->is_loopback)
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
static const char *make_hosts_file(struct maker *m)
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
static const char *make_served_names(struct maker *m)
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
static void make_resolver(struct maker *m, size_t host)
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

static int make_hosts(struct maker *m, struct err *err)
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
		plan_sysctls(&m->host[i], &s->host[i], m->arena);
	}
	for (size_t i = 0; i < s->nhost; i++)
		make_resolver(m, i);
	return 0;
}

static int64_t usual_buffer(const struct maker *m, const char *engine)
{
	if (streq(engine, "tcpdump"))
		return m->is_loopback ? DUMP_LO_RING : DUMP_RING;
	return m->is_loopback ? LO_RING : 0;
}

static void add_captures(struct maker *m, struct plan_capture *capture,
			 const struct scenario_capture *asked)
{
	for (size_t i = 0; i < m->host[asked->host].nport; i++) {
		const struct plan_port *port = &m->host[asked->host].port[i];
		const char *filter = asked->filter ? asked->filter : "";
		int64_t whole = m->out->link[port->link].mtu + FRAME_EXTRA;
		if (m->is_loopback) /* all hosts are seen on one lo, and other programs too */
			filter = *filter ? arena_printf(m->arena, "host %s and (%s)", port->address,
							filter)
					 : arena_printf(m->arena, "host %s", port->address);
		capture[m->out->ncapture++] = (struct plan_capture){
			.host = asked->host,
			.port = i,
			.snaplen = asked->snaplen ? asked->snaplen : whole,
			.buffer = asked->buffer ? asked->buffer : usual_buffer(m, asked->engine),
			.filter = filter,
			.engine = asked->engine,
		};
	}
}

static void make_captures(struct maker *m)
{
	const struct scenario *s = m->scenario;
	struct plan_capture *capture = arena_array(m->arena, m->places.count + 1, sizeof(*capture));

	m->out->capture = capture;
	for (size_t i = 0; i < s->ncapture; i++)
		add_captures(m, capture, &s->capture[i]);
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

const char *plan_hindrance(const struct scenario *scenario, const char *backend,
			   struct arena *arena)
{
	for (size_t i = 0; i < scenario->nnot_on; i++)
		if (streq(scenario->not_on[i].name, backend))
			return scenario->not_on[i].value;
	if (!streq(backend, "loopback"))
		return NULL;
	for (size_t i = 0; i < scenario->nlink; i++) {
		const struct scenario_link *link = &scenario->link[i];
		const char *word = link->mtu             ? "mtu"
				   : link->rate_bps      ? "rate"
				   : link->loss_permille ? "loss"
							 : NULL;
		if (word)
			return arena_printf(arena,
					    "%s= of link %s: hosts share one lo there, which has "
					    "no cable",
					    word, link->name);
	}
	return NULL;
}

int plan_make(struct plan *out, const struct scenario *scenario, const char *backend,
	      struct arena *arena, struct err *err)
{
	struct maker m = { .out = out,
			   .scenario = scenario,
			   .arena = arena,
			   .is_loopback = streq(backend, "loopback") };

	*out = (struct plan){ .scenario = scenario, .backend = backend };
	const char *hindrance = plan_hindrance(scenario, backend, arena);
	if (hindrance)
		return err_set(err, ERR_CANNOT, "%s does not run on %s: %s", scenario->name,
			       backend, hindrance);
	places_choose(&m.places, scenario, backend, arena, NULL);
	make_links(&m);
	if (make_hosts(&m, err) < 0)
		return -1;
	make_captures(&m);
	out->ports = ports_text(scenario, arena);
	return 0;
}
