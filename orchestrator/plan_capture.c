/* Who captures what: each host's links, and of what is not the run's own only what concerns it. */
#include "plan_parts.h"
#include "probe.h"

enum {
	FRAME_EXTRA = 22,  /* Ethernet header and two VLAN tags: whole packets stay whole */
	LO_RING = 8 << 20, /* frames of 64 KiB: a burst of a hundred still fits */
	/* tcpdump has a slot of the snaplen for each packet, on lo twice for each. */
	DUMP_RING = 8 << 20,
	DUMP_LO_RING = 16 << 20,
	MACHINE_SNAPLEN = 128, /* of somebody's machine: headers, and little of what is said */
};

static int64_t usual_buffer(const struct plan_maker *m, const char *engine)
{
	if (streq(engine, "tcpdump"))
		return m->is_loopback ? DUMP_LO_RING : DUMP_RING;
	return m->is_loopback ? LO_RING : 0;
}

static bool has_port(const char *ports, const char *port)
{
	size_t len = strlen(port);

	for (const char *at = ports; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
		if (strcspn(at, ",") == len && memcmp(at, port, len) == 0)
			return true;
	return false;
}

/* What the run's hosts say to each other, and what routers say about it; never the connection by
 * which the agent is led. */
static const char *filter_machine(const struct plan_maker *m, size_t host)
{
	const char *own = m->host[host].port[0].address;
	struct buf out = { 0 };

	buf_printf(&out, "(icmp and dst host %s and (icmp[0] == 3 or icmp[0] == 11))", own);
	for (size_t i = 0; i < m->out->nhost; i++)
		if (i != host)
			buf_printf(&out, " or (host %s and host %s%s)", own,
				   m->host[i].port[0].address,
				   has_port(m->out->ports, "22") ? "" : " and not tcp port 22");
	const char *text = arena_dup(m->arena, out.data);
	buf_close(&out);
	return text;
}

/* All hosts are seen on one lo, and other programs too; on a machine all that it does is. */
static const char *filter_own(const struct plan_maker *m, size_t host, const struct plan_port *port,
			      const char *asked)
{
	const char *own = "";

	if (m->scenario->probe)
		own = probe_filter(m->scenario->probe, host, m->arena);
	else if (m->is_machine)
		own = filter_machine(m, host);
	else if (m->is_loopback)
		own = arena_printf(m->arena, "host %s", port->address);
	if (!*own || !asked)
		return asked ? asked : own;
	return arena_printf(m->arena, m->is_machine ? "(%s) and (%s)" : "%s and (%s)", own, asked);
}

static void add_captures(struct plan_maker *m, struct plan_capture *capture,
			 const struct scenario_capture *asked)
{
	for (size_t i = 0; i < m->host[asked->host].nport; i++) {
		const struct plan_port *port = &m->host[asked->host].port[i];
		int64_t whole =
		    m->is_machine ? MACHINE_SNAPLEN : m->out->link[port->link].mtu + FRAME_EXTRA;
		capture[m->out->ncapture++] = (struct plan_capture){
			.host = asked->host,
			.port = i,
			.snaplen = asked->snaplen ? asked->snaplen : whole,
			.buffer = asked->buffer ? asked->buffer : usual_buffer(m, asked->engine),
			.filter = filter_own(m, asked->host, port, asked->filter),
			.engine = asked->engine,
		};
	}
}

void plan_captures(struct plan_maker *m)
{
	const struct scenario *s = m->scenario;
	struct plan_capture *capture = arena_array(m->arena, m->places.count + 1, sizeof(*capture));

	m->out->capture = capture;
	for (size_t i = 0; i < s->ncapture; i++)
		add_captures(m, capture, &s->capture[i]);
}
