/* lab.json in a folder of the state directory; the lock lies beside the folder, which goes. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "json.h"
#include "rundir.h"

enum {
	BYTES = 64 * 1024,
	HOLDER = 160, /* of the lock: who it is */
	OPEN_FOLDERS = 16
};

static const struct {
	const char *name;
	size_t offset;
} members[] = {
	{ "id", offsetof(struct sandbox, id) },
	{ "name", offsetof(struct sandbox, name) },
	{ "account", offsetof(struct sandbox, account) },
	{ "region", offsetof(struct sandbox, region) },
	{ "from", offsetof(struct sandbox, from) },
	{ "made_at", offsetof(struct sandbox, made_at) },
	{ "expires_at", offsetof(struct sandbox, expires_at) },
};

static const char **member_of(struct sandbox *sandbox, size_t i)
{
	return (const char **)((char *)sandbox + members[i].offset);
}

const char *sandbox_path(const struct sandbox *sandbox, const char *name, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", sandbox->folder, name);
}

/* It becomes the name of a file, and a tag. */
static bool is_word(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static int damaged(const char *path, const char *what, struct err *err)
{
	return err_set(err, ERR_CANNOT,
		       "%s: %s; what is left in AWS bears the tag `lab`: lab cleanup -b aws", path,
		       what);
}

static int take_members(struct sandbox *out, const char *path, const json_t *root,
			struct arena *arena, struct err *err)
{
	const json_t *clients = json_object_get(root, "clients");

	for (size_t i = 0; i < COUNT(members); i++) {
		const char *text = json_string_value(json_object_get(root, members[i].name));
		if (!text || !*text)
			return damaged(path, members[i].name, err);
		*member_of(out, i) = arena_dup(arena, text);
	}
	out->clients = json_integer_value(clients);
	out->is_up = json_is_true(json_object_get(root, "is_up"));
	out->is_making = json_is_true(json_object_get(root, "is_making"));
	if (!is_word(out->id) || !is_word(out->name))
		return damaged(path, "its name is none", err);
	if (out->clients < 1 || out->clients > SANDBOX_CLIENTS)
		return damaged(path, "clients", err);
	if (sandbox_seconds(out->made_at) < 0 || sandbox_seconds(out->expires_at) < 0)
		return damaged(path, "it holds no times", err);
	out->is_there = true;
	return 0;
}

static int read_members(struct sandbox *out, const char *path, struct arena *arena, struct err *err)
{
	struct buf text = { 0 };
	json_error_t why;
	int status = file_read(AT_FDCWD, path, BYTES, &text, err);

	if (status == 0) {
		json_t *root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &why);
		const char *schema = json_string_value(json_object_get(root, "schema"));
		status = schema && streq(schema, "lab.sandbox/1")
			     ? take_members(out, path, root, arena, err)
			     : damaged(path, "it is no lab.sandbox/1", err);
		json_decref(root);
	}
	buf_close(&text);
	return status;
}

