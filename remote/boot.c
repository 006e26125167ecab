/* The program is one line without a single quote, backslash, newline or exclamation mark, so that
 * every login shell hands it to sh as it stands. What it says begins with a mark at the start of a
 * line; all else is noise of start-up files. Nothing from outside is ever put into it. */
#include "boot.h"

#include "said.h"

enum {
	NOISE_MAX = 1 << 16,
	LINE_MAX_LEN = 8192,
	GIVEN_MAX = 4, /* one for each directory */
	SKIPPED_MAX = 900
};

#define MARK "lab-boot "

static const char head[] =
    "set -f; umask 077; export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; "
    "say() { printf \"" MARK "%s\" \"$*\"; echo; }; "
    "skip() { say skip \"$d:\" $*; }; "
    "has() { command -v $1 >/dev/null 2>&1; }; "
    /* Linux tells without a program who and what this is; arch since 6.1. */
    "u= k= m=; while read -r n e v; do case $n in Uid:) u=${v%%[[:blank:]]*}; break;; esac; "
    "done 2>/dev/null </proc/self/status; [ -n \"$u\" ] || u=$(id -u); "
    "{ read -r k </proc/sys/kernel/ostype && read -r m </proc/sys/kernel/arch; } 2>/dev/null "
    "&& k=\"$k $m\" || k=$(uname -sm); "
    /* From here on the controller knows whether there is an agent for this machine. */
    "echo; say begin $k; "
    "case $k in ";

static const char body[] = "*) exit 1;; esac; f=lab-agent-$h; "
			   "has sha256sum || { say none sha256sum is not installed; exit 1; }; "
			   "s= r=; [ $u = 0 ] && r=rs; ";

static const char with_sudo[] =
    "[ $u = 0 ] || { sudo -n true </dev/null >/dev/null 2>&1 && s=\"sudo -n\" r=rs; }; ";

static const char tail[] =
    "leave() { cd /; rmdir \"$d\" 2>/dev/null; }; " /* where it is empty */
    "runs() { e=$($s ./$f --version 2>&1 </dev/null) && return; "
    "e=${e##*: }; skip the agent does not run there: ${e:-it fails}; return 1; }; "
    /* Into a name of its own, then renamed: no other lab sees half a file. An empty program is
     * tried before the bytes are asked for; those that find no room are read nevertheless. A
     * link that is cut here is noticed by nobody: head waits as long as the controller does. What
     * was used last stays: other versions, uploads under way. */
    "fetch() { w=; timeout 9 true 2>/dev/null && w=\"timeout 30\"; "
    "t=$(mktemp tmp.XXXXXX 2>&1) || { skip ${t##*: }; return 1; }; chmod 700 $t; "
    "e=$(./$t 2>&1 </dev/null) || "
    "{ rm -f $t; skip programs may not run there: ${e##*: }; return 1; }; "
    "say give; e=$($w head -c $l | { cat 2>&1 >$t || cat >/dev/null; }); v=$(sha256sum $t 2>&1); "
    "case $v in $h*) mv $t $f; runs || return 1; "
    "set +f; set -- *; set -f; "
    "[ $# -lt 9 ] || ls -tu | sed 1,8d | while read -r o; do rm -f \"./$o\"; done; "
    "return 0;; esac; "
    "rm -f $t; [ -n \"$e\" ] && { skip ${e##*: }; return 1; }; "
    "leave; say none it arrived damaged: $v; exit 1; }; "
    /* Of one that ran there before the digest is enough, but for sudo; -x knows noexec. */
    "look() { c=; [ -e $f ] && case $(sha256sum $f 2>&1) in $h*) c=c;; esac; "
    "[ -n \"$c\" ] || { fetch; return; }; "
    "[ -x $f ] || { skip programs may not run there: noexec; return 1; }; "
    "[ -z \"$s\" ] || runs; }; "
    /* Only where this very directory is private and the user's: cd -P pins it, so that nobody can
     * put a link in its place between the look and the use. */
    "try() { d=$1/$2; case $d in *[[:cntrl:]]*) return;; esac; "
    "cd -P \"$1\" 2>/dev/null || { skip $1 cannot be entered; return; }; b=$PWD; "
    "[ -d \"./$2\" ] || e=$(mkdir -p \"./$2\" 2>&1) || { skip ${e##*: }; return; }; "
    "cd -P \"./$2\" 2>/dev/null || { skip it cannot be entered; return; }; "
    "[ \"$PWD\" = \"$b/$2\" ] || { skip it is a link to elsewhere; return; }; "
    "set -- $(ls -ldn .); case $1-$3 in drwx--[-S]---*-$u) ;; "
    "*) skip it is not a private directory of this user; return;; esac; "
    "look || { leave; return; }; has nft && r=${r}n; has tcpdump && r=${r}t; "
    "say run -$r$c \"$PWD\"; exec $s ./$f --stdio --ssh \"$SSH_CONNECTION\"; }; "
    "h0=${XDG_CACHE_HOME:-$HOME/.cache}; "
    "[ -d \"$h0\" ] || { [ -d \"$HOME\" ] && mkdir -p \"$h0\" 2>/dev/null; }; "
    "try \"$h0\" lab/agents; try /var/tmp lab-$u; try /tmp lab-$u; try /dev/shm lab-$u; "
    "say none";

