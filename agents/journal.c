/* Lines: "lab-journal 1 RUN PID BOOT NET", then "+ NUMBER WHAT WORDS" (change.h) and "- NUMBER". A
 * last line without its end is of a change that was never made. Who can lock a file has found a
 * dead agent's. */
#include "journal.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "change.h"
#include "file.h"
#include "mem.h"
#include "parse.h"
#include "util.h"

enum {
	FILE_MAX = 1 << 20,
	ENTRIES = 1024,
	NAMES = 16, /* of one process for one run */
	TRIES = 3,
	LINE = CHANGE_WORDS + 64,
	WORDS = 7 /* one more than a first line has */
};

static const char *const places[] = { "/run/lab-", "/var/tmp/lab-journal-" };

struct birth { /* of an agent, and of this process */
	char run[40], boot[40];
	int64_t pid, net;
};

static const char *place_path(size_t index, char path[64])
{
	snprintf(path, 64, "%s%u", places[index], (unsigned)geteuid());
	return path;
}

/* Nobody else may have put it there, or write into it. */
static int open_place(const char *path, bool does_make)
{
	struct stat st;
	int dir;

	if (does_make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -1;
	if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return dir;
	close(dir);
	errno = EPERM;
	return -1;
}

static void here(struct birth *birth)
{
	struct buf boot = { 0 };
	struct stat net = { 0 };
	struct err ignored = { 0 };

	*birth = (struct birth){ .run = "-", .boot = "-", .pid = getpid() };
	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot, &ignored) == 0)
		snprintf(birth->boot, sizeof birth->boot, "%.*s", (int)strcspn(boot.data, "\n"),
			 boot.data);
	buf_close(&boot);
	(void)stat("/proc/self/ns/net", &net);
	birth->net = (int64_t)net.st_ino;
}

static int write_line(struct journal *journal, const char *line)
{
	return write_all(journal->fd, line, strlen(line)) < 0 || fsync(journal->fd) < 0 ? -1 : 0;
}

/* Locked before anything is in it: a sweep that takes it for a dead agent's finds nothing to do,
 * and may have removed it. */
static int make_file(struct journal *journal, const struct birth *birth)
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
	struct birth birth;
	char line[LINE];
	int sys = 0;

	*journal = (struct journal){ .dir = -1, .fd = -1, .next = 1 };
	here(&birth);
	if (*run != '\0')
		snprintf(birth.run, sizeof birth.run, "%s", run);
	/* Whoever removes the last file removes the directory with it: again then. */
	for (size_t i = 0; i < TRIES * COUNT(places) && journal->fd < 0; i++) {
		journal->dir = open_place(place_path(i / TRIES, journal->place), true);
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
	err_sys(err, "journal %s", journal->name);
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
	if (len < 0 || (size_t)len >= sizeof line || journal->next >= ENTRIES)
		return err_set(err, ERR_BROKE, "journal: too many changes, or too long a one");
	journal->open++;
	if (write_line(journal, line) < 0)
		return err_sys(err, "journal %s", journal->name);
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

struct entry {
	const char *what, *words; /* in the journal's text */
	bool is_undone;
};

struct dead { /* a journal, as it is read */
	struct birth birth;
	size_t count;
	struct entry *entry; /* owned; number - 1 is the index */
};

/* How many words the line has, which it is cut into; at most WORDS. */
static size_t cut(char *line, const char *word[WORDS])
{
	char *save = NULL;
	size_t count = 0;

	for (char *at = strtok_r(line, " ", &save); at != NULL && count < WORDS;
	     at = strtok_r(NULL, " ", &save))
		word[count++] = at;
	return count;
}

static bool take_birth(struct birth *birth, char *line)
{
	const char *word[WORDS];

	if (cut(line, word) != 6 || !streq(word[1], "1"))
		return false;
	snprintf(birth->run, sizeof birth->run, "%s", word[2]);
	snprintf(birth->boot, sizeof birth->boot, "%s", word[4]);
	return parse_int(word[3], 1, INT32_MAX, &birth->pid) == 0 &&
	       parse_int(word[5], 0, INT64_MAX, &birth->net) == 0;
}

static bool take_line(struct dead *dead, char *line)
{
	int64_t number;
	size_t digits;
	char *what, *words;

	if (starts_with(line, "lab-journal "))
		return take_birth(&dead->birth, line);
	if ((line[0] != '+' && line[0] != '-') || line[1] != ' ')
		return false;
	digits = parse_digits(line + 2, &number);
	if (digits == 0 || number < 1 || number >= ENTRIES)
		return false;
	what = line + 2 + digits;
	if (line[0] == '-' && *what == '\0' && (size_t)number <= dead->count) {
		dead->entry[number - 1].is_undone = true;
		return true;
	}
	words = *what == ' ' ? strchr(what + 1, ' ') : NULL;
	if (line[0] != '+' || words == NULL || (size_t)number != dead->count + 1)
		return false;
	*words = '\0';
	dead->entry[dead->count++] = (struct entry){ .what = what + 1, .words = words + 1 };
	return true;
}

static void parse(struct dead *dead, char *text)
{
	char *end;

	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		*end = '\0';
		if (!take_line(dead, text))
			return; /* not ours from here on */
	}
}

