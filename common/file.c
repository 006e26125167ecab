/* Whole files. Opened without blocking: a FIFO in place of a file must not hold us. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "parse.h"

static int read_to_end(int fd, const char *name, size_t max, struct buf *out, struct err *err)
{
	size_t start = out->len;

	for (;;) {
		ssize_t got;

		buf_reserve(out, 1 << 14);
		got = read(fd, out->data + out->len, 1 << 14);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "%s", name);
		if (got == 0)
			return 0;
		out->len += (size_t)got;
		out->data[out->len] = '\0';
		if (out->len - start > max)
			return err_set(err, ERR_BROKE, "%s: larger than %zu bytes", name, max);
	}
}

int file_read(int dirfd, const char *name, size_t max, struct buf *out, struct err *err)
{
	size_t start = out->len;
	struct stat st;
	int fd, result = -1;

	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_sys(err, "%s", name);
	if (fstat(fd, &st) < 0)
		err_sys(err, "%s", name);
	else if (!S_ISREG(st.st_mode) && !starts_with(name, "/proc/"))
		err_set(err, ERR_BROKE, "%s: not a regular file", name);
	else
		result = read_to_end(fd, name, max, out, err);
	close(fd);
	if (result < 0 && out->data) {
		out->len = start;
		out->data[start] = '\0';
	}
	return result;
}

int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t done = write(fd, at, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		at += done;
		len -= (size_t)done;
	}
	return 0;
}

int file_write(int dirfd, const char *name, const void *bytes, size_t len, struct err *err)
{
	char temporary[PATH_MAX];
	int fd, sys = 0;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", name) >= (int)sizeof(temporary))
		return err_set(err, ERR_BROKE, "%s: name too long", name);
	unlinkat(dirfd, temporary, 0); /* of a run that was killed; never written through */
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "%s", name);
	if (write_all(fd, bytes, len) < 0)
		sys = errno;
	if (close(fd) < 0 && sys == 0)
		sys = errno;
	if (sys == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		sys = errno;
	if (sys == 0)
		return 0;
	unlinkat(dirfd, temporary, 0);
	errno = sys;
	return err_sys(err, "%s", name);
}

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void file_give(int dirfd, const char *name)
{
	struct stat st;

	if (geteuid() != 0 || fstat(dirfd, &st) < 0 || st.st_uid == 0)
		return;
	if (fchownat(dirfd, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* stays root's: there is nothing to mend here */
}

void file_give_person(int fd)
{
	const char *uid = env_get(VAR_SUDO_UID), *gid = env_get(VAR_SUDO_GID);
	int64_t u, g;

	if (geteuid() != 0 || !uid || !gid || parse_int(uid, 0, UINT32_MAX - 1, &u) < 0 ||
	    parse_int(gid, 0, UINT32_MAX - 1, &g) < 0)
		return;
	if (fchown(fd, (uid_t)u, (gid_t)g) < 0)
		return; /* stays root's: readable still, and nothing to mend here */
}

int file_folder(const char *path, struct err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err_set(err, ERR_CANNOT, "%.60s: not a usable directory name", path);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i])
			continue;
		char kept = part[i];
		part[i] = 0;
		if (mkdir(part, 0700) == 0) {
			int fd = open(part, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
			if (fd >= 0) {
				file_give_person(fd);
				close(fd);
			}
		} else if (errno != EEXIST) {
			int saved = errno;
			err_sys(err, "cannot make %s", part);
			err->kind = saved == ENOSPC || saved == EIO ? ERR_BROKE : ERR_CANNOT;
			return -1;
		}
		part[i] = kept;
	}
	return 0;
}

void file_allow(size_t count)
{
	static const size_t usual = 256;
	struct rlimit limit;

	count += usual;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= count)
		return;
	limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
