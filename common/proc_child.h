/* A program as a child that dies with this process, with the files that it is given and no other.
 */
#ifndef PROC_CHILD_H
#define PROC_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct proc_child {
	int in, out, err;         /* of the caller; -1: /dev/null */
	int why;                  /* gets the errno of an exec that failed; -1: words on err do */
	int failed;               /* its exit status then */
	char *variable;           /* "NAME=value", added to its environment; NULL: none */
	bool has_own_session;     /* it leads one, and its process group: no terminal is its own */
	char *const *environment; /* all of it, without `variable`; NULL: the caller's */
	int death_signal;         /* it gets when this process dies; 0: SIGKILL */
};

/* No signal is blocked in it, none handled, and files of a caller that forgot CLOEXEC are closed.
 * argv[0] is what it is told; `path` is what is started. Its process id, -1: errno of fork. Whoever
 * starts it waits for it. */
pid_t proc_child_start(const char *path, const char *const *argv, const struct proc_child *child);

/* In a child: no signal is handled, none blocked, as a program finds it that is started. */
void proc_child_signals(void);

#endif
