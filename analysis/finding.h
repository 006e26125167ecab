/* What the analysis gives to whoever reports it: connections, verdicts, evidence. Plain data in the
 * arena given by the caller. It is made from captures, manifest and events.ndjson alone. */
#ifndef FINDING_H
#define FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "event.h"

enum truth {
	UNSEEN,
	NO,
	YES
}; /* NO only where it would have been seen; else UNSEEN */
enum witness {
	WITNESS_APPLICATION,
	WITNESS_WIRE,
	WITNESS_KERNEL,
	WITNESS_CLOUD
};
enum confidence {
	UNDECIDED,
	LIKELY,
	PROVEN
};
const char *confidence_name(enum confidence confidence); /* "proven" */
const char *witness_name(enum witness witness);          /* "application" */

enum source_kind {
	SOURCE_PACKET,
	SOURCE_EVENT
};
struct source {
	enum source_kind kind;
	const char *file; /* packets: "client-1.lan" (capture/client-1.lan.pcap); events: NULL */
	uint32_t first,
	    last; /* packet numbers as Wireshark counts them, or event seq; equal for one */
};
enum {
	SOURCES = 4
};

struct evidence {
	enum witness witness;
	const char *fact; /* stable id: "syn-sent" */
	const char *says; /* "RST answers the SYN, ack = ISN+1" */
	size_t nsource;   /* at least 1: no claim without proof */
	struct source source[SOURCES];
};

struct ruled_out {
	const char *code; /* "refused.firewall-reset" */
	const char *says; /* "TcpOutRsts moved, no rule matched" */
	size_t nsource;
	struct source source[SOURCES];
};

struct missing {
	enum witness witness;
	const char *what;  /* "no capture at the server" */
	const char *fetch; /* the command or option that would fetch it; NULL: none */
};

/* One packet of a flow as a ladder shows it. */
struct rung {
	int64_t t_ns; /* since the flow's first packet, at this vantage point */
	bool is_from_client;
	const char *flags; /* tcpdump's: "[S]", "[S.]", "[R.]"; ICMP: "icmp 3/3" */
	const char *words; /* "SYN", "SYN+ACK", "RST+ACK", "PSH+ACK 32" */
	uint32_t payload_len;
	uint32_t packet; /* number in the capture */
};

struct connection { /* one connect() that an application reported, or a flow nobody reported */
	const char *label;                     /* step's name; NULL */
	int step;                              /* 0: none */
	const char *client_host, *server_host; /* NULL: unknown */
	const char *client, *server;           /* "10.7.0.2:40112" */
	const char *target;                    /* as written: "server:1234"; NULL */
	const char *result;      /* "ok", "ECONNREFUSED", ...; NULL: no application seen */
	const char *text;        /* "Connection refused" */
	int64_t took_ns;         /* -1: unknown */
	uint32_t event;          /* seq of the connect event; 0 */
	const char *resolved_by; /* "hosts"; NULL */
	const char *client_file, *server_file; /* captures that hold it; NULL: none */
	size_t nrung, nserver_rung;
	const struct rung *rung;        /* at the client's vantage point, in order */
	const struct rung *server_rung; /* at the server's */
	const char *folded; /* folded trace, wire notation: "C>S [S], S>C [R.]"; NULL: no capture */
	const char *server_folded;
};

struct finding {
	const struct connection *connection;
	const char *code; /* "refused.no-listener" */
	const char *says; /* the rule's sentence, without jargon */
	enum confidence confidence;
	size_t nevidence, nruled_out, nmissing, nnext;
	const struct evidence *evidence;
	const struct ruled_out *ruled_out;
	const struct missing *missing;
	const char *const *next; /* commands or advice for a real system */
};

struct capture_info {
	const char *host, *link, *file; /* file "client-1.lan", or the path of a pcap */
	uint32_t packets;
	int64_t dropped; /* -1: unknown */
	bool is_cut;     /* the file ends inside a packet, or holds fewer than were captured */
};

struct analysis {
	size_t nconnection, nfinding, ncapture, nevent;
	const struct connection *connection; /* in the order of step numbers, then time */
	const struct finding *finding;       /* one for each connection, same order */
	const struct capture_info *capture;
	const struct event *event; /* events.ndjson, in file order: event[i].seq == i + 1 */
	const char *trace_hash;    /* 64 hex digits; "" when the trace is empty */
	bool is_interrupted;       /* no manifest: the run did not end */
};

/* `path`: a run directory, or a capture file. Blind to scenario, plan and steps.ndjson. */
int analysis_load(struct analysis *out, const char *path, struct arena *arena, struct err *err);
/* The finding of the step with this label, NULL when it opened no connection. */
const struct finding *analysis_of(const struct analysis *analysis, const char *label);
/* Does `folded` begin with `pattern` (wire notation: "C>S [S], S>C [R.]", "[S] 2+" repeats,
 * "nothing" for an empty trace)? 1 yes, 0 no, -1 with err: the pattern cannot be read. */
int wire_match(const char *pattern, const char *folded, struct err *err);

/* events.ndjson or steps.ndjson as events (seq = line). A last line cut by a crash is dropped; any
 * other broken line is an error with its number. Absent file: 0 events, 0 returned. */
int events_load(int dirfd, const char *name, const struct event **event, size_t *count,
		struct arena *arena, struct err *err);

/* One rule as `lab explain` and the documents show it. */
struct rule_info {
	const char *code, *says;
};
size_t rule_list(const struct rule_info **out); /* static table */

#endif
