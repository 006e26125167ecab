/* Inside the keeper's namespaces: what lab gives in, what comes out, and the two gates at which
 * keeper and hosts wait for each other. */
#ifndef KEEPER_RUN_H
#define KEEPER_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "offload.h"
#include "plan.h"

enum note_type {
	NOTE_HOST,  /* host `host` is about to be its agent; the sender's pid is in the credentials
		     */
	NOTE_READY, /* all are, and all links carry packets */
	NOTE_NO_PROC, /* no new /proc here: try again without a pid namespace */
	NOTE_REFUSED, /* err: namespaces, or what is done in them, cannot be had here */
	NOTE_ERROR,   /* err */
};

struct note { /* to lab, one packet each */
	enum note_type type;
	size_t host; /* index in the plan; NOTE_NOBODY: the keeper */
	struct err err;
};
#define NOTE_NOBODY SIZE_MAX

struct keeper_spec { /* from lab, by fork */
	const struct plan *plan;
	const char *agent, *cwd; /* absolute paths */
	bool is_agent_ours;      /* hosts become it without execve */
	void (*meanwhile)(void); /* lab's own, once the keeper is off; NULL: nothing */
	bool has_own_net, is_user, has_pid_ns, has_hosts_file, has_resolv_conf;
	bool *is_set; /* by sysctl of the first host: a new namespace has that value */
	struct offloads offloads;
	bool does_share_hosts; /* one /etc/hosts for all hosts of one text, that none can write */
	uid_t uid;
	gid_t gid;
	int64_t deadline_ns;
	int notes;            /* its end of the socket to lab */
	const int *far_fd;    /* the agents' ends, one a host */
	struct rlimit nofile; /* what agents get */
};

struct keeper_gate {
	pid_t keeper;
	int said; /* hosts write a STAGE_* byte each; end of file: every host is its agent or ended
		   */
	int go;   /* end of file: the cables are there */
	int raised; /* end of file: the bridges' ends are up */
};
enum {
	STAGE_SET = 's',
	STAGE_UP = 'u',
	STAGE_FAILED = 'x'
};
enum {
	HOST_IFINDEX = 2
}; /* of a host's first interface, as on a machine; the next ones follow */

/* The keeper's whole life, in the process that ns_fork made. */
_Noreturn void keeper_run(struct keeper_spec *spec);
/* Maps, rights, mounts: the part that the probe tries too. 1: no new /proc here. */
int keeper_enter(const struct keeper_spec *spec, struct err *err);
void note_send(int notes, enum note_type type, size_t host, const struct err *err);

/* Fills spec->is_set, from a namespace that is new. */
void keeper_look_at_sysctls(struct keeper_spec *spec);
/* The files that hosts share, written before there are hosts. */
int keeper_share_hosts(const struct keeper_spec *spec, struct err *err);
/* Becomes host `at` of the plan, then its agent (keeper_host.c). */
_Noreturn void keeper_host(const struct keeper_spec *spec, size_t at,
			   const struct keeper_gate *gate);
/* The links (keeper_link.c). Our ends are numbered in the plan's order from keeper_first_port on,
 * and named after their numbers. */
struct nl;
int keeper_first_port(const struct plan *plan);
int keeper_make_bridges(const struct plan *plan, struct nl *nl, struct err *err);
/* A cable for every port of every host; pid: a process in each host's network namespace. */
int keeper_make_cables(const struct plan *plan, const pid_t *pid, struct nl *nl, struct err *err);
/* The losses of links, as a ruleset of the bridges' namespace: once there are bridges (a chain that
 * was there before the first one hears of no packet) and before their ports have a carrier. */
int keeper_lose(const struct plan *plan, int64_t deadline_ns, struct err *err);
/* Our ends, then in each host its own: what they send is held to the link's rate. */
int keeper_limit_ports(const struct plan *plan, struct nl *nl, struct err *err);
int keeper_limit_host(const struct plan *plan, size_t at, struct nl *nl, struct err *err);
/* A missing one that is optional (the plan's own, or written "-name" as in sysctl.d) is passed
 * over. */
int keeper_sysctl(const struct name_value *sysctl, struct err *err);

#endif
