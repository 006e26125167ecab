/* Whole-file read, write-then-rename, full writes. */
#ifndef FILE_H
#define FILE_H

#include "buf.h"
#include "err.h"

/* Reads at most `max` bytes; more is an error, as is anything but a regular file (a FIFO would
 * hang) unless it is below /proc. dirfd as for openat(2). */
int file_read(int dirfd, const char *name, size_t max, struct buf *out, struct err *err);
/* Writes name.tmp, fsyncs nothing, renames over name; mode 0600. */
int file_write(int dirfd, const char *name, const void *bytes, size_t len, struct err *err);
/* All of it or -1 with errno; restarts after EINTR and short writes. */
int write_all(int fd, const void *bytes, size_t len);

/* *fd is -1 then, as it may be before. */
void file_close(int *fd);

/* As root: what we made in a folder of somebody else's (sudo) is theirs too. Best effort. */
void file_give(int dirfd, const char *name);

/* Under sudo a new file belongs to the person, not to root. Best effort. */
void file_give_person(int fd);
/* mkdir -p, 0700, given to the person; what is there already stays as it is. -1: ERR_CANNOT, or
 * ERR_BROKE where the disk is full. */
int file_folder(const char *path, struct err *err);

/* Lifts the soft limit of this process to `count` open files beside the usual few, as far as the
 * hard one lets it. */
void file_allow(size_t count);

#endif