void boot_command(struct buf *out, const struct boot_agent *agent, size_t nagent, bool as_root)
{
	buf_str(out, "exec sh -c '");
	buf_str(out, head);
	for (size_t i = 0; i < nagent; i++)
		buf_printf(out, "Linux?%s) h=%s l=%zu;; ", agent[i].machine, agent[i].sha256,
			   agent[i].len);
	buf_str(out, body);
	if (as_root)
		buf_str(out, with_sudo);
	buf_str(out, tail);
	buf_char(out, '\'');
}

static int no_agent(const struct boot *boot, const char *kernel, struct err *err)
{
	char have[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < boot->nagent && used < sizeof have; i++)
		used += (size_t)snprintf(have + used, sizeof have - used, "%s%s", i ? ", " : "",
					 boot->agent[i].machine);
	if (!streq(kernel, "Linux"))
		return err_set(err, ERR_CANNOT, "the machine runs %s; agents need Linux", kernel);
	return err_set(err, ERR_CANNOT,
		       "no agent for a machine of kind %s: there are those for %s (make agents)",
		       boot->said.machine, boot->nagent ? have : "none");
}

/* "Linux x86_64" */
static int begin(struct boot *boot, const char *words, struct err *err)
{
	char kernel[32], end;

	if (boot->said.machine[0] ||
	    sscanf(words, "%31s %31s%c", kernel, boot->said.machine, &end) != 2)
		return -1;
	for (size_t i = 0; i < boot->nagent; i++) {
		if (streq(kernel, "Linux") && streq(boot->said.machine, boot->agent[i].machine))
			boot->wanted = &boot->agent[i];
	}
	return boot->wanted ? 0 : no_agent(boot, kernel, err);
}

static int give(struct boot *boot, struct buf *out)
{
	if (!boot->wanted || boot->ngiven++ == GIVEN_MAX)
		return -1;
	buf_add(out, boot->wanted->bytes, boot->wanted->len);
	return 0;
}

static void skip(struct boot *boot, const char *text)
{
	if (boot->skipped.len < SKIPPED_MAX)
		buf_printf(&boot->skipped, "%s%.300s", boot->skipped.len ? "; " : "", text);
}

static int none(const struct boot *boot, const char *text, struct err *err)
{
	if (text[0])
		return err_set(err, ERR_CANNOT, "the agent cannot be put there: %s", text);
	return err_set(
	    err, ERR_CANNOT,
	    "no directory for the agent there: %s%sit needs one that is private, not full and "
	    "not noexec (XDG_CACHE_HOME of that user)",
	    boot->skipped.data ? boot->skipped.data : "", boot->skipped.len ? "; " : "");
}

