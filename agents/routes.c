/* A dump by rtnetlink for routes; /proc/sys/net for sysctls (it follows the process into
 * its namespace, /sys does not). */
#include "routes.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "addr.h"
#include "device.h"
#include "errname.h"
#include "neighbour.h"
#include "nldump.h"
#include "util.h"

static const char *const sysctls[] = {
	"core.rmem_default",
	"core.somaxconn",
	"core.wmem_default",
	"ipv4.conf.all.rp_filter",
	"ipv4.conf.default.rp_filter",
	"ipv4.icmp_ratelimit",
	"ipv4.icmp_ratemask",
	"ipv4.ip_default_ttl",
	"ipv4.ip_forward",
	"ipv4.ip_local_port_range",
	"ipv4.ip_no_pmtu_disc",
	"ipv4.tcp_abort_on_overflow",
	"ipv4.tcp_adv_win_scale",
	"ipv4.tcp_congestion_control",
	"ipv4.tcp_ecn",
	"ipv4.tcp_fastopen",
	"ipv4.tcp_fin_timeout",
	"ipv4.tcp_keepalive_intvl",
	"ipv4.tcp_keepalive_probes",
	"ipv4.tcp_keepalive_time",
	"ipv4.tcp_max_syn_backlog",
	"ipv4.tcp_mtu_probing",
	"ipv4.tcp_orphan_retries",
	"ipv4.tcp_retries1",
	"ipv4.tcp_retries2",
	"ipv4.tcp_rmem",
	"ipv4.tcp_rto_max_ms",
	"ipv4.tcp_rto_min_us",
	"ipv4.tcp_sack",
	"ipv4.tcp_syn_linear_timeouts",
	"ipv4.tcp_syn_retries",
	"ipv4.tcp_synack_retries",
	"ipv4.tcp_syncookies",
	"ipv4.tcp_timestamps",
	"ipv4.tcp_tw_reuse",
	"ipv4.tcp_window_scaling",
	"ipv4.tcp_wmem",
	"ipv6.conf.all.disable_ipv6",
};

/* A fixed-size address attribute as text; false when its length does not fit the family. */
static bool ip_text(const struct nlattr_view *attr, int family, char text[ADDR_TEXT])
{
	struct addr addr = { .family = family == AF_INET6 ? 6 : 4 };

	if (attr->len != (family == AF_INET6 ? 16u : 4u))
		return false;
	memcpy(addr.ip, attr->data, attr->len);
	addr_ip_text(&addr, text);
	return true;
}

static uint32_t attr_u32(const struct nlattr_view *attr)
{
	uint32_t value = 0;

	if (attr->len == sizeof value)
		memcpy(&value, attr->data, sizeof value);
	return value;
}

static const char *route_kind(unsigned type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return "blackhole";
	case RTN_UNREACHABLE:
		return "unreachable";
	case RTN_PROHIBIT:
		return "prohibit";
	case RTN_THROW:
		return "throw";
	default:
		return NULL;
	}
}

struct listing {
	const struct sink *sink;
	uint8_t family; /* as asked: a kernel without IPv6 answers that with IPv4, too */
	int64_t snapshot, rows, left_out;
};

static void route_row(void *context, unsigned type, const void *body, size_t len)
{
	struct listing *listing = context;
	char destination[ADDR_TEXT], gateway[ADDR_TEXT] = "", name[IF_NAMESIZE];
	struct nlattr_view attr;
	struct rtmsg route;
	struct event event;
	uint32_t index = 0, table;

	if (type != RTM_NEWROUTE || len < sizeof route)
		return;
	memcpy(&route, body, sizeof route);
	table = route.rtm_table;
	if (route.rtm_family != listing->family)
		return;
	snprintf(destination, sizeof destination, "%s",
		 route.rtm_family == AF_INET6 ? "::" : "0.0.0.0");
	body = (const char *)body + NLMSG_ALIGN(sizeof route);
	len -= len < NLMSG_ALIGN(sizeof route) ? len : NLMSG_ALIGN(sizeof route);
	while (nldump_attr(&body, &len, &attr)) {
		if (attr.type == RTA_DST)
			ip_text(&attr, route.rtm_family, destination);
		else if (attr.type == RTA_GATEWAY)
			ip_text(&attr, route.rtm_family, gateway);
		else if (attr.type == RTA_OIF)
			index = attr_u32(&attr);
		else if (attr.type == RTA_TABLE)
			table = attr_u32(&attr);
	}
	if (table != RT_TABLE_MAIN ||
	    (route.rtm_type != RTN_UNICAST && route_kind(route.rtm_type) == NULL))
		return;
	if (listing->rows == ROUTES_MAX) {
		listing->left_out++;
		return;
	}
	listing->rows++;
	event_init(&event, "route");
	event_int(&event, "snapshot", listing->snapshot);
	event_text(&event, "iface", device_name(index, name));
	event_text(&event, "destination", destination);
	event_int(&event, "prefix", route.rtm_dst_len);
	if (gateway[0] != '\0')
		event_text(&event, "gateway", gateway);
	if (route_kind(route.rtm_type) != NULL)
		event_text(&event, "type", route_kind(route.rtm_type));
	sink_event(listing->sink, &event);
}

