/* What a machine says of itself before any agent is there: one fixed command line, its answer in
 * lines. It changes nothing. Pure: bytes in, bytes out. */
#ifndef SURVEY_H
#define SURVEY_H

#include "boot.h"

struct survey {
	char kernel[64], machine[32];        /* uname -r, -m; "" until it has spoken */
	char os[32];                         /* uname -s */
	char nft[80], tcpdump[80];           /* first line of --version; "": not installed */
	char cached[256];                    /* where the agent of this lab lies; "": nowhere */
	int uid;                             /* -1: it has no id(1) that tells */
	bool has_sudo;                       /* sudo -n is allowed; never asked of root */
	size_t nagent, ntable, njournal;     /* of any lab: that run, that are set, of changes */
	struct buf agents, tables, journals; /* "a, b": pids, names, files */
	bool is_partial;                     /* this user may not list tables */
	bool is_whole;                       /* it said all of that */
	struct buf line;                     /* no whole line yet */
	size_t ntaken;
};

void survey_command(struct buf *out, const struct boot_agent *agent, size_t nagent);
/* Takes what the stream gave. -1: too much of it. Lines that are not ours are noise. */
int survey_take(struct survey *survey, const void *bytes, size_t len, struct err *err);
void survey_close(struct survey *survey);

#endif
