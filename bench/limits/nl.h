/* The least rtnetlink that a star of hosts needs: bridge, veth, address, up, and link events.
 * Every failure ends the program: these are measuring sticks, not tools. */
#ifndef LIMITS_NL_H
#define LIMITS_NL_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* Says what failed, with errno, and exits 2. */
void die(const char *what) __attribute__((noreturn));

/* A route socket in the namespace that the process is in now; groups: RTMGRP_... or 0. */
int nl_open(unsigned groups);
void nl_bridge(int fd, const char *name);
/* `name` here, a port of the link `master` (0: of none); its peer eth0 in the namespace of `pid`.
 * Both down. */
void nl_veth(int fd, const char *name, int master, int pid);
void nl_up(int fd, int index);
/* Address in host byte order. */
void nl_address(int fd, int index, uint32_t address, int prefix);

/* What one link event says; absent parts are -1. */
struct nl_link {
	int type;   /* RTM_NEWLINK or RTM_DELLINK */
	int index;  /* of the link */
	int family; /* AF_UNSPEC, or AF_BRIDGE: about it as a port */
	int operstate, port_state;
};

/* Reads the messages that wait, or waits for some; calls `see` for each link. */
void nl_events(int fd, void (*see)(const struct nl_link *link, void *data), void *data);

#endif