/* "-rsntc /directory" */
static int run(struct boot *boot, const char *text)
{
	struct boot_said *said = &boot->said;
	size_t len = strcspn(text, " ");

	if (!boot->wanted || text[0] != '-' || strspn(text, "-rsntc") != len ||
	    !starts_with(text + len, " /"))
		return -1;
	said->is_root = memchr(text, 'r', len) != NULL;
	said->has_sudo = memchr(text, 's', len) != NULL;
	said->has_nft = memchr(text, 'n', len) != NULL;
	said->has_tcpdump = memchr(text, 't', len) != NULL;
	said->was_cached = memchr(text, 'c', len) != NULL;
	snprintf(said->dir, sizeof said->dir, "%s", text + len + 1);
	boot->is_up = true;
	return 0;
}

/* 0; -1: it cannot go on, with err->text empty where the line is none of ours. */
static int take_line(struct boot *boot, const char *line, struct buf *out, struct err *err)
{
	const char *rest;

	if ((rest = said_behind(line, "begin")))
		return begin(boot, rest, err);
	if (said_behind(line, "give"))
		return give(boot, out);
	if ((rest = said_behind(line, "run")))
		return run(boot, rest);
	if ((rest = said_behind(line, "none")))
		return none(boot, rest, err);
	if (!(rest = said_behind(line, "skip")))
		return -1;
	skip(boot, rest);
	return 0;
}

static int noise(struct boot *boot, const char *line, size_t len, struct err *err)
{
	boot->nnoise += len + 1;
	if (line[strspn(line, " \t\r")])
		snprintf(boot->heard, sizeof boot->heard, "%s", line);
	if (boot->nnoise <= NOISE_MAX)
		return 0;
	return err_set(err, ERR_BROKE,
		       "its start-up files write on and on and sh does not come: %s", boot->heard);
}

int boot_take(struct boot *boot, const void *bytes, size_t len, struct buf *out, struct err *err)
{
	size_t at = 0;
	int status = 0;
	char *end;

	if (len > 0)
		buf_add(&boot->line, bytes, len);
	err->text[0] = '\0';
	while (status == 0 && !boot->is_up && boot->line.len > at &&
	       (end = memchr(boot->line.data + at, '\n', boot->line.len - at))) {
		char *line = boot->line.data + at;

		*end = '\0';
		at += (size_t)(end - line) + 1;
		if (!starts_with(line, MARK))
			status = noise(boot, line, (size_t)(end - line), err);
		else if (end - line > LINE_MAX_LEN || strlen(line) != (size_t)(end - line))
			status = -1;
		else
			status = take_line(boot, line + strlen(MARK), out, err);
		if (status < 0 && !err->text[0])
			err_set(err, ERR_BROKE, "what came is not what was asked for: %.200s",
				line);
	}
	if (at > 0)
		buf_drop(&boot->line, at);
	if (status == 0 && !boot->is_up && boot->line.len > NOISE_MAX)
		status = noise(boot, boot->line.data, boot->line.len, err);
	return status < 0 ? -1 : boot->is_up;
}

int boot_ended(const struct boot *boot, const char *said, struct err *err)
{
	const char *when = boot->ngiven > 0        ? "it ended while the agent was sent"
			   : boot->said.machine[0] ? "it ended while the agent was looked for"
						   : "it ended before sh was there";
	char words[SAID_WORDS];

	if (!said_words(said, words)[0])
		said_words(boot->heard, words);
	return err_set(err, ERR_BROKE, "%s: %s%s%s", when,
		       boot->skipped.data ? boot->skipped.data : "", boot->skipped.len ? "; " : "",
		       words[0] ? words : "it said nothing");
}

void boot_close(struct boot *boot)
{
	buf_close(&boot->line);
	buf_close(&boot->skipped);
}
