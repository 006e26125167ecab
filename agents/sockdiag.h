/* The kernel's TCP socket table (sock_diag(7)), IPv4 and IPv6, as ss reads it. */
#ifndef SOCKDIAG_H
#define SOCKDIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"
#include "err.h"
#include "owner.h"
#include "sink.h"

enum {
	SOCKDIAG_LISTEN = 10,
	SOCKDIAG_ALL = 0x1ffe & ~(1 << 7), /* but UNCONN */
	SOCKDIAG_ROWS = 512,
	SOCKDIAG_PORTS = 64
};

struct socket_row {
	struct addr local, peer;
	uint8_t state;   /* of tcp(7); sockdiag_state names it */
	bool is_v6_only; /* a listener on :: that takes no IPv4 (IPV6_V6ONLY, ipv6(7)) */
	uint32_t recv_q, send_q, uid, inode;
};

/* "LISTEN", "ESTAB", "SYN-SENT" ... as ss prints them; "UNKNOWN" for a number without a name. */
const char *sockdiag_state(unsigned state);

/* Calls `row` for each TCP socket of this network namespace; port: only this local port, 0: all;
 * states: bits 1 << state, or SOCKDIAG_ALL. */
typedef void sockdiag_row(void *context, const struct socket_row *row);
int sockdiag_each(uint16_t port, uint32_t states, sockdiag_row *row, void *context,
		  struct err *err);

/* What of the table is wanted. */
struct sockdiag_want {
	const struct addr *address; /* shared stack: only its sockets, wildcards and localhost's;
				     * NULL: the whole stack is ours */
	uint16_t ports[SOCKDIAG_PORTS];
	size_t nport;
	bool is_local_only; /* sockets whose LOCAL port is in ports; else also remote, and all
			       LISTEN */
	bool is_peer_only;  /* sockets whose PEER port is in ports */
	int64_t snapshot;   /* number for the events; 0: asked by a step */
	int step;           /* 0: none */
	const char *label;
	const pid_t *first; /* processes to ask first for owners */
	size_t nfirst;
};
/* Emits `socket` events, at most SOCKDIAG_ROWS, then `sockets`. `owners` is the caller's memory. */
int sockdiag_emit(const struct sockdiag_want *want, struct owners *owners, const struct sink *sink,
		  struct err *err);

/* 1: a socket listens on exactly this address and port; 0: none does; -1: err. */
int sockdiag_listening(const struct addr *addr, struct err *err);

#endif
