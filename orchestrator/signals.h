/* What ends a command: SIGINT, SIGTERM, and SIGHUP unless it was ignored (nohup): a blocked signal
 * would come although it is. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

#include "err.h"

void signals_set(sigset_t *set);
/* Blocks them; the signalfd that tells them, non-blocking. -1: there is none. */
int signals_open(sigset_t *old);
void signals_close(int fd, const sigset_t *old);
/* -1: one has come, and with it "interrupted WHEN". */
int signals_heard(int fd, const char *when, struct err *err);

#endif
