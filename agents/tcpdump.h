/* The host's own tcpdump as a child: pcap stream on one pipe, its words on another. Nothing here
 * waits for it but tcpdump_version and tcpdump_close; captures_tcpdump.c has the order of things.
 */
#ifndef TCPDUMP_H
#define TCPDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"
#include "pcapstream.h"
#include "proc.h"

enum {
	TCPDUMP_BUFFER = 8 << 20, /* when none is asked for */
};

struct tcpdump_spec {
	const char *iface;
	uint32_t snaplen;   /* bytes of a packet that are kept; not 0 */
	uint32_t buffer;    /* bytes for packets that wait; 0: TCPDUMP_BUFFER */
	const char *filter; /* pcap-filter(7), one argument; NULL or "": everything */
};

struct tcpdump {
	pid_t pid;      /* 0: none, or reaped */
	int status;     /* as waitpid gave it, once pid is 0 again */
	int out, words; /* -1: closed; both are O_NONBLOCK */
	struct pcapstream stream;
	struct buf said; /* what came from words */
};

/* What tcpdump counts when it ends. */
struct tcpdump_counts {
	uint64_t captured, received, dropped; /* by kernel; on lo both copies of a packet */
};

/* ERR_CANNOT: there is no tcpdump, and which package has it. */
int tcpdump_open(struct tcpdump *tcpdump, const struct tcpdump_spec *spec, struct err *err);
/* Its version and libpcap's, one line; waits for `tcpdump --version`, at most 3 s. */
int tcpdump_version(char *text, size_t len, const struct proc_beside *beside, struct err *err);
/* Reads its words. false: end of file (then it is closed). */
bool tcpdump_listen(struct tcpdump *tcpdump);
/* Feeds the stream with what is there, one portion. 1: something, 0: nothing now, -1: the end (then
 * it is closed). */
int tcpdump_read(struct tcpdump *tcpdump);
bool tcpdump_is_ready(const struct tcpdump *tcpdump);
/* It has read every packet that the kernel has for it and waits for the next. */
bool tcpdump_is_idle(const struct tcpdump *tcpdump);
/* false: its last words are not complete. */
bool tcpdump_counts(const struct tcpdump *tcpdump, struct tcpdump_counts *counts);
/* -1 with why it ended or does not go on, in its own words. */
int tcpdump_complain(const struct tcpdump *tcpdump, struct err *err);
/* SIGKILL, reaped, all closed. Safe twice. */
void tcpdump_close(struct tcpdump *tcpdump);

#endif
