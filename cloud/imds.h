/* The metadata service of an EC2 instance, version 2 alone: a token first, then what it tells of
 * the instance. It is asked at 169.254.169.254, or where the environment says. */
#ifndef IMDS_H
#define IMDS_H

#include "buf.h"
#include "err.h"
#include "proc.h"

enum {
	IMDS_URL = 128,
	IMDS_HEADER = 512,
	IMDS_BYTES = 32768 /* of an answer */
};

struct imds {
	char url[IMDS_URL];
	char token[IMDS_HEADER]; /* as a header */
	const struct proc_beside *beside;
};

/* 0: it answers. -1: it is switched off (AWS_EC2_METADATA_DISABLED), or nobody is there: that takes
 * two seconds at most. `beside` is served meanwhile and may be NULL. Close it in any case. */
int imds_open(struct imds *out, const struct proc_beside *beside, struct err *err);
void imds_close(struct imds *imds); /* wipes the token */

/* Adds the JSON of the session of the instance's role; a secret, also where it fails. */
int imds_session(const struct imds *imds, struct buf *out, struct err *err);
/* Adds the region's name. */
int imds_region(const struct imds *imds, struct buf *out, struct err *err);

#endif
