/* Routes as rtnetlink's messages: compared, and given back as they were. */
#ifndef ROUTE_MESSAGE_H
#define ROUTE_MESSAGE_H

#include "rtnet.h"

/* Both say the same, or both are none; what tells how a device is at the moment, or how long a
 * route will be, does not count, nor an attribute `but` (0: no such). */
bool route_same(const struct rtnet *a, const struct rtnet *b, unsigned but);
/* The same of two lists of words (rtnet_add). */
bool routes_same(const char *words, const char *again);
/* -1: the kernel would not take it back as it is. */
int route_can_return(const struct rtnet *route, struct err *err);
/* To the kernel, by RTM_NEWROUTE with NLM_F_ flags, one that it gave us. */
int route_give(const struct rtnet *route, unsigned flags, struct err *err);

#endif
