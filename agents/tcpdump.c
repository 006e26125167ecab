/* The host's own tcpdump. Immediate mode has a ring that shows each packet at once (without it the
 * last ones stay in the kernel), -B makes that ring large enough, -U writes each packet at once. */
#include "tcpdump.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "file.h"
#include "parse.h"
#include "proc.h"
#include "spawn.h"
#include "util.h"

enum {
	PORTION = 64 * 1024,
	PIPE = 1 << 20,
	WORDS = 64 * 1024, /* more is read and forgotten */
	VERSION_MS = 3000,
	ARGS = 24,
};

#define PACKAGE "tcpdump is not installed: apt-get install -y tcpdump"

/* It keeps what opening a packet socket needs; root also what `-Z root` asks for. */
static int start(struct tcpdump *tcpdump, const char *path, const char *const *argv,
		 struct err *err)
{
	int out[2] = { -1, -1 }, words[2] = { -1, -1 };
	struct spawn spawn = { .path = path, .argv = argv, .in = -1 };

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(words, O_CLOEXEC) < 0) {
		err_sys(err, "tcpdump: pipe");
		goto fail;
	}
	/* Room for a burst; a user above his limit keeps the usual 64 KiB. */
	(void)fcntl(out[0], F_SETPIPE_SZ, PIPE);
	spawn.out = out[1];
	spawn.words = words[1];
	spawn.keep = UINT64_C(1) << CAP_NET_RAW;
	if (geteuid() == 0)
		spawn.keep |= UINT64_C(1) << CAP_SETGID | UINT64_C(1) << CAP_SETUID;
	tcpdump->pid = spawn_start(&spawn, err);
	if (tcpdump->pid < 0) {
		tcpdump->pid = 0;
		goto fail;
	}
	close(out[1]);
	close(words[1]);
	tcpdump->out = out[0];
	tcpdump->words = words[0];
	if (fcntl(tcpdump->out, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(tcpdump->words, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, "tcpdump: pipe");
	return 0;
fail:
	file_close(&out[0]);
	file_close(&out[1]);
	file_close(&words[0]);
	file_close(&words[1]);
	return -1;
}

int tcpdump_open(struct tcpdump *tcpdump, const struct tcpdump_spec *spec, struct err *err)
{
	char path[4096], snaplen[16], kib[16];
	const char *argv[ARGS];
	size_t n = 0;

	*tcpdump = (struct tcpdump){ .out = -1, .words = -1 };
	if (proc_find("tcpdump", path, sizeof path) < 0)
		return err_set(err, ERR_CANNOT, PACKAGE);
	uint32_t buffer = spec->buffer > 0 ? spec->buffer : TCPDUMP_BUFFER;
	snprintf(snaplen, sizeof snaplen, "%u", spec->snaplen);
	snprintf(kib, sizeof kib, "%u", buffer < 1024 ? 1 : buffer / 1024);
	argv[n++] = "tcpdump";
	argv[n++] = "--immediate-mode";
	argv[n++] = "--time-stamp-precision=nano";
	argv[n++] = "-s";
	argv[n++] = snaplen;
	argv[n++] = "-B";
	argv[n++] = kib;
	argv[n++] = "-p"; /* the engine packet changes no interface either */
	argv[n++] = "-U";
	argv[n++] = "-n";
	argv[n++] = "-i";
	argv[n++] = spec->iface;
	argv[n++] = "-w";
	argv[n++] = "-";
	/* Not to user tcpdump: that would take the parent's death signal from it. */
	if (geteuid() == 0) {
		argv[n++] = "-Z";
		argv[n++] = "root";
	}
	argv[n++] = "--";
	if (spec->filter != NULL && *spec->filter != '\0')
		argv[n++] = spec->filter;
	argv[n] = NULL;
	if (start(tcpdump, path, argv, err) == 0)
		return 0;
	tcpdump_close(tcpdump);
	return -1;
}

int tcpdump_version(char *text, size_t len, const struct proc_beside *beside, struct err *err)
{
	static const char *const argv[] = { "tcpdump", "--version", NULL };
	struct proc_result result = { 0 };
	int status = proc_run_beside(argv, NULL, VERSION_MS, beside, &result, err);
	/* Old ones say it on stderr. */
	const struct buf *said = result.out.len > 0 ? &result.out : &result.err;

	if (status == 0 && said->len == 0)
		status = err_set(err, ERR_BROKE, "tcpdump --version says nothing");
	if (status == 0) {
		size_t first = strcspn(said->data, "\n");
		const char *next = said->data + first + (said->data[first] == '\n');
		size_t second = starts_with(next, "libpcap") ? strcspn(next, "\n") : 0;

		snprintf(text, len, "%.*s%s%.*s", (int)first, said->data, second > 0 ? ", " : "",
			 (int)second, next);
	}
	proc_result_close(&result);
	return status;
}

bool tcpdump_listen(struct tcpdump *tcpdump)
{
	char bytes[4096];
	ssize_t n;

	while (tcpdump->words >= 0) {
		n = read(tcpdump->words, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			break;
		if (tcpdump->said.len < WORDS)
			buf_add(&tcpdump->said, bytes, (size_t)n);
	}
	file_close(&tcpdump->words);
	return false;
}

int tcpdump_read(struct tcpdump *tcpdump)
{
	char bytes[PORTION];
	ssize_t n;

	if (tcpdump->out < 0)
		return -1;
	do
		n = read(tcpdump->out, bytes, sizeof bytes);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		file_close(&tcpdump->out);
		return -1;
	}
	pcapstream_feed(&tcpdump->stream, bytes, (size_t)n);
	return 1;
}

bool tcpdump_is_ready(const struct tcpdump *tcpdump)
{
	const char *at = tcpdump->said.len > 0 ? strstr(tcpdump->said.data, "listening on ") : NULL;

	return at != NULL && strchr(at, '\n') != NULL;
}

/* It blocks in two places: waiting for a packet, and writing to a full pipe. Nobody else reads the
 * pipe, so asleep first and then an empty pipe mean the former. */
bool tcpdump_is_idle(const struct tcpdump *tcpdump)
{
	char path[64], stat[512];
	int unread = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)tcpdump->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, stat, sizeof stat - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	stat[n] = '\0';
	const char *state = strrchr(stat, ')'); /* behind the name */
	if (state == NULL || !starts_with(state, ") S"))
		return false;
	return ioctl(tcpdump->out, FIONREAD, &unread) == 0 && unread == 0;
}

