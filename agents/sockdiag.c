/* TCP sockets by inet_diag: the kernel filters by local port, the rest is chosen here. */
#include "sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "clock.h"
#include "mem.h"
#include "nldump.h"
#include "util.h"

static const char *const states[] = {
	[1] = "ESTAB",      [2] = "SYN-SENT",  [3] = "SYN-RECV", [4] = "FIN-WAIT-1",
	[5] = "FIN-WAIT-2", [6] = "TIME-WAIT", [7] = "UNCONN",   [8] = "CLOSE-WAIT",
	[9] = "LAST-ACK",   [10] = "LISTEN",   [11] = "CLOSING", [12] = "SYN-RECV",
};
const char *sockdiag_state(unsigned state)
{
	return state < COUNT(states) && states[state] != NULL ? states[state] : "UNKNOWN";
}

struct each {
	sockdiag_row *row;
	void *context;
	uint16_t port;
	size_t count;
};

static void diag_addr(struct addr *out, uint8_t family, const uint32_t ip[4], uint16_t port_be)
{
	*out = (struct addr){ .family = family == AF_INET6 ? 6 : 4, .port = ntohs(port_be) };
	memcpy(out->ip, ip, family == AF_INET6 ? 16 : 4);
}

/* The kernel tells it of listeners without being asked. */
static bool v6_only(const void *at, size_t len)
{
	struct nlattr_view attr;

	while (nldump_attr(&at, &len, &attr))
		if (attr.type == INET_DIAG_SKV6ONLY && attr.len > 0)
			return *(const uint8_t *)attr.data != 0;
	return false;
}

static void each_message(void *context, unsigned type, const void *body, size_t len)
{
	struct each *each = context;
	struct inet_diag_msg diag;
	struct socket_row row;

	if ((type != SOCK_DIAG_BY_FAMILY && type != TCPDIAG_GETSOCK) || len < sizeof diag)
		return;
	memcpy(&diag, body, sizeof diag);
	if (diag.idiag_family != AF_INET && diag.idiag_family != AF_INET6)
		return;
	row = (struct socket_row){
		.state = diag.idiag_state,
		.recv_q = diag.idiag_rqueue,
		.send_q = diag.idiag_wqueue,
		.uid = diag.idiag_uid,
		.inode = diag.idiag_inode,
		.is_v6_only = v6_only((const char *)body + sizeof diag, len - sizeof diag),
	};
	diag_addr(&row.local, diag.idiag_family, diag.id.idiag_src, diag.id.idiag_sport);
	diag_addr(&row.peer, diag.idiag_family, diag.id.idiag_dst, diag.id.idiag_dport);
	each->count++;
	if (each->port == 0 || row.local.port == each->port)
		each->row(each->context, &row);
}

/* The older request asks for both families in one walk of the kernel's hash table. */
static int walk_both(struct nldump *nl, struct each *each, uint32_t wanted, struct err *err)
{
	const struct inet_diag_req request = {
		.idiag_family = AF_INET,
		.idiag_states = wanted,
		.id = { .idiag_sport = htons(each->port) },
	};

	return nldump_run(nl, TCPDIAG_GETSOCK, &request, sizeof request, each_message, each, err);
}

static int walk_family(struct nldump *nl, struct each *each, uint8_t family, uint32_t wanted,
		       struct err *err)
{
	const struct inet_diag_req_v2 request = {
		.sdiag_family = family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = wanted,
		.id = { .idiag_sport = htons(each->port) },
	};

	return nldump_run(nl, SOCK_DIAG_BY_FAMILY, &request, sizeof request, each_message, each,
			  err);
}

int sockdiag_each(uint16_t port, uint32_t wanted, sockdiag_row *row, void *context, struct err *err)
{
	struct nldump nl = NLDUMP_INIT(NETLINK_SOCK_DIAG);
	struct each each = { .row = row, .context = context, .port = port };
	int status = walk_both(&nl, &each, wanted, err);

	if (status < 0 && each.count == 0) {
		status = walk_family(&nl, &each, AF_INET, wanted, err);
		if (status == 0 && walk_family(&nl, &each, AF_INET6, wanted, err) < 0 &&
		    err->sys != ENOENT) /* ENOENT: a kernel without IPv6 */
			status = -1;
	}
	nldump_close(&nl);
	if (status == 0)
		*err = (struct err){ 0 };
	return status < 0 ? err_in(err, "socket table") : 0;
}

struct table {
	const struct sockdiag_want *want;
	size_t count;
	int64_t left_out;
	struct socket_row rows[SOCKDIAG_ROWS];
};

/* Does a socket of this address belong to the host? Localhost is everybody's. */
static bool is_ours(const struct addr *address, const struct addr *local)
{
	static const uint8_t loopback6[16] = { [15] = 1 };
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct addr plain = *local;

	if (address == NULL || addr_is_any(local))
		return true;
	if (local->family == 6 && memcmp(local->ip, loopback6, 16) == 0)
		return true;
	if (local->family == 6 && memcmp(local->ip, mapped, 12) == 0) {
		plain = (struct addr){ .family = 4 }; /* ::ffff:1.2.3.4 is 1.2.3.4 */
		memcpy(plain.ip, local->ip + 12, 4);
	}
	if (plain.family == 4 && memcmp(plain.ip, loopback4, 4) == 0)
		return true;
	return addr_same_ip(address, &plain);
}

