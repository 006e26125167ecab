/* What a process does to itself to live in namespaces of its own: clone, id maps, capabilities,
 * mounts, sysctls, descriptors. */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

/* fork(2) with CLONE_NEW* flags: 0 in the child, its pid in the parent, -1 with errno.
 * Single-threaded callers only. */
pid_t ns_fork(unsigned long flags);

/* An ordinary user, or a root without the rights: namespaces need a user namespace around them. */
bool ns_needs_user(void);
/* In a fresh user namespace: uid and gid (as they were outside) map to themselves. */
int ns_map_ids(uid_t uid, gid_t gid, struct err *err);
/* All permitted capabilities become ambient, so that they survive execve of any program. */
int ns_keep_capabilities(struct err *err);

/* Mounts become private; a tmpfs that no path leads to becomes the working directory (children have
 * their copy of it as theirs); then a /proc of this pid namespace, or the old one again when
 * `has_pid_ns` is false. Returns 1 when a new /proc is forbidden here (parts of the old are
 * covered). */
int ns_mount(bool has_pid_ns, struct err *err);
/* Writes `text` to the new file `name` in the working directory. */
int ns_put_text(const char *name, const char *text, struct err *err);
/* Binds the file `name` of the working directory over `target`. */
int ns_bind(const char *name, bool is_read_only, const char *target, struct err *err);

/* "net.ipv4.ip_forward"; '/' stands for a '.' within a part. Only net.*: what a network namespace
 * holds. 0: written, 1: there is no such sysctl here, -1: error that names it. */
int ns_sysctl(const char *name, const char *value, struct err *err);

/* Does it have this value already (blanks and tabs are alike)? */
bool ns_sysctl_is(const char *name, const char *value);

/* Closes every descriptor but 0..2 and those in keep (sorted in place; -1 and repeats allowed). */
int ns_close_others(int *keep, size_t count, struct err *err);

/* Appends why namespaces are refused here and the mend to err, by what `sys` (an errno) and the
 * machine's switches say; kind becomes ERR_CANNOT. Returns -1. */
int ns_explain(int sys, struct err *err);

#endif