/* The number in front of `what`: "12 packets captured". */
static bool count_of(const struct tcpdump *tcpdump, const char *what, uint64_t *count)
{
	const char *at = strstr(tcpdump->said.data, what);
	int64_t number;

	if (at == NULL || strchr(at, '\n') == NULL)
		return false;
	while (at > tcpdump->said.data && at[-1] != '\n')
		at--;
	if (parse_digits(at, &number) == 0)
		return false;
	*count = (uint64_t)number;
	return true;
}

bool tcpdump_counts(const struct tcpdump *tcpdump, struct tcpdump_counts *counts)
{
	return tcpdump->said.len > 0 && count_of(tcpdump, " captured", &counts->captured) &&
	       count_of(tcpdump, " received by filter", &counts->received) &&
	       count_of(tcpdump, " dropped by kernel", &counts->dropped);
}

int tcpdump_complain(const struct tcpdump *tcpdump, struct err *err)
{
	const char *said = tcpdump->said.len > 0 ? tcpdump->said.data : "it said nothing";
	struct buf line = { 0 };

	if (starts_with(said, "tcpdump: "))
		said += strlen("tcpdump: ");
	for (; *said != '\0' && line.len < 300; said++)
		if (*said != '\n')
			buf_char(&line, *said);
		else if (said[1] != '\0')
			buf_str(&line, "; ");
	if (tcpdump->pid == 0 && WIFSIGNALED(tcpdump->status))
		err_set(err, ERR_BROKE, "tcpdump was ended by signal %d: %s",
			WTERMSIG(tcpdump->status), line.len > 0 ? line.data : "");
	else
		err_set(err, ERR_BROKE, "tcpdump: %s", line.len > 0 ? line.data : "");
	buf_close(&line);
	return -1;
}

void tcpdump_close(struct tcpdump *tcpdump)
{
	if (tcpdump->pid > 0)
		tcpdump->status = spawn_kill(&tcpdump->pid);
	file_close(&tcpdump->out);
	file_close(&tcpdump->words);
	pcapstream_close(&tcpdump->stream);
	buf_close(&tcpdump->said);
}
