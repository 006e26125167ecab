/* Signals by name. */
#ifndef AGENT_SIGNAL_H
#define AGENT_SIGNAL_H

const char *signal_name(int number); /* "SIGTERM"; "SIG?" for one that is not in the list */
int signal_number(const char *name); /* 0: unknown */

#endif
