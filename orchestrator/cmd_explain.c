/* lab explain: the lesson behind a verdict, an errno or an error text, with this host's own times.
 */
#include <fcntl.h>

#include "cli.h"
#include "explain.h"
#include "file.h"
#include "parse.h"

static int64_t read_sysctl(const char *path)
{
	struct buf text = { 0 };
	struct err ignored = { 0 };
	int64_t value = -1;

	if (file_read(AT_FDCWD, path, 64, &text, &ignored) == 0 && text.len > 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		if (parse_int(text.data, 0, INT32_MAX, &value) < 0)
			value = -1;
	}
	buf_close(&text);
	return value;
}

/* The coarse clock moves once a tick: its resolution is the kernel's jiffy. */
static struct syn_host this_host(void)
{
	int64_t retries = read_sysctl("/proc/sys/net/ipv4/tcp_syn_retries");
	int64_t linear = read_sysctl("/proc/sys/net/ipv4/tcp_syn_linear_timeouts");
	struct syn_host host = { .is_known = retries >= 1 && retries <= 127 };
	struct timespec tick;

	host.retries = host.is_known ? (int)retries : 0;
	host.linear = linear > 0 && linear < 256 ? (int)linear : 0; /* absent before Linux 6.5 */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0)
		host.jiffy_us = tick.tv_sec * 1000000 + tick.tv_nsec / 1000;
	return host;
}

static int unknown(const struct cli *cli, const struct explained *explained, const char *text,
		   struct err *err)
{
	const char *const *words;
	size_t count = explain_words(&words, cli->arena);
	const char *near = nearest(text, words, count);

	if (explained->note)
		return err_set(err, ERR_USAGE, "%.80s: no lesson on this yet: %s", text,
			       explained->note);
	if (near && text[strspn(text, "0123456789")])
		return err_set(err, ERR_USAGE, "%.80s: not known; did you mean %s?", text, near);
	return err_set(err, ERR_USAGE,
		       "%.80s: not known; try refused, timeout, ok, an errno such as "
		       "ECONNREFUSED, or a line of a log",
		       text);
}

int cmd_explain(const struct cli *cli, struct err *err)
{
	const struct syn_host host = this_host();
	const char *text = cli->arg[0];
	struct explained explained;
	struct buf json = { 0 };

	for (size_t i = 1; i < cli->narg; i++)
		text = arena_printf(cli->arena, "%s %s", text, cli->arg[i]);
	if (!explain_find(&explained, text))
		return unknown(cli, &explained, text, err);
	if (!cli->is_json) {
		explain_text(cli->result, &cli->style, &explained, &host);
		return 0;
	}
	explain_json(&json, &explained, &host);
	fwrite(json.data, 1, json.len, cli->result);
	buf_close(&json);
	return 0;
}
