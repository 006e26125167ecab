/* Writes a run directory. Lines and packets are queued and written at the end of each turn of the
 * poll loop, so that no file write stands between two steps. */
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "env.h"
#include "file.h"
#include "mem.h"
#include "parse.h"
#include "sha256.h"

static int open_new(int dirfd, const char *name, struct err *err)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, "%s", name);
	file_give_person(fd);
	return fd;
}

int rundir_state(char path[PATH_MAX], const char *name, struct err *err)
{
	const char *state = env_get(VAR_XDG_STATE_HOME), *home = env_get(VAR_HOME);
	int n = -1;

	if (state && *state == '/')
		n = snprintf(path, PATH_MAX, "%s/lab/%s", state, name);
	else if (home && *home == '/')
		n = snprintf(path, PATH_MAX, "%s/.local/state/lab/%s", home, name);
	if (n < 0)
		return err_set(err, ERR_CANNOT,
			       "no place for lab/%s: neither HOME nor XDG_STATE_HOME is set", name);
	if (n >= PATH_MAX)
		return err_set(err, ERR_CANNOT, "the state directory's name is too long");
	return 0;
}

int rundir_history(char path[PATH_MAX], struct err *err)
{
	if (rundir_state(path, "runs", err) == 0)
		return 0;
	return err_set(err, ERR_CANNOT,
		       "no place for the run: neither HOME nor XDG_STATE_HOME is set, or to a name "
		       "that is too long (lab run -o DIR ...)");
}

static int random_id(void)
{
	uint16_t id;

	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != sizeof(id))
		id = (uint16_t)(clock_mono_ns() >> 10);
	return id;
}

static int make_run(struct rundir *dir, const char *parent, const char *scenario, struct err *err)
{
	time_t now = (time_t)(clock_real_ns() / 1000000000);
	struct tm tm;
	char when[32], path[PATH_MAX];

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	for (int tries = 0; tries < 64; tries++) {
		snprintf(dir->run, sizeof(dir->run), "%04x", (unsigned)random_id() & 0xffff);
		int n =
		    snprintf(path, sizeof(path), "%s/%s-%s-%s", parent, when, scenario, dir->run);
		if (n < 0 || n >= (int)sizeof(path))
			return err_set(err, ERR_CANNOT, "%.60s...: the name is too long", parent);
		if (mkdir(path, 0700) == 0) {
			memcpy(dir->path, path, sizeof(path));
			return 0;
		}
		if (errno != EEXIST) {
			err_sys(err, "cannot write the run into %s", parent);
			err->kind = err->sys == ENOSPC || err->sys == EIO ? ERR_BROKE : ERR_CANNOT;
			return -1;
		}
	}
	return err_set(err, ERR_BROKE, "%s: no free run id", parent);
}

