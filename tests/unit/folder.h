/* A folder for a test program: made by its group's setup, removed with all that is in it by the
 * group's teardown, whatever failed in between. Tests find its path in *state. */
#ifndef FOLDER_H
#define FOLDER_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

enum {
	FOLDER_PATH = 64
};

static inline int folder_setup(void **state)
{
	char *path = strdup("/tmp/lab-unit-XXXXXX");

	*state = path;
	return path && mkdtemp(path) ? 0 : -1;
}

static inline int folder_remove_one(const char *path, const struct stat *st, int kind,
				    struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static inline int folder_teardown(void **state)
{
	int rc = nftw(*state, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return rc;
}

/* A new folder in it. */
static inline void folder_inside(const char *folder, char path[FOLDER_PATH])
{
	snprintf(path, FOLDER_PATH, "%s/XXXXXX", folder);
	assert_non_null(mkdtemp(path));
}

#endif
