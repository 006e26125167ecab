/* The sysctls that a trace depends on. A new namespace copies some of them from the machine, where
 * they may change between two runs: so each is made sure of, with the kernel's own default where
 * there is one. */
#include "plan_parts.h"

struct setting {
	const char *name, *value;
	bool is_optional; /* absent on some kernels, or without IPv6 */
};

static const struct setting settings[] = {
	{ "net.ipv4.tcp_rmem", "4096 131072 6291456", false }, /* window and its scale */
	{ "net.ipv4.tcp_wmem", "4096 16384 4194304", false },
	{ "net.ipv4.tcp_congestion_control", "reno", false }, /* the one that is always built in */
	{ "net.ipv4.tcp_timestamps", "1", false },
	{ "net.ipv4.tcp_sack", "1", false },
	{ "net.ipv4.tcp_window_scaling", "1", false },
	{ "net.ipv4.tcp_ecn", "2", false },
	{ "net.ipv4.tcp_fastopen", "1", false },
	{ "net.ipv4.tcp_syn_retries", "6", false },
	{ "net.ipv4.tcp_synack_retries", "5", false },
	{ "net.ipv4.tcp_syn_linear_timeouts", "4", true }, /* Linux 6.5 */
	{ "net.ipv4.tcp_retries1", "3", false },
	{ "net.ipv4.tcp_retries2", "15", false },
	{ "net.ipv4.tcp_orphan_retries", "0", false },
	{ "net.ipv4.tcp_fin_timeout", "60", false },
	{ "net.ipv4.tcp_tw_reuse", "2", false },
	{ "net.ipv4.tcp_syncookies", "1", false },
	/* Both follow the size of the table of sockets, which is a small one in hosts. */
	{ "net.ipv4.tcp_max_syn_backlog", "2048", true },
	{ "net.ipv4.tcp_max_tw_buckets", "131072", true },
	{ "net.ipv4.tcp_abort_on_overflow", "0", false },
	{ "net.ipv4.tcp_keepalive_time", "7200", false },
	{ "net.ipv4.tcp_mtu_probing", "0", false },
	{ "net.ipv4.tcp_no_metrics_save", "1", false }, /* each connection begins alike */
	{ "net.ipv4.tcp_autocorking", "0", false },
	{ "net.ipv4.tcp_rto_max_ms", "120000", true }, /* Linux 6.15 */
	{ "net.ipv4.ip_local_port_range", "32768 60999", false },
	{ "net.ipv4.ip_unprivileged_port_start", "1024", false },
	{ "net.ipv4.ip_forward", "0", false },
	{ "net.ipv4.conf.all.rp_filter", "0", false },
	{ "net.ipv4.conf.default.rp_filter", "0", false },
	/* No MLD, DAD and router solicitations in the captures; they cost time, too. (A write to
	 * the one of all, or lo, is tried again and again while anybody holds RTNL: lo keeps its
	 * ::1.) */
	{ "net.ipv6.conf.default.disable_ipv6", "1", true },
};

bool plan_sysctl_is_inherited(const char *name)
{
	if (streq(name, "net.ipv4.tcp_max_syn_backlog") ||
	    streq(name, "net.ipv4.tcp_max_tw_buckets"))
		return false;
	for (size_t i = 0; i < COUNT(settings); i++)
		if (streq(settings[i].name, name))
			return true;
	return false;
}

bool plan_sysctl_is_optional(const char *name)
{
	for (size_t i = 0; i < COUNT(settings); i++)
		if (streq(settings[i].name, name))
			return settings[i].is_optional;
	return false;
}

static struct name_value *find(struct name_value *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].name, name))
			return &list[i];
	return NULL;
}

void plan_sysctls(struct plan_host *out, const struct scenario_host *host, struct arena *arena)
{
	size_t room = COUNT(settings) + host->nsysctl + 1;
	struct name_value *list = arena_array(arena, room, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < COUNT(settings); i++)
		list[count++] =
		    (struct name_value){ .name = settings[i].name, .value = settings[i].value };
	if (host->does_forward)
		find(list, count, "net.ipv4.ip_forward")->value = "1";
	for (size_t i = 0; i < host->nsysctl; i++) {
		struct name_value *own = find(list, count, host->sysctl[i].name);
		if (own)
			*own = host->sysctl[i];
		else
			list[count++] = host->sysctl[i];
	}
	out->sysctl = list;
	out->nsysctl = count;
}
