/* The digests of the manifest against the files, read anew. Names come from a file: only those that
 * stay inside the directory are opened. */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#include "file.h"
#include "sha256.h"

enum {
	MANIFEST_MAX = 64 << 20
};

static int digest(int dirfd, const char *name, char hex[SHA256_HEX])
{
	struct sha256 sha;
	char block[65536];
	ssize_t n;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -1;
	sha256_init(&sha);
	while ((n = read(fd, block, sizeof block)) > 0)
		sha256_add(&sha, block, (size_t)n);
	close(fd);
	sha256_hex(&sha, hex);
	return n < 0 ? -1 : 0;
}

static bool stays_inside(const char *name)
{
	return *name && *name != '/' && !strstr(name, "..");
}

static const char *compare(int dirfd, json_t *digests, struct arena *arena)
{
	const char *name;
	json_t *value;

	json_object_foreach(digests, name, value)
	{
		const char *sealed = json_string_value(value);
		char hex[SHA256_HEX];

		if (!sealed || !stays_inside(name))
			return "the manifest is not one of lab's";
		if (digest(dirfd, name, hex) < 0)
			return arena_printf(arena, "%s is gone: the manifest has it", name);
		if (!streq(hex, sealed))
			return arena_printf(
			    arena, "%s was altered after the run: the manifest has another digest",
			    name);
	}
	return NULL;
}

int seal_check(int dirfd, const char **broken, struct arena *arena, struct err *err)
{
	struct buf text = { 0 };
	json_error_t why;

	*broken = NULL;
	if (faccessat(dirfd, "manifest.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (file_read(dirfd, "manifest.json", MANIFEST_MAX, &text, err) < 0)
		return -1;
	json_t *root =
	    json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &why);
	json_t *digests = json_object_get(root, "sha256");
	*broken = json_is_object(digests) ? compare(dirfd, digests, arena)
					  : "manifest.json has no digests: it is not one of lab's";
	json_decref(root);
	buf_close(&text);
	return 0;
}
