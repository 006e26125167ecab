/* A plan of N hosts on one link, built by hand, for tests of the backends. */
#ifndef HOSTPLAN_H
#define HOSTPLAN_H

#include <stdio.h>

#include "arena.h"
#include "plan.h"

struct hostplan {
	struct arena arena;
	struct plan plan;
	struct plan_host *host;
	struct plan_port *port;
	struct plan_link link;
};

static inline void hostplan_init(struct hostplan *out, size_t count, bool is_loopback)
{
	static const struct name_value sysctls[] = {
		{ .name = "net.ipv4.tcp_syn_retries", .value = "2" },
		{ .name = "net.ipv4.ip_local_port_range", .value = "40000 50000" },
		{ .name = "net.ipv4.ip_forward", .value = "0" },
		{ .name = "net.ipv6.conf.default.disable_ipv6", .value = "1" },
	};
	char *names;

	*out = (struct hostplan){ .link = { .name = "lan", .subnet = "10.7.0.0/16" } };
	out->host = arena_array(&out->arena, count, sizeof *out->host);
	out->port = arena_array(&out->arena, count, sizeof *out->port);
	out->link.is_private = is_loopback;
	names = arena_printf(&out->arena, "127.0.0.1 localhost\n10.7.0.1 host-0\n# of the run\n");
	for (size_t i = 0; i < count; i++) {
		unsigned low = (unsigned)(i + 1) % 250, high = (unsigned)(i + 1) / 250;
		out->port[i] = (struct plan_port){
			.address =
			    arena_printf(&out->arena, is_loopback ? "127.0.%u.%u" : "10.7.%u.%u",
					 high, low + is_loopback),
			.prefix = is_loopback ? 8 : 16,
			.iface = is_loopback ? "lo" : "eth0",
			.mac = arena_printf(&out->arena, "02:00:0a:07:%02x:%02x", high, low),
		};
		out->host[i] = (struct plan_host){
			.name = arena_printf(&out->arena, "host-%zu", i),
			.nport = 1,
			.port = &out->port[i],
			.nsysctl = COUNT(sysctls),
			.sysctl = sysctls,
			.hosts_file = names,
		};
	}
	out->plan = (struct plan){
		.backend = is_loopback ? "loopback" : "netns",
		.nhost = count,
		.nlink = 1,
		.host = out->host,
		.link = &out->link,
		.ports = "",
	};
}

#endif
