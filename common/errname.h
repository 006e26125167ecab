/* errno as its name, on every libc (strerrorname_np is glibc's alone). */
#ifndef ERRNAME_H
#define ERRNAME_H

/* "ECONNREFUSED"; "E?" for a number without a name. Static string. */
const char *errname(int number);
/* 111 for "ECONNREFUSED"; 0 when unknown. */
int errname_number(const char *name);

#endif
