/* An alias of ~/.ssh/config as OpenSSH itself reads it: `ssh -G NAME`, which connects to nothing.
 */
#ifndef SSH_CONFIG_H
#define SSH_CONFIG_H

#include "arena.h"
#include "err.h"
#include "target.h"

/* What ssh -G printed, as a target. `jump` gets the ProxyJump as written ("user@host:port", one
 * hop; NULL: none): the caller finds that machine. Pure but for asking which identity files exist.
 * -1: a line that no ssh prints (ERR_BROKE). */
int ssh_config_parse(struct target *out, const char **jump, const char *name, const char *text,
		     struct arena *arena, struct err *err);
/* Asks ssh, with these options in front of the name (NULL at their end; NULL: none). -1: there is
 * no ssh (ERR_CANNOT, with the package), or it refuses the name. */
int ssh_config_ask(struct target *out, const char **jump, const char *name,
		   const char *const *options, struct arena *arena, struct err *err);
/* "user@host:port" as ProxyJump has it, with [] around an IPv6 address: the options "-l user -p
 * port" and the host. ssh takes no such name itself. -1: it is no such thing. */
int ssh_config_split(const char *jump, const char **host, const char *const **options,
		     struct arena *arena);
/* The home of the password file: ssh does not go by $HOME. */
const char *ssh_config_home(struct arena *arena);

#endif