int routes_emit(int64_t snapshot, const struct sink *sink, struct err *err)
{
	const uint8_t family[] = { AF_INET, AF_INET6 }; /* not both at once: device.h says why */
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	struct listing listing = { .sink = sink, .snapshot = snapshot };
	struct event event;
	int status = 0;

	for (size_t i = 0; i < COUNT(family) && status == 0; i++) {
		const struct rtmsg request = { .rtm_family = family[i] };
		listing.family = family[i];
		status = nldump_run(&nl, RTM_GETROUTE, &request, sizeof request, route_row,
				    &listing, err);
	}
	nldump_close(&nl);
	event_init(&event, "routes");
	event_int(&event, "snapshot", snapshot);
	event_int(&event, "rows", listing.rows);
	event_int(&event, "left_out", listing.left_out);
	if (status < 0)
		event_text(&event, "error", err->text);
	sink_event(sink, &event);
	return status < 0 ? err_in(err, "routes") : 0;
}

static const char *got_kind(unsigned type)
{
	return type == RTN_UNICAST ? "unicast" : type == RTN_LOCAL ? "local" : route_kind(type);
}

struct got {
	const struct sink *sink;
	int64_t snapshot;
	const char *destination;
	bool asks_neighbour; /* also, whether the next machine on the link answers */
	bool is_told;
};

/* Of the gateway, else of the destination itself; NULL: that is not known. */
static const char *next_state(const struct got *got, unsigned type, uint32_t iface,
			      const char *gateway)
{
	struct addr next;

	if (!got->asks_neighbour || type != RTN_UNICAST ||
	    addr_parse(&next, gateway[0] != '\0' ? gateway : got->destination, 0) < 0)
		return NULL;
	return neighbour_state(iface, &next);
}

/* The one answer: a route with the source address that a packet would take. */
static void got_row(void *context, unsigned type, const void *body, size_t len)
{
	struct got *got = context;
	char gateway[ADDR_TEXT] = "", source[ADDR_TEXT] = "", name[IF_NAMESIZE] = "";
	struct nlattr_view attr;
	struct rtmsg route;
	struct event event;
	uint32_t index = 0;

	if (type != RTM_NEWROUTE || len < NLMSG_ALIGN(sizeof route) || got->is_told)
		return;
	memcpy(&route, body, sizeof route);
	body = (const char *)body + NLMSG_ALIGN(sizeof route);
	len -= NLMSG_ALIGN(sizeof route);
	while (nldump_attr(&body, &len, &attr)) {
		if (attr.type == RTA_GATEWAY)
			ip_text(&attr, route.rtm_family, gateway);
		else if (attr.type == RTA_PREFSRC)
			ip_text(&attr, route.rtm_family, source);
		else if (attr.type == RTA_OIF)
			index = attr_u32(&attr);
	}
	device_name(index, name);
	got->is_told = true;
	event_init(&event, "route.get");
	event_int(&event, "snapshot", got->snapshot);
	event_text(&event, "destination", got->destination);
	event_text(&event, "type", got_kind(route.rtm_type));
	event_text(&event, "iface", name[0] != '\0' ? name : NULL);
	event_text(&event, "source", source[0] != '\0' ? source : NULL);
	event_text(&event, "gateway", gateway[0] != '\0' ? gateway : NULL);
	event_text(&event, "neighbour", next_state(got, route.rtm_type, index, gateway));
	sink_event(got->sink, &event);
}

