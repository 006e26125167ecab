/* `nft -i` reads lines from a pipe and keeps its netlink socket, to which the kernel ties the
 * tables. It says nothing of a line that was good; so a question for a table that never is follows
 * each line, and the complaint about that one ends the answer. */
#include "owntable.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "file.h"
#include "parse.h"
#include "proc.h"
#include "spawn.h"
#include "util.h"

enum {
	NFT_MS = 5000,
	WORDS_MAX = 16384
};

/* "6.1.0-13": is it at least major.minor? */
static bool is_from(const char *version, int64_t major, int64_t minor)
{
	int64_t here, there = 0;
	size_t digits = parse_digits(version, &here);

	if (digits == 0)
		return false;
	if (version[digits] == '.')
		(void)parse_digits(version + digits + 1, &there);
	return here > major || (here == major && there >= minor);
}

int owntable_usable(struct err *err)
{
	static const char *const argv[] = { "nft", "--version", NULL };
	struct proc_result result = { 0 };
	struct utsname machine;
	const char *version;
	int status;

	if (uname(&machine) < 0)
		return err_sys(err, "uname");
	if (!is_from(machine.release, 5, 12))
		return err_set(err, ERR_CANNOT,
			       "kernel %s: faults on a shared machine need 5.12 (nft tables that "
			       "end with their owner)",
			       machine.release);
	status = proc_run(argv, NULL, NFT_MS, &result, err);
	version = status == 0 && result.out.len > 0 ? strstr(result.out.data, " v") : NULL;
	if (status == 0 && (version == NULL || !is_from(version + 2, 1, 0)))
		status = err_set(err, ERR_CANNOT,
				 "nft 1.0 is needed for faults on a shared machine; here is: %.*s",
				 (int)strcspn(result.out.data, "\n"), result.out.data);
	proc_result_close(&result);
	return status;
}

int owntable_open(struct owntable *owner, const struct proc_beside *beside, struct err *err)
{
	static const char *const argv[] = { "nft", "-i", NULL };
	int in[2] = { -1, -1 }, words[2] = { -1, -1 };
	char path[4096];
	struct spawn spawn = {
		.path = path,
		.argv = argv,
		.variable = "HOME=/dev/null", /* where its history would be left */
		.out = -1,
		.keep = UINT64_C(1) << CAP_NET_ADMIN,
	};

	*owner = (struct owntable){ .is_open = true, .in = -1, .words = -1, .beside = beside };
	if (proc_find("nft", path, sizeof path) < 0)
		return err_set(err, ERR_CANNOT,
			       "nft is not installed: apt-get install -y nftables");
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(words, O_CLOEXEC) < 0) {
		err_sys(err, "nft: pipe");
	} else {
		spawn.in = in[0];
		spawn.words = words[1];
		owner->pid = spawn_start(&spawn, err);
	}
	file_close(&in[0]);
	file_close(&words[1]);
	owner->in = in[1];
	owner->words = words[0];
	if (owner->pid > 0 && fcntl(owner->in, F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(owner->words, F_SETFL, O_NONBLOCK) == 0)
		return 0;
	owntable_close(owner);
	return -1;
}

/* All of it; a pipe takes a line at once, but for a nft that is stuck. */
static int give(struct owntable *owner, const struct buf *lines, int64_t until_ns)
{
	for (size_t at = 0; at < lines->len;) {
		ssize_t n = write(owner->in, lines->data + at, lines->len - at);

		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		else if (proc_wait(owner->in, POLLOUT, until_ns, owner->beside) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

/* What nft says until `mark` is in it; false: not in time, or nft has ended. */
static bool hear(struct owntable *owner, const char *mark, int64_t until_ns, struct buf *said)
{
	while (said->len < WORDS_MAX) {
		char bytes[1024];
		ssize_t n;

		if (said->len > 0 && strstr(said->data, mark) != NULL)
			return true;
		if (proc_wait(owner->words, POLLIN, until_ns, owner->beside) == 0)
			return false;
		n = read(owner->words, bytes, sizeof bytes);
		if (n > 0)
			buf_add(said, bytes, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return false;
	}
	return false;
}

/* In one line. */
static int complain_of(const char *said, size_t len, struct err *err)
{
	char text[400];

	snprintf(text, sizeof text, "%.*s", (int)(len < 399 ? len : 399), said);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\n' || *c == '\t')
			*c = c[1] == '\0' ? '\0' : ' ';
	return err_set(err, ERR_BROKE, "nft: %s", text);
}

int owntable_batch(struct owntable *owner, const char *line, struct err *err)
{
	static const char word[] = "Error: ";
	int64_t until_ns = clock_after_ms(NFT_MS);
	struct buf lines = { 0 }, said = { 0 };
	char mark[48];
	int status = -1;

	if (owner->pid <= 0)
		return err_set(err, ERR_BROKE, "nft, which held the table, has ended");
	snprintf(mark, sizeof mark, "lab_no_such_%u", ++owner->batches);
	buf_printf(&lines, "%s\nlist table inet %s\n", line, mark);
	if (give(owner, &lines, until_ns) < 0) {
		err_sys(err, "nft");
	} else if (!hear(owner, mark, until_ns, &said) || strstr(said.data, word) == NULL) {
		if (said.len > 0)
			complain_of(said.data, said.len, err);
		else
			err_set(err, ERR_BROKE, "nft: no answer after %d ms", NFT_MS);
	} else {
		const char *first = strstr(said.data, word), *last = strstr(said.data, mark);

		/* The last one is about the mark; before the first is the rest of older words. */
		while (last > first && !starts_with(last, word))
			last--;
		status = first == last ? 0 : complain_of(first, (size_t)(last - first), err);
	}
	buf_close(&lines);
	buf_close(&said);
	return status;
}

void owntable_close(struct owntable *owner)
{
	if (!owner->is_open)
		return;
	owner->is_open = false;
	(void)spawn_kill(&owner->pid);
	file_close(&owner->in);
	file_close(&owner->words);
}
