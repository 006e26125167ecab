/* The run directory: the truth of a run. Raw files are written once, append only, by the one
 * process that holds the directory's lock; the manifest seals them. Layout: docs/run-directory.md.
 */
#ifndef RUNDIR_H
#define RUNDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "event.h"
#include "sha256.h"

enum {
	RUNDIR_CAPTURES = 2048,   /* as many as a scenario may have */
	RUNDIR_EVENTS = 240 << 20 /* bytes of events.ndjson; the reader takes 256 MiB */
};
#define RUNDIR_CAPTURED (UINT64_C(4) << 30) /* bytes of all captures of a run */

struct rundir_file {
	int fd;
	struct buf pending;
	struct sha256 sha;       /* of what was written */
	uint64_t lines, written; /* bytes */
};

struct rundir {
	int fd;              /* the directory, locked while the run lasts; -1: none */
	char path[PATH_MAX]; /* "": none was made */
	char run[8];         /* "4f2a" */
	bool is_history;     /* below the state directory: `latest` and pruning apply */
	struct rundir_file events, steps;
	size_t ncapture;
	struct rundir_capture *capture;
	uint64_t captured; /* bytes of all captures */
};

struct rundir_capture {
	char name[160]; /* "HOST.LINK" */
	int fd;
	struct buf pending;
	struct sha256 sha; /* of what was written */
};

/* Makes TIME-SCENARIO-ID below `parent` (made when absent, mode 0700), or below the history when
 * parent is NULL. Under sudo all of it belongs to SUDO_UID. */
int rundir_make(struct rundir *dir, const char *parent, const char *scenario, struct err *err);
/* Where lab keeps NAME from one run to the next; -1 as below. */
int rundir_state(char path[PATH_MAX], const char *name, struct err *err);
/* Where the history is; -1 when neither XDG_STATE_HOME nor HOME says so. */
int rundir_history(char path[PATH_MAX], struct err *err);
/* Sets seq (its line) and queues the line; rundir_flush writes. */
void rundir_event(struct rundir *dir, struct event *event);
void rundir_step(struct rundir *dir, struct event *event);
/* Opens capture/NAME.pcap with its header; returns its index. */
int rundir_capture_open(struct rundir *dir, const char *name, uint32_t snaplen, struct err *err);
/* `records` as docs/protocol.md has them behind the capture's number; malformed: -1. */
int rundir_packets(struct rundir *dir, size_t capture, const void *records, size_t len,
		   struct err *err);
/* Each file as far as the disk takes it; -1 with the first that it did not. What is left is kept,
 * and tried again the next time. */
int rundir_flush(struct rundir *dir, struct err *err);
/* -1: the run has written more than a run may. */
int rundir_check_size(const struct rundir *dir, struct err *err);
int rundir_write(struct rundir *dir, const char *name, const void *bytes, size_t len,
		 struct err *err);
/* "capture/client-1.lan.pcap" etc.: SHA-256 in hex of a raw file of the directory, as far as it is
 * flushed. */
int rundir_digest(const struct rundir *dir, const char *name, char hex[65], struct err *err);
/* Closes it, and removes it where nothing was written of what lab did or hosts observed: true. */
bool rundir_drop_empty(struct rundir *dir);
/* Removes a run directory by its name in an opened one; -1 with errno: a part is left. */
int rundir_remove(int parent, const char *name);
void rundir_close(struct rundir *dir); /* safe half-open and twice */

#endif