static int get_one(struct nldump *nl, struct got *got, struct err *err)
{
	struct {
		struct rtmsg route;
		struct nlattr head;
		uint8_t ip[16];
	} request = { 0 };
	struct addr addr;
	size_t len;

	if (addr_parse(&addr, got->destination, 0) < 0)
		return err_set(err, ERR_BROKE, "no address");
	len = addr.family == 6 ? 16 : 4;
	request.route.rtm_family = addr.family == 6 ? AF_INET6 : AF_INET;
	request.route.rtm_dst_len = (unsigned char)(8 * len);
	request.head.nla_type = RTA_DST;
	request.head.nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy(request.ip, addr.ip, len);
	if (nldump_run(nl, RTM_GETROUTE, &request, sizeof request - sizeof request.ip + len,
		       got_row, got, err) < 0)
		return -1;
	return got->is_told ? 0 : err_set(err, ERR_BROKE, "the kernel tells none");
}

/* The answer, or why there is none: that is told by the kernel's errno where no route is. */
static void get_told(struct nldump *nl, struct got *got)
{
	struct err err = { 0 };
	struct event event;

	if (get_one(nl, got, &err) == 0)
		return;
	event_init(&event, "route.get");
	event_int(&event, "snapshot", got->snapshot);
	event_text(&event, "destination", got->destination);
	event_text(&event, "result", err.sys ? errname(err.sys) : NULL);
	event_text(&event, "error", err.text);
	sink_event(got->sink, &event);
}

void routes_get_emit(int64_t snapshot, const char *addresses, const struct sink *sink)
{
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	const char *at = addresses != NULL ? addresses : "";

	nl.is_one = true;
	for (int i = 0; *at != '\0' && i < ROUTES_MAX; i++) {
		size_t len = strcspn(at, ",");
		char destination[ADDR_TEXT];
		struct got got = { .sink = sink, .snapshot = snapshot, .destination = destination };

		snprintf(destination, sizeof destination, "%.*s", (int)len, at);
		get_told(&nl, &got);
		at += len;
		at += *at == ',' ? 1 : 0;
	}
	nldump_close(&nl);
}

void routes_lost_emit(const struct addr *addr, const struct sink *sink)
{
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	char destination[ADDR_TEXT];
	struct got got = { .sink = sink,
			   .destination = addr_ip_text(addr, destination),
			   .asks_neighbour = true };

	nl.is_one = true;
	get_told(&nl, &got);
	nldump_close(&nl);
}

/* "ipv4.tcp_rmem" -> "tcp_rmem" below dir, which is ipv4; tabs between numbers become one blank. */
static void sysctl_emit(int dir, const char *name, const struct sink *sink)
{
	char path[80], value[256], full[84];
	struct event event;
	ssize_t n = -1;

	snprintf(path, sizeof path, "%s", strchr(name, '.') + 1);
	for (char *c = path; *c != '\0'; c++)
		if (*c == '.')
			*c = '/';
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, value, sizeof value - 1);
	close(fd);
	if (n <= 0)
		return;
	value[n] = '\0';
	if (value[n - 1] == '\n')
		value[n - 1] = '\0';
	for (char *c = value; *c != '\0'; c++)
		if (*c == '\t')
			*c = ' ';
	snprintf(full, sizeof full, "net.%s", name);
	event_init(&event, "sysctl");
	event_text(&event, "name", full);
	event_text(&event, "value", value);
	sink_event(sink, &event);
}

/* The folders are opened once: in them each name is looked for among those of all namespaces. */
void sysctls_emit(const struct sink *sink)
{
	int dir = -1;

	for (size_t i = 0; i < COUNT(sysctls); i++) {
		size_t len = strcspn(sysctls[i], ".") + 1;
		if (i == 0 || strncmp(sysctls[i], sysctls[i - 1], len) != 0) {
			char path[80];
			snprintf(path, sizeof path, "/proc/sys/net/%.*s", (int)len - 1, sysctls[i]);
			if (dir >= 0)
				close(dir);
			dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
		if (dir >= 0)
			sysctl_emit(dir, sysctls[i], sink);
	}
	if (dir >= 0)
		close(dir);
}
