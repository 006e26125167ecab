/* One child with a pipe; it is ended where nobody waits for it any more. */
#include "ssh_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "proc_child.h"

enum {
	SAID_MAX = 16 << 10
};

int ssh_lookup_begin(struct ssh_lookup *lookup, const char *name, struct err *err)
{
	const char *const argv[] = { "getent", "ahosts", name, NULL };
	char path[4096];
	int end[2];

	*lookup = (struct ssh_lookup){ .fd = -1 };
	if (proc_find("getent", path, sizeof path) < 0)
		return err_set(err, ERR_CANNOT, "getent is not here to look %s up: give an address",
			       name);
	if (pipe2(end, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	const struct proc_child child = {
		.in = -1, .out = end[1], .err = -1, .why = -1, .failed = 127
	};
	lookup->fd = end[0];
	lookup->pid = proc_child_start(path, argv, &child);
	int status = lookup->pid < 0 ? err_sys(err, "%s: fork", path) : 0;
	close(end[1]);
	if (status == 0 && fcntl(end[0], F_SETFL, O_NONBLOCK) < 0)
		status = err_sys(err, "pipe");
	if (status < 0)
		ssh_lookup_close(lookup);
	return status;
}

/* "192.0.2.1       STREAM web-1", and the same again for other kinds of sockets. */
static int read_addresses(char *said, struct addr address[LOOKUP_MAX])
{
	char *rest = NULL;
	int count = 0;

	for (char *line = strtok_r(said, "\n", &rest); line && count < LOOKUP_MAX;
	     line = strtok_r(NULL, "\n", &rest)) {
		size_t len = strcspn(line, " \t");
		bool is_stream = strstr(line + len, "STREAM") != NULL;
		line[len] = '\0';
		if (is_stream && addr_parse(&address[count], line, 0) == 0)
			count++;
	}
	return count;
}

int ssh_lookup_step(struct ssh_lookup *lookup, const char *name, struct addr address[LOOKUP_MAX],
		    struct err *err)
{
	char bytes[2048];
	int count;
	ssize_t n;

	while ((n = read(lookup->fd, bytes, sizeof bytes)) > 0)
		if (lookup->said.len < SAID_MAX)
			buf_add(&lookup->said, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	count = lookup->said.data ? read_addresses(lookup->said.data, address) : 0;
	if (count > 0)
		return count;
	return err_set(err, ERR_CANNOT,
		       "there is no such name, or no name server answers (getent ahosts %s)", name);
}

void ssh_lookup_close(struct ssh_lookup *lookup)
{
	if (lookup->fd >= 0)
		close(lookup->fd);
	if (lookup->pid > 0) {
		kill(lookup->pid, SIGKILL); /* it has said all, or nobody listens */
		while (waitpid(lookup->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_close(&lookup->said);
	*lookup = (struct ssh_lookup){ .fd = -1 };
}
