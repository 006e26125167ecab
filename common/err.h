/* Why something could not be done. A failure of the network under test is a result, not an err.
 * The caller owns the struct; the finder says what and why; each caller may put words in front;
 * main alone prints. Every err_* returns -1, so that `return err_set(...)` reads well. */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>

#include "util.h"

/* The kind is the exit status (design: exit codes). */
enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE = 2,     /* usage or scenario error, nothing was run */
	ERR_UNDECIDED = 3, /* ran, but evidence is missing */
	ERR_CANNOT = 4,    /* cannot be done here: why, and the remedy */
	ERR_BROKE = 5,     /* broke while running */
	ERR_LEFTOVER = 6,  /* something may be left behind */
	ERR_SIGINT = 130,  /* interrupted, cleaned up */
	ERR_SIGTERM = 143,
};

struct err {
	enum err_kind kind;
	int sys; /* errno of err_sys, else 0 */
	char text[1024];
};

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);
int err_vset(struct err *err, enum err_kind kind, const char *fmt, va_list args) PRINTF(3, 0);
/* "WHAT: errno text", kind ERR_BROKE. Reads errno on entry. */
int err_sys(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* Puts "WHERE: " in front of the text. */
int err_in(struct err *err, const char *fmt, ...) PRINTF(2, 3);

#endif
