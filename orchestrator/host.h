/* A backend brings up every host of a plan, each with its agent at the end of a byte stream. What
 * comes after the stream is shared. A backend = host_NAME.c and one word in host.c. */
#ifndef HOST_H
#define HOST_H

#include <sys/types.h>

#include "plan.h"
#include "target.h"

struct lab_options {
	const char *agent;                  /* path of lab-agent */
	bool is_agent_ours;                 /* of this build: a host may become it without execve */
	void (*meanwhile)(void);            /* called while the hosts come up; NULL: nothing */
	const struct target *const *target; /* machines: by host; NULL: hosts are made */
	int signal_fd;  /* what is readable there ends the wait for machines; -1: nothing does */
	bool may_lack;  /* machines: after an error of any but the first, `lab` says is_refused */
	bool is_own_lo; /* loopback: the machine's own lo even where a namespace is allowed */
};

struct host_stream {
	int read_fd, write_fd; /* -1: none; non-blocking, close on exec */
	pid_t pid;             /* of the agent, as the controller sees it; 0: unknown */
	/* Of a stream that is not a socket of its own, after each read and write: what to poll for.
	 * 0: as a socket. */
	short events;
};

struct lab { /* the hosts of one run, up */
	const struct backend *backend;
	size_t nhost;
	struct host_stream *host; /* owned */
	bool is_private;          /* network stacks are the run's own */
	bool has_pid_ns;          /* one pid namespace holds everything that was started */
	bool has_hosts_file;      /* hosts have an /etc/hosts of their own */
	bool is_refused;          /* after an error of open: what it needs cannot be had here */
	unsigned offers;          /* enum need */
	const char *note;         /* what is weaker here and why; NULL */
	void *state;              /* the backend's own; owned */
};

struct backend {
	const char *name, *text;
	bool
	    makes_hosts; /* of its own, so that auto may choose it; those come first in the table */
	/* 0 when it works here; -1 with why (ERR_CANNOT) and the mend. Leaves nothing. */
	int (*usable)(struct err *why);
	/* What its hosts would offer here (enum need), where it is usable. Leaves nothing. */
	unsigned (*offers)(void);
	/* Brings all hosts up: links ready in both directions, agents started. Begins by making
	 * `lab` safe for close. A deadline of 10 s and 20 ms a host. */
	int (*open)(struct lab *lab, const struct plan *plan, const struct lab_options *options,
		    struct err *err);
	/* Non-blocking; -1/EAGAIN as read(2); 0 = the agent is gone. */
	ssize_t (*read)(struct lab *lab, size_t host, void *buf, size_t len);
	ssize_t (*write)(struct lab *lab, size_t host, const void *buf, size_t len);
	/* Whether more can be read without polling. May be left out: never. */
	bool (*is_ready)(const struct lab *lab, size_t host);
	/* Begins what close does, and does not wait: the kernel takes its time. May be left out. */
	void (*let_go)(struct lab *lab);
	/* Ends everything that open began, half-open or twice; returns how many processes or other
	 * things are still there after the deadline (0: nothing), named in err. */
	int (*close)(struct lab *lab, int deadline_ms, struct err *err);
};

extern const struct backend *const backends[]; /* NULL ends it */
const struct backend *backend_find(const char *name);
/* Its hosts are machines that are there, reached over SSH. */
bool backend_has_machines(const char *name);
/* "auto": netns where usable, else loopback. */
const struct backend *backend_choose(const char *name, struct err *err);
/* The same without trying it: of "auto" the one to try first. Where its open says is_refused,
 * backend_next is the one to try then; NULL: the name was no choice, or there is none left. */
const struct backend *backend_first(const char *name, struct err *err);
const struct backend *backend_next(const char *name, const struct backend *refused);

#endif
