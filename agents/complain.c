/* A pipe or socket that can be written to has room for a short line (poll(2), pipe(7)); O_NONBLOCK
 * would also change it for whoever shares the descriptor. */
#include "complain.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void complain(const char *fmt, ...)
{
	struct pollfd set = { .fd = STDERR_FILENO, .events = POLLOUT };
	char line[512] = "lab-agent: ";
	size_t len = strlen(line);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line + len, sizeof line - len - 1, fmt, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	if (poll(&set, 1, 0) == 1 && (set.revents & POLLOUT) != 0 &&
	    write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody else to tell */
}