static void tell(const struct sink *sink, const struct birth *birth, const struct entry *entry,
		 const char *state, const char *why)
{
	const char *rest = entry != NULL ? entry->words : "";
	char name[256] = "";
	struct event event;

	(void)change_word(&rest, name, sizeof name);

	event_init(&event, "leftover");
	event_text(&event, "run", birth->run);
	event_int(&event, "pid", birth->pid);
	event_text(&event, "what", entry != NULL ? entry->what : NULL);
	event_text(&event, "name", entry != NULL ? name : NULL);
	event_text(&event, "state", state);
	event_text(&event, "error", why);
	sink_event(sink, &event);
}

/* true: nobody needs to look at it again. */
static bool undo(const struct sink *sink, const struct dead *dead, const struct entry *entry)
{
	static const char *const states[] = {
		[CHANGE_GONE] = "gone",
		[CHANGE_UNDONE] = "undone",
		[CHANGE_THEIRS] = "theirs",
	};
	const struct change *change = change_find(entry->what);
	char proof[CHANGE_TEXT] = "";
	struct err err = { 0 };
	int end = change != NULL ? change->undo(entry->words, proof, &err)
				 : err_set(&err, ERR_BROKE, "this agent knows no such change");

	tell(sink, &dead->birth, entry, end < 0 ? "failed" : states[end],
	     end < 0                ? err.text
	     : end == CHANGE_THEIRS ? proof
				    : NULL);
	return end >= 0;
}

/* How many changes of a dead agent could not be undone; *is_done: its file can go. */
static int replay(const struct sink *sink, struct dead *dead, bool *is_done)
{
	struct birth now;
	int failed = 0;

	here(&now);
	*is_done = true;
	for (size_t i = dead->count; i-- > 0;) { /* last in, first out */
		const struct entry *entry = &dead->entry[i];

		if (entry->is_undone)
			continue;
		if (!streq(dead->birth.boot, now.boot)) {
			tell(sink, &dead->birth, entry, "gone", NULL);
		} else if (dead->birth.net != now.net) {
			tell(sink, &dead->birth, entry, "elsewhere", NULL);
			*is_done = false;
		} else if (!undo(sink, dead, entry)) {
			failed++;
		}
	}
	*is_done &= failed == 0;
	return failed;
}

static int sweep_file(int dir, const char *name, const struct sink *sink)
{
	struct dead dead = { 0 };
	struct buf text = { 0 };
	struct err err = { 0 };
	struct stat st;
	bool is_done = false;
	int failed = 0;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_dead = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_nlink != 1 || !S_ISREG(st.st_mode) ||
	    file_read(dir, name, FILE_MAX, &text, &err) < 0)
		goto out;
	dead.entry = mem_zeroed(ENTRIES, sizeof *dead.entry);
	if (text.len > 0)
		parse(&dead, text.data);
	if (is_dead)
		failed = replay(sink, &dead, &is_done);
	else if (dead.birth.pid > 0)
		tell(sink, &dead.birth, NULL, "alive", NULL);
	if (is_dead && is_done)
		(void)unlinkat(dir, name, 0);
out:
	free(dead.entry);
	buf_close(&text);
	if (fd >= 0)
		close(fd);
	return failed;
}

int journal_sweep(const struct sink *sink, struct err *err)
{
	int failed = 0;

	for (size_t i = 0; i < COUNT(places); i++) {
		char place[64];
		int dir = open_place(place_path(i, place), false);
		DIR *list = dir >= 0 ? fdopendir(dir) : NULL;
		struct dirent *each;

		if (list == NULL && dir < 0 && errno == ENOENT)
			continue;
		if (list == NULL)
			return err_sys(err, "journals of changes");
		while ((each = readdir(list)) != NULL)
			if (each->d_name[0] != '.')
				failed += sweep_file(dir, each->d_name, sink);
		closedir(list);
		(void)rmdir(place);
	}
	return failed;
}