int sandbox_read(struct sandbox *sandbox, struct arena *arena, struct err *err)
{
	const char *path = sandbox_path(sandbox, "lab.json", arena);
	struct stat st;

	sandbox->is_there = false;
	if (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	return read_members(sandbox, path, arena, err);
}

int sandbox_find(struct sandbox *out, struct arena *arena, struct err *err)
{
	char folder[PATH_MAX];

	*out = (struct sandbox){ .lock_fd = -1 };
	if (rundir_state(folder, "sandbox", err) < 0)
		return -1;
	out->folder = arena_dup(arena, folder);
	return sandbox_read(out, arena, err);
}

/* Who it is, for whoever comes second. */
static void sign(int fd, struct arena *arena)
{
	const char *who = arena_printf(arena, "process %ld, since %s\n", (long)getpid(),
				       sandbox_time(clock_real_ns() / 1000000000, arena));

	if (ftruncate(fd, 0) == 0 && write_all(fd, who, strlen(who)) < 0)
		return; /* it is locked all the same */
}

static int refuse(int fd, struct err *err)
{
	char who[HOLDER] = "";
	ssize_t got = pread(fd, who, sizeof who - 1, 0);

	who[got > 0 ? strcspn(who, "\n") : 0] = '\0';
	return err_set(err, ERR_CANNOT, "another lab works on the sandbox (%s): wait for it",
		       *who ? who : "it has not said who");
}

int sandbox_lock(struct sandbox *sandbox, struct arena *arena, struct err *err)
{
	const char *path = arena_printf(arena, "%s.lock", sandbox->folder);
	const char *end = strrchr(path, '/');

	if (file_folder(arena_ndup(arena, path, (size_t)(end - path)), err) < 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int status = errno == EWOULDBLOCK ? refuse(fd, err) : err_sys(err, "%s", path);
		close(fd);
		return status;
	}
	file_give_person(fd);
	sandbox->lock_fd = fd;
	sign(fd, arena);
	return 0;
}

int sandbox_write(const struct sandbox *sandbox, struct err *err)
{
	struct sandbox copy = *sandbox;
	struct buf out = { 0 };
	struct json json = json_to(&out);
	int status;

	if (file_folder(sandbox->folder, err) < 0)
		return -1;
	int fd = open(sandbox->folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", sandbox->folder);
	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.sandbox/1");
	for (size_t i = 0; i < COUNT(members); i++)
		json_text(&json, members[i].name, *member_of(&copy, i));
	json_int(&json, "clients", sandbox->clients);
	json_bool(&json, "is_up", sandbox->is_up);
	json_bool(&json, "is_making", sandbox->is_making);
	json_object_end(&json);
	buf_str(&out, "\n");
	status = file_write(fd, "lab.json", out.data, out.len, err);
	if (status == 0 && syncfs(fd) < 0)
		status = err_sys(err, "%s", sandbox->folder);
	buf_close(&out);
	close(fd);
	return status;
}

void sandbox_give(const struct sandbox *sandbox)
{
	char *const path[] = { (char *)sandbox->folder, NULL };
	struct stat st;

	if (geteuid() != 0 || stat(sandbox->folder, &st) < 0 || st.st_uid == 0)
		return;
	FTS *tree = fts_open(path, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;
	while (tree && (entry = fts_read(tree)))
		if (entry->fts_info != FTS_DP && lchown(entry->fts_path, st.st_uid, st.st_gid) < 0)
			continue; /* stays root's */
	if (tree)
		fts_close(tree);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int sandbox_forget(struct sandbox *sandbox, struct err *err)
{
	char pins[PATH_MAX];
	int fd;

	if (rundir_state(pins, "known-hosts", err) < 0)
		return -1;
	fd = open(pins, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)unlinkat(fd, sandbox->name, 0);
		close(fd);
	}
	if (nftw(sandbox->folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) < 0)
		return err_sys(err, "%s", sandbox->folder);
	sandbox->is_there = false;
	return 0;
}

void sandbox_close(struct sandbox *sandbox)
{
	file_close(&sandbox->lock_fd);
}

const char *sandbox_new_id(struct arena *arena)
{
	unsigned char bytes[3];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return NULL;
	return arena_printf(arena, "%02x%02x%02x", bytes[0], bytes[1], bytes[2]);
}

const char *sandbox_time(int64_t seconds, struct arena *arena)
{
	time_t at = (time_t)seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&at, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_dup(arena, text);
}

int64_t sandbox_seconds(const char *time)
{
	struct tm tm = { 0 };
	const char *end = strptime(time, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end && !*end ? (int64_t)timegm(&tm) : -1;
}

const char *sandbox_span(int64_t seconds, struct arena *arena)
{
	if (seconds < 60)
		return arena_printf(arena, "%lld s", (long long)seconds);
	if (seconds < 3600)
		return arena_printf(arena, "%lld min", (long long)(seconds / 60));
	return arena_printf(arena, "%lld h %lld min", (long long)(seconds / 3600),
			    (long long)(seconds / 60 % 60));
}
