/* A file of known_hosts lines, never hashed: "NAME TYPE KEY". */
#include "ssh_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"
#include "file.h"
#include "ssh_key.h"

enum {
	PINS_MAX = 4 << 20
};

static int cannot(const struct target *target, struct err *err)
{
	err->kind = ERR_CANNOT;
	return err_in(err, "%s: its host key cannot be pinned", target->name);
}

int ssh_pin_has(const struct target *target, struct err *err)
{
	size_t len = strlen(target->host_key_name);
	struct buf text = { 0 };
	struct stat st;
	int has = 0;

	if (stat(target->pins, &st) < 0 && errno == ENOENT)
		return 0;
	if (file_read(AT_FDCWD, target->pins, PINS_MAX, &text, err) < 0)
		has = cannot(target, err);
	for (const char *at = text.data; at && *at && has == 0; at += strcspn(at, "\n")) {
		at += *at == '\n';
		has = strncmp(at, target->host_key_name, len) == 0 && at[len] == ' ';
	}
	buf_close(&text);
	return has;
}

/* The file, to be appended to. */
static int open_pins(const struct target *target, struct err *err)
{
	char folder[PATH_MAX];
	const char *end = strrchr(target->pins, '/');
	int fd;

	snprintf(folder, sizeof folder, "%.*s", end ? (int)(end - target->pins) : 1, target->pins);
	if (file_folder(folder, err) < 0)
		return cannot(target, err);
	fd = open(target->pins, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		err_sys(err, "%s", target->pins);
		return cannot(target, err);
	}
	file_give_person(fd);
	return fd;
}

int ssh_pin_ready(const struct target *target, struct err *err)
{
	int fd = open_pins(target, err);

	return fd < 0 ? -1 : close(fd);
}

int ssh_pin_add(const struct target *target, const void *blob, size_t len, struct err *err)
{
	int fd = open_pins(target, err), status = 0;
	struct buf line = { 0 };
	char type[64];

	if (fd < 0)
		return -1;
	ssh_key_type(blob, len, type);
	buf_printf(&line, "%s %s ", target->host_key_name, type);
	base64_add(&line, blob, len);
	buf_char(&line, '\n');
	if (write_all(fd, line.data, line.len) < 0) {
		err_sys(err, "%s", target->pins);
		status = cannot(target, err);
	}
	close(fd);
	buf_close(&line);
	return status;
}
