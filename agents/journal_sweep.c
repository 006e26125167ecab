/* Journals are read: whose file can be locked is dead. A last line without its end is of a change
 * that was never made. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "journal.h"
#include "journal_file.h"
#include "mem.h"
#include "parse.h"
#include "util.h"

enum {
	FILE_MAX = JOURNAL_ENTRIES * CHANGE_WORDS,
	WORDS = 7 /* one more than a first line has */
};

struct entry {
	const char *what, *words; /* in the journal's text */
	bool is_undone;
};

struct dead { /* a journal, as it is read */
	struct journal_birth birth;
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

static bool take_birth(struct journal_birth *birth, char *line)
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
	if (digits == 0 || number < 1 || number >= JOURNAL_ENTRIES)
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

static void tell(const struct sink *sink, const struct journal_birth *birth,
		 const struct entry *entry, const char *state, const char *why)
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
	struct journal_birth now;
	int failed = 0;

	journal_here(&now);
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

struct found { /* a file that is, or may be, a journal */
	struct dead dead;
	struct buf text;
	int fd; /* closed by found_close */
};

/* false: it is none of ours, or gone. With is_dead it is locked, where nobody else has: before it
 * is read, so that nothing more will be written into what was read. */
static bool found_open(struct found *found, int dir, const char *name, bool *is_dead)
{
	struct err ignored = { 0 };
	struct stat st;

	*found = (struct found){ .fd = -1 };
	found->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (is_dead != NULL)
		*is_dead = found->fd >= 0 && flock(found->fd, LOCK_EX | LOCK_NB) == 0;
	if (found->fd < 0 || fstat(found->fd, &st) < 0 || st.st_nlink != 1 ||
	    !S_ISREG(st.st_mode) || file_read(dir, name, FILE_MAX, &found->text, &ignored) < 0)
		return false;
	found->dead.entry = mem_zeroed(JOURNAL_ENTRIES, sizeof *found->dead.entry);
	if (found->text.len > 0)
		parse(&found->dead, found->text.data);
	return true;
}

static void found_close(struct found *found)
{
	free(found->dead.entry);
	buf_close(&found->text);
	if (found->fd >= 0)
		close(found->fd);
}

static int sweep_file(int dir, const char *name, const struct sink *sink)
{
	struct found found;
	bool is_done = false, is_dead;
	int failed = 0;

	if (found_open(&found, dir, name, &is_dead)) {
		if (is_dead)
			failed = replay(sink, &found.dead, &is_done);
		else if (found.dead.birth.pid > 0)
			tell(sink, &found.dead.birth, NULL, "alive", NULL);
		if (is_dead && is_done)
			(void)unlinkat(dir, name, 0);
	}
	found_close(&found);
	return failed;
}

/* One that somebody else has put there is no place of ours, and nothing of ours is in it. */
static bool is_own(const char *place)
{
	struct stat st;

	return lstat(place, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* As journal_sweep, of one place. */
static int sweep_place(size_t index, const struct sink *sink, struct err *err)
{
	char place[JOURNAL_PLACE];
	int failed = 0, dir = journal_open_place(index, false, place);
	DIR *list = dir >= 0 ? fdopendir(dir) : NULL;
	struct dirent *each;

	if (dir < 0 && !is_own(place))
		return 0;
	if (list == NULL) {
		err_sys(err, "journals of changes: %s has to be its owner's alone (0700)", place);
		if (dir >= 0)
			close(dir);
		return -1;
	}
	while ((each = readdir(list)) != NULL)
		if (each->d_name[0] != '.')
			failed += sweep_file(dir, each->d_name, sink);
	closedir(list);
	(void)rmdir(place);
	return failed;
}

int journal_sweep(const struct sink *sink, struct err *err)
{
	int failed = 0;
	bool is_read = true;

	for (size_t i = 0; i < JOURNAL_PLACES; i++) {
		int here = sweep_place(i, sink, err);

		if (here < 0)
			is_read = false;
		else
			failed += here;
	}
	return is_read ? failed : -1;
}

static int clash_file(int dir, const char *file, const char *what, const char *words,
		      struct err *err)
{
	struct journal_birth now;
	struct found found;
	int status = 0;

	journal_here(&now);
	if (found_open(&found, dir, file, NULL) && streq(found.dead.birth.boot, now.boot) &&
	    found.dead.birth.net == now.net)
		for (size_t i = 0; status == 0 && i < found.dead.count; i++) {
			const struct entry *entry = &found.dead.entry[i];

			if (!entry->is_undone &&
			    change_meets(entry->what, entry->words, what, words))
				status = err_set(err, ERR_CANNOT,
						 "%s %.*s is changed by run %s (lab-agent %lld) "
						 "and not undone so far",
						 entry->what, (int)strcspn(entry->words, "\t"),
						 entry->words, found.dead.birth.run,
						 (long long)found.dead.birth.pid);
		}
	found_close(&found);
	return status;
}

int journal_clash(const char *name, const char *what, const char *words, struct err *err)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < JOURNAL_PLACES; i++) {
		char place[JOURNAL_PLACE];
		int dir = journal_open_place(i, false, place);
		DIR *list = dir >= 0 ? fdopendir(dir) : NULL;
		struct dirent *each;

		while (list != NULL && status == 0 && (each = readdir(list)) != NULL)
			if (each->d_name[0] != '.' && !streq(each->d_name, name))
				status = clash_file(dir, each->d_name, what, words, err);
		if (list != NULL)
			closedir(list);
	}
	return status;
}
