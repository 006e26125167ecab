/* Words for what went wrong; see err.h. Arguments may point into the err that is being filled. */
#include "err.h"

#include <errno.h>
#include <stdio.h>

int err_vset(struct err *err, enum err_kind kind, const char *fmt, va_list args)
{
	char text[sizeof(err->text)];

	vsnprintf(text, sizeof(text), fmt, args);
	*err = (struct err){ .kind = kind };
	memcpy(err->text, text, strlen(text) + 1);
	return -1;
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err_vset(err, kind, fmt, args);
	va_end(args);
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int sys = errno;
	va_list args;
	size_t len;

	va_start(args, fmt);
	err_vset(err, ERR_BROKE, fmt, args);
	va_end(args);
	err->sys = sys;
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(sys));
	return -1;
}

int err_in(struct err *err, const char *fmt, ...)
{
	char where[sizeof(err->text)];
	size_t len, old = strlen(err->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(where, sizeof(where) - 2, fmt, args);
	va_end(args);
	len = strlen(where);
	memcpy(where + len, ": ", 2);
	len += 2;
	if (old > sizeof(err->text) - 1 - len)
		old = sizeof(err->text) - 1 - len;
	memmove(err->text + len, err->text, old);
	memcpy(err->text, where, len);
	err->text[len + old] = '\0';
	return -1;
}
