/* Host keys that are taken at first sight: of machines that our own Terraform just made, each under
 * a name of its own (target.h: pins). What is pinned is enforced from then on, as known_hosts is.
 */
#ifndef SSH_PIN_H
#define SSH_PIN_H

#include "target.h"

#include <stddef.h>

#include "err.h"

/* Whether a key is pinned for it, of whatever type. -1: the file cannot be read. */
int ssh_pin_has(const struct target *target, struct err *err);
/* The file is there, empty if it was not, in a folder that is private (for ssh to write into). */
int ssh_pin_ready(const struct target *target, struct err *err);
/* Pins a key, a blob of RFC 4253 section 6.6. */
int ssh_pin_add(const struct target *target, const void *blob, size_t len, struct err *err);

#endif
