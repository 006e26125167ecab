/* Scenario + backend -> addresses, links and numbered steps. Pure: touches nothing. */
#ifndef PLAN_H
#define PLAN_H

#include "scenario.h"

struct plan_port { /* a host's place on a link */
	size_t link;
	const char *address; /* "10.7.0.1" */
	int prefix;          /* 24 */
	const char *iface;   /* "eth0", on loopback "lo" */
	const char *mac;     /* "02:00:0a:07:00:01" */
};

struct plan_host {
	const char *name;
	size_t nport;
	const struct plan_port *port; /* the first is what its name means */
	bool does_forward;
	const char *gateway; /* default route; NULL */
	size_t nsysctl;
	/* "net.ipv4.tcp_syn_retries" = "1": the lab's own (line 0), overridden by the host's. All
	 * are for a stack of the run's own; never for the machine's. */
	const struct name_value *sysctl;
	const char *hosts_file;  /* text of its /etc/hosts */
	const char *resolv_conf; /* text of its /etc/resolv.conf; NULL: it asks nobody */
	const char *names; /* served by DNS at port 53, lines "NAME ADDRESS TTL"; NULL: none */
};

struct plan_link {
	const char *name, *subnet;
	int mtu;           /* 0: of a machine, unknown */
	bool is_private;   /* loopback: no bridge */
	int64_t rate_bps;  /* bits a second, each way of each host; 0: as fast as it goes */
	int loss_permille; /* of the packets between two of its hosts, ARP excepted; 0: none */
};

struct plan_capture {
	size_t host, port;       /* index in plan_host.port */
	int64_t snaplen, buffer; /* bytes; buffer 0: as much as the host's queue may hold */
	const char *filter;      /* libpcap's words; "" for all */
	const char *engine;      /* "packet", "tcpdump" */
};

struct plan {
	const struct scenario *scenario;
	const char *backend; /* "netns" */
	size_t nhost, nlink, ncapture;
	const struct plan_host *host; /* same indexes as scenario.host */
	const struct plan_link *link;
	const struct plan_capture *capture;
	const char *hosts_file; /* the text that hosts without a resolver have in common */
	const char *ports;      /* "1234,1235": every port that a step names, for snapshots */
};

/* Sysctls that some kernels lack (tcp_syn_linear_timeouts, IPv6's own): where the file is absent
 * such a one is skipped; any other that cannot be set is an error. */
bool plan_sysctl_is_optional(const char *name);
/* One of the lab's own that begins alike in all namespaces made one after the other: as the
 * kernel's constant, or as a copy of what the machine has. */
bool plan_sysctl_is_inherited(const char *name);

/* Why this backend cannot play the scenario on any machine; NULL: it can. */
const char *plan_hindrance(const struct scenario *scenario, const char *backend,
			   struct arena *arena);
/* Pure; the scenario must outlive the plan. -1: this backend cannot place the scenario. */
int plan_make(struct plan *out, const struct scenario *scenario, const char *backend,
	      struct arena *arena, struct err *err);
/* `lab plan`, and plan.json (schema lab.plan/1). */
void plan_text(FILE *out, const struct plan *plan);
void plan_json(struct buf *out, const struct plan *plan);

#endif
