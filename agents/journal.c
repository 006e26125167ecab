/* Lines: "lab-journal 1 RUN PID BOOT NET", then "+ NUMBER WHAT WORDS" (change.h) and "- NUMBER".
 * The file is locked as long as its agent lives. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "journal_file.h"
#include "util.h"

enum {
	NAMES = 16, /* of one process for one run */
	TRIES = 3,
	LINE = CHANGE_WORDS + 64
};

static const char *const places[JOURNAL_PLACES] = { "/run/lab-", "/var/tmp/lab-journal-" };

int journal_open_place(size_t index, bool does_make, char path[JOURNAL_PLACE])
{
	struct stat st;
	int dir;

	snprintf(path, JOURNAL_PLACE, "%s%u", places[index], (unsigned)geteuid());
	if (does_make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -1;
	/* Nobody else may have put it there, or write into it. */
	if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return dir;
	close(dir);
	errno = EPERM;
	return -1;
}

void journal_here(struct journal_birth *birth)
{
	struct buf boot = { 0 };
	struct stat net = { 0 };
	struct err ignored = { 0 };

	*birth = (struct journal_birth){ .run = "-", .boot = "-", .pid = getpid() };
	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot, &ignored) == 0)
		snprintf(birth->boot, sizeof birth->boot, "%.*s", (int)strcspn(boot.data, "\n"),
			 boot.data);
	buf_close(&boot);
	(void)stat("/proc/self/ns/net", &net);
	birth->net = (int64_t)net.st_ino;
}

/* The whole line or nothing: behind a part of one the next would not be read. */
static int write_line(struct journal *journal, const char *line)
{
	off_t before = lseek(journal->fd, 0, SEEK_END);
	int sys;

	if (before >= 0 && write_all(journal->fd, line, strlen(line)) == 0 &&
	    fsync(journal->fd) == 0)
		return 0;
	sys = errno;
	if (before < 0 || ftruncate(journal->fd, before) < 0)
		journal->next = JOURNAL_ENTRIES; /* nothing more is noted, and so changed */
	errno = sys;
	return -1;
}

/* Locked before anything is in it: a sweep that takes it for a dead agent's finds nothing to do,
 * and may have removed it. */
static int make_file(struct journal *journal, const struct journal_birth *birth)
{
	for (int i = 0; i < NAMES; i++) {
		struct stat st;

		snprintf(journal->name, sizeof journal->name, "%s-%d-%d", birth->run,
			 (int)birth->pid, i);
		journal->fd = openat(journal->dir, journal->name,
				     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (journal->fd < 0 && errno == EEXIST)
			continue;
		if (journal->fd < 0)
			return -1;
		if (flock(journal->fd, LOCK_EX | LOCK_NB) == 0 && fstat(journal->fd, &st) == 0 &&
		    st.st_nlink == 1)
			return 0;
		close(journal->fd);
		journal->fd = -1;
	}
	errno = EEXIST;
	return -1;
}

static int journal_open(struct journal *journal, const char *run, struct err *err)
{
	struct journal_birth birth;
	char line[LINE];
	int sys = 0;

	*journal = (struct journal){ .dir = -1, .fd = -1, .next = 1 };
	journal_here(&birth);
	if (*run != '\0')
		snprintf(birth.run, sizeof birth.run, "%s", run);
	/* Whoever removes the last file removes the directory with it: again then. */
	for (size_t i = 0; i < TRIES * COUNT(places) && journal->fd < 0; i++) {
		journal->dir = journal_open_place(i / TRIES, true, journal->place);
		if (journal->dir >= 0 && make_file(journal, &birth) == 0)
			break;
		sys = errno;
		if (journal->dir >= 0)
			close(journal->dir);
		journal->dir = -1;
	}
	if (journal->fd < 0) {
		errno = sys;
		return err_sys(err, "no private directory for the journal of changes (/run, "
				    "/var/tmp)");
	}
	journal->is_open = true;
	snprintf(line, sizeof line, "lab-journal 1 %s %lld %s %lld\n", birth.run,
		 (long long)birth.pid, birth.boot, (long long)birth.net);
	if (write_line(journal, line) == 0 && fsync(journal->dir) == 0)
		return 0;
	err_sys(err, "journal %s/%s", journal->place, journal->name);
	journal_close(journal);
	return -1;
}

int journal_add(struct journal *journal, const char *run, const char *what, const char *words,
		struct err *err)
{
	char line[LINE];
	int len;

	if (!journal->is_open && journal_open(journal, run, err) < 0)
		return -1;
	len = snprintf(line, sizeof line, "+ %d %s %s\n", journal->next, what, words);
	if (len < 0 || (size_t)len >= sizeof line)
		return err_set(err, ERR_BROKE, "%s: more than %d bytes to be noted", what,
			       CHANGE_WORDS);
	if (journal->next >= JOURNAL_ENTRIES)
		return err_set(err, ERR_BROKE,
			       "journal %s/%s takes no more: there are %d changes in it, or it "
			       "could not be written",
			       journal->place, journal->name, JOURNAL_ENTRIES - 1);
	if (write_line(journal, line) < 0)
		return err_sys(err, "journal %s/%s", journal->place, journal->name);
	journal->open++;
	/* After ours is there for all to see: of two at once at least one sees the other. */
	if (journal_clash(journal->name, what, words, err) < 0) {
		journal_undone(journal, journal->next++);
		return -1;
	}
	return journal->next++;
}

void journal_undone(struct journal *journal, int number)
{
	char line[32];

	if (!journal->is_open || number <= 0)
		return;
	journal->open--;
	snprintf(line, sizeof line, "- %d\n", number);
	(void)write_line(journal, line);
}

void journal_close(struct journal *journal)
{
	if (!journal->is_open)
		return;
	journal->is_open = false;
	if (journal->open == 0)
		(void)unlinkat(journal->dir, journal->name, 0);
	(void)rmdir(journal->place); /* others' may be in it */
	close(journal->fd);
	close(journal->dir);
}
