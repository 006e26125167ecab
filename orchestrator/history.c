/* Runs are found by the shape of their names alone, removed file by file below an opened directory
 * (no path is followed twice), and never while a lab holds the lock. */
#include "history.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "rundir.h"

int history_is_run(const char *name)
{
	static const char shape[] = "99999999T999999Z-";
	size_t len = strlen(name);

	if (len < sizeof(shape) + 5 || len > 200 || strchr(name, '/'))
		return 0;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '9' ? !isdigit((unsigned char)name[i]) : name[i] != shape[i])
			return 0;
	if (name[len - 5] != '-')
		return 0;
	return strspn(name + len - 4, "0123456789abcdef") == 4;
}

static int64_t directory_bytes(int dirfd, int depth)
{
	int64_t bytes = 0;
	int copy = openat(dirfd, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	struct stat st;

	if (!stream) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode)) {
			bytes += st.st_blocks * 512;
		} else if (S_ISDIR(st.st_mode) && depth > 0) {
			int child = openat(dirfd, entry->d_name,
					   O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
			if (child >= 0) {
				bytes += directory_bytes(child, depth - 1);
				close(child);
			}
		}
	}
	closedir(stream);
	return bytes;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct history_run *)a)->name, ((const struct history_run *)b)->name);
}

/* Sizes only where they are asked for: they cost more than all the rest of a run's end. */
static int list_runs(const char *path, bool has_sizes, struct history_run **out, size_t *count,
		     struct arena *arena, struct err *err)
{
	struct history_run *run = NULL;
	size_t n = 0, cap = 0;
	struct dirent *entry;
	DIR *stream = opendir(path);

	*out = NULL;
	*count = 0;
	if (!stream)
		return errno == ENOENT ? 0 : err_sys(err, "%s", path);
	while ((entry = readdir(stream))) {
		if (!history_is_run(entry->d_name))
			continue;
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		int fd = has_sizes ? openat(dirfd(stream), entry->d_name,
					    O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
				   : -1;
		if (has_sizes && fd < 0)
			continue;
		run = arena_grow(arena, run, n, &cap, sizeof(*run));
		run[n++] = (struct history_run){ .name = arena_dup(arena, entry->d_name),
						 .bytes = has_sizes ? directory_bytes(fd, 2) : 0 };
		if (fd >= 0)
			close(fd);
	}
	closedir(stream);
	if (n)
		qsort(run, n, sizeof(*run), by_name);
	*out = run;
	*count = n;
	return 0;
}

int history_list(const char *path, const struct history_run **out, size_t *count,
		 struct arena *arena, struct err *err)
{
	struct history_run *run;
	int status = list_runs(path, true, &run, count, arena, err);

