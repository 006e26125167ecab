/* Where scenarios live: the working directory, the user's, beside the program (an uninstalled
 * build), installed. The first that has a name wins. */
#include "scenario.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "env.h"
#include "nearest.h"

enum {
	PLACES = 4,
	ENTRIES = 4096
};

struct folder {
	const char *path, *from;
};

static size_t find_folders(struct folder folder[PLACES], struct arena *arena)
{
	const char *data = env_get(VAR_XDG_DATA_HOME), *home = env_get(VAR_HOME);
	char self[PATH_MAX];
	bool is_known = beside_folder(self);
	char *above = is_known ? strrchr(self, '/') : NULL; /* of build/ and of PREFIX/bin/ */
	size_t count = 0;

	folder[count++] = (struct folder){ "./scenarios", "./scenarios" };
	if (data && *data == '/')
		folder[count++] =
		    (struct folder){ arena_printf(arena, "%s/lab/scenarios", data), "user" };
	else if (home && *home == '/')
		folder[count++] =
		    (struct folder){ arena_printf(arena, "%s/.local/share/lab/scenarios", home),
				     "user" };
	if (above && above > self) {
		*above = 0;
		folder[count++] =
		    (struct folder){ arena_printf(arena, "%s/scenarios", self), "beside lab" };
		folder[count++] =
		    (struct folder){ arena_printf(arena, "%s/share/lab/scenarios", self),
				     "installed" };
	}
	return count;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_known(const struct scenario_entry *entry, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(entry[i].name, name))
			return true;
	return false;
}

static int compare_entries(const void *a, const void *b)
{
	const struct scenario_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int scenario_list(const struct scenario_entry **out, size_t *count, struct arena *arena,
		  struct err *err)
{
	struct folder folder[PLACES];
	size_t nfolder = find_folders(folder, arena), cap = 0, n = 0;
	struct scenario_entry *entry = NULL;

	for (size_t i = 0; i < nfolder; i++) {
		DIR *dir = opendir(folder[i].path);
		struct dirent *d;
		if (!dir && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
			continue;
		if (!dir)
			return err_sys(err, "%s", folder[i].path);
		while ((d = readdir(dir)) && n < ENTRIES) {
			size_t len = strlen(d->d_name);
			if (d->d_name[0] == '.' || len <= 4 || !streq(d->d_name + len - 4, ".ini"))
				continue;
			const char *name = arena_ndup(arena, d->d_name, len - 4);
			const char *path = arena_printf(arena, "%s/%s", folder[i].path, d->d_name);
			if (is_known(entry, n, name) || !is_file(path))
				continue;
			entry = arena_grow(arena, entry, n, &cap, sizeof(*entry));
			entry[n++] = (struct scenario_entry){ .name = name,
							      .path = path,
							      .from = folder[i].from };
		}
		closedir(dir);
	}
	if (n)
		qsort(entry, n, sizeof(*entry), compare_entries);
	*out = entry;
	*count = n;
	return 0;
}

static const char *look_up(const char *name, struct arena *arena)
{
	struct folder folder[PLACES];
	size_t nfolder = find_folders(folder, arena);

	for (size_t i = 0; i < nfolder; i++) {
		const char *path = arena_printf(arena, "%s/%s.ini", folder[i].path, name);
		if (is_file(path))
			return path;
	}
	return NULL;
}

int scenario_find(const char *name, const char **path, struct arena *arena, struct err *err)
{
	size_t len = strlen(name), count = 0;
	const struct scenario_entry *entry;

	if (strchr(name, '/') || (len > 4 && streq(name + len - 4, ".ini"))) {
		const char *stem = arena_ndup(arena, name, len > 4 ? len - 4 : 0);
		if (!strchr(name, '/') && access(name, F_OK) < 0 && look_up(stem, arena))
			return err_set(err, ERR_USAGE, "no file %s here: did you mean %s?", name,
				       stem);
		*path = name; /* whether it can be read is said by who reads it */
		return 0;
	}
	*path = look_up(name, arena);
	if (*path)
		return 0;
	if (is_file(arena_printf(arena, "%s.ini", name)))
		return err_set(err, ERR_USAGE, "no scenario %s: did you mean the file %s.ini?",
			       name, name);
	if (scenario_list(&entry, &count, arena, err) < 0)
		return -1;
	const char **known = arena_array(arena, count + 1, sizeof(*known));
	for (size_t i = 0; i < count; i++)
		known[i] = entry[i].name;
	const char *near = nearest(name, known, count);
	if (near)
		return err_set(err, ERR_USAGE, "no scenario %s: did you mean %s?", name, near);
	return err_set(err, ERR_USAGE, "no scenario %s: lab list shows those that exist", name);
}