static int fill_run(struct rundir *dir, struct err *err)
{
	dir->fd = open(dir->path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (dir->fd < 0)
		return err_sys(err, "%s", dir->path);
	file_give_person(dir->fd);
	flock(dir->fd, LOCK_EX | LOCK_NB);
	if (mkdirat(dir->fd, "capture", 0700) < 0)
		return err_sys(err, "%s/capture", dir->path);
	int capture = openat(dir->fd, "capture", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (capture >= 0) {
		file_give_person(capture);
		close(capture);
	}
	sha256_init(&dir->events.sha);
	sha256_init(&dir->steps.sha);
	dir->events.fd = open_new(dir->fd, "events.ndjson", err);
	dir->steps.fd = dir->events.fd < 0 ? -1 : open_new(dir->fd, "steps.ndjson", err);
	return dir->steps.fd < 0 ? err_in(err, "%s", dir->path) : 0;
}

int rundir_make(struct rundir *dir, const char *parent, const char *scenario, struct err *err)
{
	char history[PATH_MAX];

	*dir = (struct rundir){ .fd = -1, .events.fd = -1, .steps.fd = -1 };
	if (!parent) {
		if (rundir_history(history, err) < 0)
			return -1;
		parent = history;
		dir->is_history = true;
	}
	if (file_folder(parent, err) < 0 || make_run(dir, parent, scenario, err) < 0) {
		const struct err why = *err;
		if (dir->is_history && why.kind == ERR_CANNOT)
			err_set(err, why.kind, "%s (lab run -o DIR ...)", why.text);
		return -1;
	}
	if (fill_run(dir, err) == 0)
		return 0;
	rundir_drop_empty(dir);
	return -1;
}

static void add_line(struct rundir_file *file, struct event *event)
{
	event->seq = ++file->lines;
	event_json(&file->pending, event);
}

void rundir_event(struct rundir *dir, struct event *event)
{
	add_line(&dir->events, event);
}

void rundir_step(struct rundir *dir, struct event *event)
{
	add_line(&dir->steps, event);
}

int rundir_capture_open(struct rundir *dir, const char *name, uint32_t snaplen, struct err *err)
{
	struct rundir_capture capture = { .fd = -1 };
	char file[200];
	const uint32_t header[6] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, snaplen, 1 /* Ethernet */ };

	if (dir->ncapture == RUNDIR_CAPTURES)
		return err_set(err, ERR_USAGE, "more than %d captures", RUNDIR_CAPTURES);
	snprintf(capture.name, sizeof(capture.name), "%s", name);
	snprintf(file, sizeof(file), "capture/%s.pcap", capture.name);
	capture.fd = open_new(dir->fd, file, err);
	if (capture.fd < 0)
		return err_in(err, "%s", dir->path);
	dir->capture = mem_resize(dir->capture, dir->ncapture + 1, sizeof(*dir->capture));
	sha256_init(&capture.sha);
	buf_add(&capture.pending, header, sizeof(header));
	dir->capture[dir->ncapture] = capture;
	return (int)dir->ncapture++;
}

int rundir_packets(struct rundir *dir, size_t index, const void *records, size_t len,
		   struct err *err)
{
	struct cursor cursor = cursor_of(records, len);

	if (index >= dir->ncapture)
		return err_set(err, ERR_BROKE, "packets of capture %zu, which was never started",
			       index);
	struct rundir_capture *capture = &dir->capture[index];
	while (cursor_left(&cursor) > 0) {
		uint64_t t_ns = cursor_u64(&cursor);
		uint32_t wire_len = cursor_u32(&cursor), cap_len = cursor_u32(&cursor);
		const uint8_t *bytes = cursor_take(&cursor, cap_len);
		if (cursor.is_failed)
			return err_set(err, ERR_BROKE, "%s: packets cut in their frame",
				       capture->name);
		const uint32_t head[4] = { (uint32_t)(t_ns / 1000000000),
					   (uint32_t)(t_ns % 1000000000), cap_len, wire_len };
		buf_add(&capture->pending, head, sizeof(head));
		buf_add(&capture->pending, bytes, cap_len);
	}
	return 0;
}

/* -1 with errno. */
static int flush_one(int fd, struct buf *pending, struct sha256 *sha, uint64_t *written)
{
	while (pending->len > 0 && fd >= 0) {
		ssize_t done = write(fd, pending->data, pending->len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		*written += (size_t)done;
		sha256_add(sha, pending->data, (size_t)done);
		buf_drop(pending, (size_t)done); /* a full disk may take a part: go on behind it */
	}
	return 0;
}

static int flush_lines(const struct rundir *dir, struct rundir_file *file, const char *name,
		       struct err *err)
{
	if (flush_one(file->fd, &file->pending, &file->sha, &file->written) == 0)
		return 0;
	return err_sys(err, "%s/%s", dir->path, name);
}

/* What one file has no room for is no reason to keep the others from theirs. */
int rundir_flush(struct rundir *dir, struct err *err)
{
	struct err later;
	int status = 0;

	for (size_t i = 0; i < dir->ncapture; i++) {
		struct rundir_capture *capture = &dir->capture[i];
		if (flush_one(capture->fd, &capture->pending, &capture->sha, &dir->captured) < 0)
			status = err_sys(status == 0 ? err : &later, "%s/capture/%s.pcap",
					 dir->path, capture->name);
	}
	if (flush_lines(dir, &dir->events, "events.ndjson", status == 0 ? err : &later) < 0)
		status = -1;
	if (flush_lines(dir, &dir->steps, "steps.ndjson", status == 0 ? err : &later) < 0)
		status = -1;
	return status;
}

int rundir_check_size(const struct rundir *dir, struct err *err)
{
	if (dir->events.written > RUNDIR_EVENTS)
		return err_set(err, ERR_BROKE, "%s: more than %d MiB of events", dir->path,
			       RUNDIR_EVENTS >> 20);
	if (dir->captured > RUNDIR_CAPTURED)
		return err_set(err, ERR_BROKE, "%s: more than %d GiB of packets", dir->path,
			       (int)(RUNDIR_CAPTURED >> 30));
	return 0;
}

int rundir_write(struct rundir *dir, const char *name, const void *bytes, size_t len,
		 struct err *err)
{
	if (file_write(dir->fd, name, bytes, len, err) < 0)
		return err_in(err, "%s", dir->path);
	int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		file_give_person(fd);
		close(fd);
	}
	return 0;
}

static void digest_written(const struct sha256 *so_far, char hex[65])
{
	struct sha256 sha = *so_far;

	sha256_hex(&sha, hex);
}

/* A file that is appended to is digested as it is written: at the end nothing is read again. */
int rundir_digest(const struct rundir *dir, const char *name, char hex[65], struct err *err)
{
	struct sha256 sha;
	char block[65536];
	ssize_t n;
	int fd;

	if (streq(name, "events.ndjson") || streq(name, "steps.ndjson")) {
		digest_written(*name == 'e' ? &dir->events.sha : &dir->steps.sha, hex);
		return 0;
	}
	for (size_t i = 0; i < dir->ncapture; i++) {
		char file[200];
		snprintf(file, sizeof(file), "capture/%s.pcap", dir->capture[i].name);
		if (streq(file, name)) {
			digest_written(&dir->capture[i].sha, hex);
			return 0;
		}
	}
	fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(err, "%s/%s", dir->path, name);
	sha256_init(&sha);
	while ((n = read(fd, block, sizeof(block))) > 0)
		sha256_add(&sha, block, (size_t)n);
	if (n < 0) {
		err_sys(err, "%s/%s", dir->path, name);
		close(fd);
		return -1;
	}
	close(fd);
	sha256_hex(&sha, hex);
	return 0;
}

static int remove_tree(int parent, const char *name, int depth)
{
	struct dirent *entry;
	int fd = openat(parent, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(stream))) {
		if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && depth > 0)
			remove_tree(fd, entry->d_name, depth - 1);
	}
	closedir(stream);
	return unlinkat(parent, name, AT_REMOVEDIR);
}

int rundir_remove(int parent, const char *name)
{
	return remove_tree(parent, name, 2);
}

bool rundir_drop_empty(struct rundir *dir)
{
	char path[PATH_MAX];

	if (!*dir->path || dir->events.written || dir->steps.written)
		return false;
	snprintf(path, sizeof(path), "%s", dir->path);
	rundir_close(dir);
	char *slash = strrchr(path, '/');
	*slash = 0; /* make_run put it between the parent and the name */
	int parent = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (parent < 0)
		return false;
	int status = rundir_remove(parent, slash + 1);
	close(parent);
	return status == 0;
}

void rundir_close(struct rundir *dir)
{
	for (size_t i = 0; i < dir->ncapture; i++) {
		close(dir->capture[i].fd);
		buf_close(&dir->capture[i].pending);
	}
	free(dir->capture);
	buf_close(&dir->events.pending);
	buf_close(&dir->steps.pending);
	if (dir->events.fd >= 0)
		close(dir->events.fd);
	if (dir->steps.fd >= 0)
		close(dir->steps.fd);
	if (dir->fd >= 0)
		close(dir->fd);
	*dir = (struct rundir){ .fd = -1, .events.fd = -1, .steps.fd = -1 };
}
