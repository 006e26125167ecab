/* A server on loopback, in a process of its own, that answers each connection with the next of some
 * texts, whatever was asked. Its owner reads what it got. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "unit.h"

struct endpoint {
	pid_t pid;
	int got; /* what came, request after request */
	char url[64];
};

static const char silent[] = ""; /* as an answer: none, until the other side goes */

/* Head and body of one request, as its Content-Length says. */
static void endpoint_read(int fd, int to)
{
	char bytes[16384];
	size_t len = 0, want = SIZE_MAX;

	while (len < want && len < sizeof bytes - 1) {
		ssize_t n = read(fd, bytes + len, sizeof bytes - 1 - len);
		const char *end, *length;

		if (n <= 0)
			break;
		len += (size_t)n;
		bytes[len] = '\0';
		end = strstr(bytes, "\r\n\r\n");
		length = strstr(bytes, "Content-Length: ");
		if (end)
			want =
			    (size_t)(end + 4 - bytes) +
			    (length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0);
	}
	(void)write_all(to, bytes, len);
}

static void endpoint_serve(int listener, int to, const char *const *answers)
{
	for (; *answers; answers++) {
		int fd = accept(listener, NULL, NULL);
		char byte;

		endpoint_read(fd, to);
		if (*answers == silent)
			while (read(fd, &byte, 1) > 0)
				;
		else
			(void)write_all(fd, *answers, strlen(*answers));
		(void)close(fd);
	}
}

/* `answers`: NULL behind the last. Ends with endpoint_close, or after its last answer. */
static struct endpoint endpoint_open(const char *const *answers)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];
	struct endpoint out = { .pid = -1 };

	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(pipe(ends), 0);
	(void)snprintf(out.url, sizeof out.url, "http://127.0.0.1:%u/", ntohs(at.sin_port));
	out.pid = fork();
	assert_true(out.pid >= 0);
	if (out.pid == 0) {
		(void)close(ends[0]);
		(void)alarm(60);
		endpoint_serve(listener, ends[1], answers);
		_exit(0);
	}
	(void)close(listener);
	(void)close(ends[1]);
	out.got = ends[0];
	return out;
}

/* Ends it; adds what it got to `got`, which may be NULL. */
static void endpoint_close(struct endpoint *endpoint, struct buf *got)
{
	char bytes[4096];
	ssize_t n;

	(void)kill(endpoint->pid, SIGKILL);
	(void)waitpid(endpoint->pid, NULL, 0);
	while ((n = read(endpoint->got, bytes, sizeof bytes)) > 0)
		if (got)
			buf_add(got, bytes, (size_t)n);
	(void)close(endpoint->got);
}

#endif
