/* One thing of a lab, read back and removed. */
#ifndef SWEEP_ONE_H
#define SWEEP_ONE_H

#include "sweep.h"

/* 0: its service took the call, or it is gone by now. -1: refused, or it does not bear the mark. */
int sweep_ec2(const struct sweep *sweep, const char *kind, const char *id, struct arena *arena,
	      struct err *err);
int sweep_profile(const struct sweep *sweep, struct arena *arena, struct err *err);
int sweep_role(const struct sweep *sweep, struct arena *arena, struct err *err);
int sweep_zone(const struct sweep *sweep, const char *id, struct arena *arena, struct err *err);
int sweep_bucket(const struct sweep *sweep, struct arena *arena, struct err *err);

#endif
