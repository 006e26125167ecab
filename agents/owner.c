/* Socket owners through /proc, with a memory: a known answer costs one readlink. */
#include "owner.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>

#include "mem.h"
#include "parse.h"
#include "util.h"

enum {
	KNOWN_MAX = 4096
};

/* The inode of "socket:[123]"; 0: another kind of file. */
static uint32_t link_inode(int dirfd, const char *name)
{
	char text[64];
	ssize_t n = readlinkat(dirfd, name, text, sizeof text - 1);
	int64_t inode;

	if (n < 10)
		return 0;
	text[n] = '\0';
	if (!starts_with(text, "socket:[") || text[n - 1] != ']')
		return 0;
	text[n - 1] = '\0';
	return parse_int(text + 8, 1, UINT32_MAX, &inode) == 0 ? (uint32_t)inode : 0;
}

static void comm_read(pid_t pid, char *out, size_t len)
{
	char path[48];
	ssize_t n = -1;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, len - 1);
		close(fd);
	}
	if (n > 0 && out[n - 1] == '\n')
		n--;
	out[n > 0 ? n : 0] = '\0';
}

static bool still_holds(const struct owner *owner)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)owner->pid, owner->fd);
	return link_inode(AT_FDCWD, path) == owner->inode;
}

static void remember(struct owners *owners, const struct owner *owner)
{
	if (owners->count == KNOWN_MAX)
		owners->count = 0; /* forgetting costs time, not truth */
	if (owners->count == owners->cap) {
		size_t cap = owners->cap > 0 ? owners->cap * 2 : 64;

		owners->known = mem_resize(owners->known, cap, sizeof *owners->known);
		owners->cap = cap;
	}
	owners->known[owners->count++] = *owner;
}

/* 1: known; 0: never seen or no longer true. A socket that nobody visible held stays unknown. */
static bool recall(struct owners *owners, struct owner *want)
{
	for (size_t i = 0; i < owners->count; i++) {
		struct owner *known = &owners->known[i];

		if (known->inode != want->inode)
			continue;
		if (still_holds(known)) {
			*want = *known;
			return true;
		}
		*known = owners->known[--owners->count];
		return false;
	}
	return false;
}

/* Looks through the descriptors of one process; returns how many of want[] it resolved. */
static size_t process_look(struct owners *owners, pid_t pid, struct owner *want, size_t count)
{
	char path[48];
	size_t found = 0;
	struct dirent *entry;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		int64_t fd;
		uint32_t inode;

		if (parse_int(entry->d_name, 0, INT32_MAX, &fd) < 0)
			continue;
		inode = link_inode(dirfd(dir), entry->d_name);
		for (size_t i = 0; inode != 0 && i < count; i++) {
			if (want[i].inode != inode || want[i].pid != 0)
				continue;
			want[i].pid = pid;
			want[i].fd = (int)fd;
			comm_read(pid, want[i].process, sizeof want[i].process);
			remember(owners, &want[i]);
			found++;
		}
	}
	closedir(dir);
	return found;
}

static void all_look(struct owners *owners, struct owner *want, size_t count, size_t left)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while (left > 0 && (entry = readdir(dir)) != NULL) {
		int64_t pid;

		if (parse_int(entry->d_name, 1, INT32_MAX, &pid) == 0)
			left -= process_look(owners, (pid_t)pid, want, count);
	}
	closedir(dir);
}

void owners_find(struct owners *owners, struct owner *want, size_t count, const pid_t *first,
		 size_t nfirst)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		want[i].pid = 0;
		want[i].process[0] = '\0';
		if (want[i].inode != 0 && !recall(owners, &want[i]))
			left++;
	}
	for (size_t i = 0; i < nfirst && left > 0; i++)
		left -= process_look(owners, first[i], want, count);
	if (left > 0)
		all_look(owners, want, count, left);
}

void owners_close(struct owners *owners)
{
	free(owners->known);
	*owners = (struct owners){ 0 };
}
