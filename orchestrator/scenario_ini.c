/* Reads the file once, scans it, and lets iniparser read a private copy of the very same bytes:
 * what is checked and what is used cannot differ. */
#include "scenario_ini.h"

#include <errno.h>
#include <fcntl.h>
#include <iniparser/iniparser.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "file.h"

/* iniparser prints to stderr otherwise; whatever it finds shows as a difference. */
__attribute__((format(printf, 1, 2))) static int ignore_message(const char *fmt, ...)
{
	return fmt != NULL;
}

static size_t keys_of(const struct ini *ini, const char *section)
{
	size_t count = 0;

	for (size_t i = 0; i < ini->nentry; i++)
		count += streq(ini->entry[i].section, section);
	return count;
}

static int compare(const struct ini *ini, const dictionary *dict, struct err *err)
{
	char key[2 * INI_LINE + 2];

	if (iniparser_getnsec(dict) != (int)ini->nsection)
		return err_set(err, ERR_USAGE, "iniparser reads %d sections, the scan %zu",
			       iniparser_getnsec(dict), ini->nsection);
	for (size_t i = 0; i < ini->nsection; i++) {
		const char *name = iniparser_getsecname(dict, (int)i);
		if (!name || !streq(name, ini->section[i].name))
			return err_set(err, ERR_USAGE,
				       "iniparser reads section %s where the scan has %s",
				       name ? name : "(none)", ini->section[i].name);
		if (iniparser_getsecnkeys(dict, name) != (int)keys_of(ini, name))
			return err_set(err, ERR_USAGE,
				       "iniparser reads %d keys in [%s], the scan %zu",
				       iniparser_getsecnkeys(dict, name), name, keys_of(ini, name));
	}
	for (size_t i = 0; i < ini->nentry; i++) {
		const struct ini_entry *e = &ini->entry[i];
		snprintf(key, sizeof(key), "%s:%s", e->section, e->key);
		const char *value = iniparser_getstring(dict, key, NULL);
		if (!value || !streq(value, e->value))
			return err_set(err, ERR_USAGE,
				       "%d:%d: iniparser and the scan read %s differently", e->line,
				       e->column, e->key);
	}
	return 0;
}

int ini_agrees(const struct ini *ini, const char *bytes, size_t len, struct err *err)
{
	char path[64];
	int fd = memfd_create("lab-scenario", MFD_CLOEXEC), status;

	if (fd < 0)
		return err_sys(err, "memfd_create");
	if (write_all(fd, bytes, len) < 0) {
		err_sys(err, "memfd");
		close(fd);
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(ignore_message);
	dictionary *dict = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	close(fd);
	if (!dict)
		return err_set(err, ERR_USAGE, "iniparser cannot read what the scan accepts");
	status = compare(ini, dict, err);
	iniparser_freedict(dict);
	return status;
}

/* Opened without waiting: a FIFO or a device must not hang the check. */
static int read_bytes(const char *path, struct buf *out, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		err_sys(err, "%s", path);
		if (err->sys != EIO && err->sys != EMFILE && err->sys != ENFILE &&
		    err->sys != ENOMEM && err->sys != ENOSPC && err->sys != EINTR)
			err->kind = ERR_USAGE; /* the caller's name for it, not the machine */
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_USAGE, "%s: not a regular file", path);
	}
	while (out->len <= INI_BYTES) {
		buf_reserve(out, INI_BYTES + 2);
		ssize_t n = read(fd, out->data + out->len, INI_BYTES + 1 - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, "%s", path);
			close(fd);
			return -1;
		}
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	close(fd);
	return 0;
}

int ini_read(struct ini *out, const char *path, struct arena *arena, struct complaints *complaints,
	     struct err *err)
{
	struct buf bytes = { 0 };
	size_t before = complaints->count;
	struct err why;
	int status;

	status = read_bytes(path, &bytes, err);
	if (status < 0) {
		buf_close(&bytes);
		return -1;
	}
	if (bytes.len > INI_BYTES)
		complaint_add(complaints, path, 1, 1, "the file is larger than %d bytes",
			      INI_BYTES);
	else
		ini_scan(out, path, bytes.data ? bytes.data : "", bytes.len, arena, complaints);
	/* They agree on all that the scan lets pass: else memory or a file failed. */
	if (complaints->count == before &&
	    ini_agrees(out, bytes.data ? bytes.data : "", bytes.len, &why) < 0)
		status = err_set(err, ERR_BROKE, "%s: %s", path, why.text);
	buf_close(&bytes);
	return status;
}
