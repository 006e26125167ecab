/* As the line of boot.c: nothing in it but letters that every login shell hands on as they stand.
 */
#include "survey.h"

#include <stdlib.h>

#include "said.h"

enum {
	TAKEN_MAX = 1 << 18,
	LIST_MAX = 2000
};

#define MARK "lab-survey "

static const char head[] =
    "set -f; export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; "
    "say() { printf \"" MARK "%s\" \"$*\"; echo; }; "
    "version() { command -v $1 >/dev/null 2>&1 && say $1 $($1 --version 2>&1 </dev/null | head -n "
    "1); }; "
    "u=$(id -u) m=$(uname -m) s=; echo; say uname $(uname -s) $(uname -r) $m; say uid $u; "
    "[ $u = 0 ] || { sudo -n true </dev/null >/dev/null 2>&1 && s=\"sudo -n\" && say sudo; }; "
    "version nft; version tcpdump; h=none; case $m in ";

/* Processes of this network namespace, where it can be told: a container's are its own affair. A
 * zombie has ended; where process 1 reaps nobody it stays for ever. */
static const char tail[] =
    "esac; for d in \"${XDG_CACHE_HOME:-$HOME/.cache}/lab/agents\" /var/tmp/lab-$u /tmp/lab-$u "
    "/dev/shm/lab-$u; do [ -f \"$d/lab-agent-$h\" ] && { say cached \"$d\"; break; }; done; "
    "$s sh -c \"set +f; n=\\$(readlink /proc/self/ns/net); for p in /proc/[0-9]*; do "
    "read -r c 2>/dev/null <\\$p/comm || continue; case \\$c in lab-agent*) ;; *) continue;; esac; "
    "read -r i j t i 2>/dev/null <\\$p/stat || continue; [ \\$t = Z ] && continue; "
    "o=\\$(readlink \\$p/ns/net 2>/dev/null) && [ \\$o != \\$n ] && continue; "
    "echo agent \\${p#/proc/}; done; "
    "for f in /run/lab-*/* /var/tmp/lab-journal-*/*; do [ -f \\$f ] && echo journal \\$f; done; "
    "command -v nft >/dev/null && { nft list tables || echo unknown; }\" 2>/dev/null </dev/null | "
    "while read -r a b c d; do case $a-$c in agent-*|journal-*|unknown-*) say $a $b;; "
    "table-lab_*) say table $b $c;; esac; done; "
    "say end";

void survey_command(struct buf *out, const struct boot_agent *agent, size_t nagent)
{
	buf_str(out, "exec sh -c '");
	buf_str(out, head);
	for (size_t i = 0; i < nagent; i++)
		buf_printf(out, "%s) h=%s;; ", agent[i].machine, agent[i].sha256);
	buf_str(out, tail);
	buf_char(out, '\'');
}

static void set(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%.*s", (int)(size - 1), text);
}

static void add(struct buf *list, size_t *count, const char *text)
{
	++*count;
	if (list->len < LIST_MAX)
		buf_printf(list, "%s%.200s", list->len ? ", " : "", text);
}

static void take_line(struct survey *s, const char *line)
{
	const char *rest;

	if ((rest = said_behind(line, "uname")))
		sscanf(rest, "%31s %63s %31s", s->os, s->kernel, s->machine);
	else if ((rest = said_behind(line, "uid")))
		s->uid = rest[0] >= '0' && rest[0] <= '9' ? (int)strtol(rest, NULL, 10) : -1;
	else if (said_behind(line, "sudo"))
		s->has_sudo = true;
	else if ((rest = said_behind(line, "nft")))
		set(s->nft, sizeof s->nft, rest);
	else if ((rest = said_behind(line, "tcpdump")))
		set(s->tcpdump, sizeof s->tcpdump, rest);
	else if ((rest = said_behind(line, "cached")))
		set(s->cached, sizeof s->cached, rest);
	else if ((rest = said_behind(line, "agent")))
		add(&s->agents, &s->nagent, rest);
	else if ((rest = said_behind(line, "table")))
		add(&s->tables, &s->ntable, rest);
	else if ((rest = said_behind(line, "journal")))
		add(&s->journals, &s->njournal, rest);
	else if (said_behind(line, "unknown"))
		s->is_partial = true;
	else if (said_behind(line, "end"))
		s->is_whole = true;
}

int survey_take(struct survey *s, const void *bytes, size_t len, struct err *err)
{
	size_t at = 0;
	char *end;

	s->ntaken += len;
	if (s->ntaken > TAKEN_MAX)
		return err_set(err, ERR_BROKE, "its start-up files write on and on");
	if (len > 0)
		buf_add(&s->line, bytes, len);
	while (s->line.len > at && (end = memchr(s->line.data + at, '\n', s->line.len - at))) {
		const char *line = s->line.data + at;

		*end = '\0';
		at = (size_t)(end - s->line.data) + 1;
		if (starts_with(line, MARK))
			take_line(s, line + strlen(MARK));
	}
	if (at > 0)
		buf_drop(&s->line, at);
	return 0;
}

void survey_close(struct survey *s)
{
	buf_close(&s->agents);
	buf_close(&s->tables);
	buf_close(&s->journals);
	buf_close(&s->line);
}