	*out = run;
	return status;
}

static void point_latest(const char *path, const char *name)
{
	char temporary[64];
	int parent = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	if (parent < 0)
		return;
	snprintf(temporary, sizeof(temporary), ".latest-%ld", (long)getpid());
	unlinkat(parent, temporary, 0); /* of a lab that was killed and had our pid */
	if (symlinkat(name, parent, temporary) == 0) {
		file_give(parent, temporary);
		if (renameat(parent, temporary, parent, "latest") < 0)
			unlinkat(parent, temporary, 0);
	}
	close(parent);
}

/* The run that ended last; of two in one second the names do not tell. */
static bool latest_run(const char *path, char name[256])
{
	struct stat st;
	int parent = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	ssize_t len = parent < 0 ? -1 : readlinkat(parent, "latest", name, 255);
	bool is_there = false;

	if (len > 0) {
		name[len] = 0;
		is_there = history_is_run(name) &&
			   fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			   S_ISDIR(st.st_mode);
	}
	if (parent >= 0)
		close(parent);
	return is_there;
}

/* The link does not outlive the run that it names. */
static void forget_latest(const char *path, int parent, const char *removed)
{
	char name[256];
	ssize_t len = readlinkat(parent, "latest", name, sizeof(name) - 1);
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct history_run *run;
	size_t count;

	if (len <= 0)
		return;
	name[len] = 0;
	if (!streq(name, removed))
		return;
	if (list_runs(path, false, &run, &count, &arena, &err) == 0 && count > 0)
		point_latest(path, run[count - 1].name);
	else
		unlinkat(parent, "latest", 0);
	arena_close(&arena);
}

int history_remove(const char *path, const char *name, struct err *err)
{
	int status = -1;

	if (!history_is_run(name))
		return err_set(err, ERR_USAGE, "%s is not the name of a run (lab runs)", name);
	int parent = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (parent < 0)
		return err_sys(err, "%s", path);
	int fd = openat(parent, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		err_sys(err, "%s/%s", path, name);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		err_set(err, ERR_CANNOT, "%s is still being written", name);
	else if (rundir_remove(parent, name) < 0)
		err_sys(err, "cannot remove %s/%s", path, name);
	else
		status = 0;
	if (status == 0)
		forget_latest(path, parent, name);
	if (fd >= 0)
		close(fd);
	close(parent);
	return status;
}

/* Bytes are counted by one run in 16 (its id is by chance), and by one that is large itself: as
 * many small ones as are kept are far below the limit. */
static bool counts_bytes(const char *path, const char *name)
{
	char text[PATH_MAX];
	int fd = -1;
	int64_t bytes = 0;

	if (*name && name[strlen(name) - 1] == '0')
		return true;
	if (snprintf(text, sizeof(text), "%s/%s", path, name) < (int)sizeof(text))
		fd = open(text, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		bytes = directory_bytes(fd, 2);
		close(fd);
	}
	return bytes > HISTORY_BYTES / HISTORY_RUNS / 2;
}

void history_file(const char *path, const char *name)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct history_run *run;
	size_t count;
	int64_t bytes = 0;

	point_latest(path, name);
	if (list_runs(path, counts_bytes(path, name), &run, &count, &arena, &err) == 0) {
		for (size_t i = 0; i < count; i++)
			bytes += run[i].bytes;
		size_t left = count;
		for (size_t i = 0; i < count; i++) {
			if (left <= HISTORY_RUNS && bytes <= HISTORY_BYTES)
				break;
			if (streq(run[i].name, name))
				continue;
			left--;
			bytes -= run[i].bytes;
			history_remove(path, run[i].name, &err);
		}
	}
	arena_close(&arena);
}

static void tell_none(const char *name, const char *parent, struct err *err)
{
	if (name)
		err_set(
		    err, ERR_USAGE,
		    "%s: there is no such file or folder, and no run in %s has that in its name "
		    "(lab runs)",
		    name, parent);
	else
		err_set(err, ERR_USAGE, "there is no run in %s yet (lab run refused)", parent);
}

/* When a run that was killed (its lab holds the lock no more, and did not come to seal it) was last
 * heard of; 0: it was not killed. */
static int64_t killed_at(int parent, const char *name)
{
	int fd = openat(parent, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int64_t at_ns = 0;

	if (fd < 0)
		return 0;
	if (faccessat(fd, "manifest.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT &&
	    fstatat(fd, "events.ndjson", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    flock(fd, LOCK_SH | LOCK_NB) == 0)
		at_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	close(fd);
	return at_ns;
}

/* A run that was killed could not point `latest` at itself: that is done here. */
static void notice_killed(const char *path, const struct history_run *run, size_t count,
			  char latest[256])
{
	int parent = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	int64_t last_ns, at_ns;
	bool is_found = false;
	struct stat st;

	if (parent < 0)
		return;
	if (fstatat(parent, "latest", &st, AT_SYMLINK_NOFOLLOW) < 0)
		count = 0;
	last_ns = count ? st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec : 0;
	for (size_t i = 0; i < count; i++) {
		at_ns = killed_at(parent, run[i].name);
		if (at_ns <= last_ns)
			continue;
		last_ns = at_ns;
		is_found = true;
		snprintf(latest, 256, "%s", run[i].name);
	}
	close(parent);
	if (is_found)
		point_latest(path, latest);
}

static int find_named(char path[PATH_MAX], const char *parent, const char *name, struct err *err)
{
	struct arena arena = { 0 };
	struct history_run *run, *found = NULL;
	char latest[256];
	size_t count, matches = 0;
	int status = -1;

	if (list_runs(parent, false, &run, &count, &arena, err) == 0) {
		if (!name && latest_run(parent, latest)) {
			notice_killed(parent, run, count, latest);
			name = latest;
		}
		for (size_t i = 0; i < count; i++) {
			if (name && !strstr(run[i].name, name))
				continue;
			found = &run[i];
			matches++;
		}
		if (!found)
			tell_none(name, parent, err);
		else if (snprintf(path, PATH_MAX, "%s/%s", parent, found->name) >= PATH_MAX)
			err_set(err, ERR_USAGE, "%s: the name is too long", parent);
		else if (name && matches > 1)
			err_set(err, ERR_USAGE,
				"%s names %zu runs in %s: write more of the name (lab runs)", name,
				matches, parent);
		else
			status = 0;
	}
	arena_close(&arena);
	return status;
}

int history_find(char path[PATH_MAX], const char *name, const char *parent, struct err *err)
{
	char history[PATH_MAX];
	struct stat st;

	if (name && stat(name, &st) == 0) {
		if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
			return err_set(err, ERR_USAGE, "%.60s...: the name is too long", name);
		return 0;
	}
	if (name && strchr(name, '/')) {
		err_sys(err, "%s", name);
		err->kind = ERR_USAGE;
		return -1;
	}
	if (!parent) {
		if (rundir_history(history, err) < 0)
			return -1;
		parent = history;
	}
	return find_named(path, parent, name && streq(name, "latest") ? NULL : name, err);
}