static bool has_port(const struct sockdiag_want *want, uint16_t port)
{
	for (size_t i = 0; i < want->nport; i++)
		if (want->ports[i] == port)
			return true;
	return false;
}

static void table_row(void *context, const struct socket_row *row)
{
	struct table *table = context;
	const struct sockdiag_want *want = table->want;
	bool is_asked = has_port(want, row->local.port);

	if (want->is_peer_only)
		is_asked = has_port(want, row->peer.port);
	else if (!want->is_local_only)
		is_asked =
		    is_asked || row->state == SOCKDIAG_LISTEN || has_port(want, row->peer.port);
	if (!is_asked || !is_ours(want->address, &row->local))
		return;
	if (table->count < SOCKDIAG_ROWS)
		table->rows[table->count++] = *row;
	else
		table->left_out++;
}

/* A wildcard as ss shows it. */
static const char *peer_text(const struct addr *addr, char text[ADDR_TEXT])
{
	if (addr->port != 0 || !addr_is_any(addr))
		return addr_text(addr, text);
	snprintf(text, ADDR_TEXT, "%s", addr->family == 6 ? "[::]:*" : "0.0.0.0:*");
	return text;
}

static void row_emit(const struct sockdiag_want *want, const struct socket_row *row,
		     const struct owner *owner, const struct sink *sink)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	event_init(&event, "socket");
	event.step = want->step;
	event.label = want->label;
	event_int(&event, "snapshot", want->snapshot);
	event_text(&event, "state", sockdiag_state(row->state));
	event_text(&event, "local", addr_text(&row->local, local));
	event_text(&event, "peer", peer_text(&row->peer, peer));
	event_int(&event, "recv_q", row->recv_q);
	event_int(&event, "send_q", row->send_q);
	event_int(&event, "uid", row->uid);
	event_int(&event, "inode", row->inode);
	if (row->is_v6_only)
		event_int(&event, "v6only", 1);
	if (owner->pid != 0) {
		event_int(&event, "pid", owner->pid);
		event_text(&event, "process", owner->process);
	}
	sink_event(sink, &event);
}

static void end_emit(const struct table *table, int64_t start_ns, bool has_owners,
		     const struct sink *sink)
{
	const struct sockdiag_want *want = table->want;
	char ports[SOCKDIAG_PORTS * 6 + 1] = "";
	size_t len = 0;
	struct event event;

	for (size_t i = 0; i < want->nport; i++)
		len += (size_t)snprintf(ports + len, sizeof ports - len, "%s%u", i > 0 ? "," : "",
					want->ports[i]);
	event_init(&event, "sockets");
	event.step = want->step;
	event.label = want->label;
	event_int(&event, "snapshot", want->snapshot);
	event_int(&event, "rows", (int64_t)table->count);
	event_int(&event, "left_out", table->left_out);
	event_text(&event, "ports", ports);
	event_int(&event, "owners", has_owners ? 1 : 0);
	if (want->is_peer_only || want->is_local_only)
		event_text(&event, "side", want->is_peer_only ? "peer" : "local");
	event_int(&event, "start_ns", start_ns);
	sink_event(sink, &event);
}

int sockdiag_emit(const struct sockdiag_want *want, struct owners *owners, const struct sink *sink,
		  struct err *err)
{
	struct table table; /* large: rows that are not there are left as they are */
	int64_t start_ns = clock_mono_ns(); /* rows are told after the table and its owners */
	struct owner *owner;
	bool has_owners = access("/proc/self/fd", R_OK) == 0;
	uint16_t port = want->is_local_only && want->nport == 1 ? want->ports[0] : 0;

	table.want = want;
	table.count = 0;
	table.left_out = 0;
	if (sockdiag_each(port, SOCKDIAG_ALL, table_row, &table, err) < 0)
		return -1;
	owner = mem_zeroed(table.count + 1, sizeof *owner);
	for (size_t i = 0; i < table.count; i++)
		owner[i].inode = table.rows[i].inode;
	owners_find(owners, owner, table.count, want->first, want->nfirst);
	for (size_t i = 0; i < table.count; i++) {
		const struct socket_row *row = &table.rows[i];

		row_emit(want, row, &owner[i], sink);
		if (owner[i].pid == 0 && row->inode != 0 &&
		    (has_port(want, row->local.port) || want->is_peer_only))
			has_owners = false;
	}
	end_emit(&table, start_ns, has_owners, sink);
	free(owner);
	return 0;
}

struct search {
	const struct addr *addr;
	bool is_found;
};

static void search_row(void *context, const struct socket_row *row)
{
	struct search *search = context;

	search->is_found |= row->state == SOCKDIAG_LISTEN && addr_same(&row->local, search->addr);
}

int sockdiag_listening(const struct addr *addr, struct err *err)
{
	struct search search = { .addr = addr };

	/* Listeners alone: the kernel then spares the walk through all connections. */
	if (sockdiag_each(addr->port, 1u << SOCKDIAG_LISTEN, search_row, &search, err) < 0)
		return -1;
	return search.is_found;
}
