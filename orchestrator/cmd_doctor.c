/* lab doctor: one line a check, one mending command a failing line. Nothing is changed. */
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli.h"
#include "host.h"
#include "json.h"
#include "proc.h"
#include "rundir.h"
#include "safe.h"
#include "wrap.h"

enum verdict {
	FINE,
	WEAKER,
	FAILS
};

struct finding_line {
	enum verdict verdict;
	char text[400]; /* what was found */
	char mend[200]; /* one command; empty: none */
};

struct check {
	const char *name;
	const char *backend; /* asked only when this backend is meant; NULL: always */
	void (*look)(struct finding_line *out);
};

static void say(struct finding_line *out, enum verdict verdict, const char *mend, const char *fmt,
		...) PRINTF(4, 5);
static void say(struct finding_line *out, enum verdict verdict, const char *mend, const char *fmt,
		...)
{
	va_list args;

	out->verdict = verdict;
	snprintf(out->mend, sizeof(out->mend), "%s", mend ? mend : "");
	va_start(args, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, args);
	va_end(args);
}

static void look_kernel(struct finding_line *out)
{
	struct utsname uts;

	if (uname(&uts) < 0 || !streq(uts.sysname, "Linux"))
		say(out, FAILS, NULL, "Linux is needed");
	else
		say(out, FINE, NULL, "%s %s %s", uts.sysname, uts.release, uts.machine);
}

/* A backend's reason is "NAME: WHAT; mend: LINE". */
static void look_backend(const char *name, enum verdict otherwise, struct finding_line *out)
{
	const struct backend *backend = backend_find(name);
	struct err why = { 0 };

	if (!backend)
		say(out, FAILS, NULL, "not built in");
	else if (backend->usable(&why) == 0)
		say(out, FINE, NULL, "%s", backend->text);
	else {
		size_t len = strlen(name);
		const char *text = why.text;
		char *mend = strstr(why.text, "; mend: ");
		if (strncmp(text, name, len) == 0 && strncmp(text + len, ": ", 2) == 0)
			text += len + 2;
		if (mend)
			*mend = 0;
		say(out, otherwise, mend ? mend + strlen("; mend: ") : NULL, "%s", text);
	}
}

static void look_netns(struct finding_line *out)
{
	look_backend("netns", WEAKER, out);
}

static void look_loopback(struct finding_line *out)
{
	look_backend("loopback", FAILS, out);
}

static void look_capture(struct finding_line *out)
{
	struct err why = { 0 };
	const struct backend *netns = backend_find("netns");
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), refusal = errno;

	if (fd >= 0) {
		close(fd);
		say(out, FINE, NULL, "packet sockets, here and in namespaces");
	} else if (netns && netns->usable(&why) == 0) {
		say(out, FINE, NULL, "packet sockets in the run's own namespaces");
	} else {
		say(out, WEAKER, "sudo lab run ...", "no packet sockets (%s): the wire is not seen",
		    strerror(refusal));
	}
}

static void look_sockets(struct finding_line *out)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0) {
		close(fd);
		say(out, FINE, NULL, "sock_diag");
	} else {
		say(out, FAILS, "modprobe inet_diag", "no sock_diag: %s", strerror(errno));
	}
}

/* Of Debian's package; without it something is lacking. */
static void look_program(const char *name, const char *use, const char *mend, const char *lacks,
			 struct finding_line *out)
{
	char path[PATH_MAX];

	if (proc_find(name, path, sizeof(path)) == 0)
		say(out, FINE, NULL, "%s%s", path, use);
	else
		say(out, WEAKER, mend, "no %s: %s", name, lacks);
}

static void look_nft(struct finding_line *out)
{
	look_program("nft", "", "apt-get install -y nftables", "firewall scenarios cannot run",
		     out);
}

static void look_tcpdump(struct finding_line *out)
{
	look_program("tcpdump", ", for --engine tcpdump", "apt-get install -y tcpdump",
		     "--engine tcpdump cannot be asked for", out);
}

static void look_history(struct finding_line *out)
{
	char path[PATH_MAX];
	struct err err = { 0 };

	if (rundir_history(path, &err) < 0) {
		say(out, WEAKER, "lab run -o DIR ...", "%s", err.text);
		return;
	}
	char whole[PATH_MAX];
	char *end = path + strlen(path);
	snprintf(whole, sizeof(whole), "%s", path);
	/* The nearest part that exists must be writable; the rest is made by the first run. */
	while (end > path && access(path, F_OK) < 0) {
		while (end > path && *--end != '/')
			;
		*end = 0;
	}
	if (access(*path ? path : "/", W_OK | X_OK) == 0)
		say(out, FINE, NULL, "%s%s", whole,
		    streq(path, whole) ? "" : ", made by the first run");
	else
		say(out, FAILS, "lab run -o DIR ...", "%s: %s", path, strerror(errno));
}

static void look_tools(struct finding_line *out)
{
	char path[PATH_MAX];
	bool has_dump = proc_find("tcpdump", path, sizeof(path)) == 0;
	bool has_shark = proc_find("wireshark", path, sizeof(path)) == 0 ||
			 proc_find("tshark", path, sizeof(path)) == 0;

	if (has_dump || has_shark)
		say(out, FINE, NULL, "to open captures: %s%s%s", has_dump ? "tcpdump" : "",
		    has_dump && has_shark ? ", " : "", has_shark ? "wireshark or tshark" : "");
	else
		say(out, WEAKER, "apt-get install -y tcpdump",
		    "neither tcpdump nor wireshark to open captures with");
}

static const struct check checks[] = {
	{ "kernel", NULL, look_kernel },           { "netns", "netns", look_netns },
	{ "loopback", "loopback", look_loopback }, { "capture", NULL, look_capture },
	{ "sockets", NULL, look_sockets },         { "firewall", NULL, look_nft },
	{ "tcpdump", NULL, look_tcpdump },         { "history", NULL, look_history },
	{ "viewers", NULL, look_tools },
};

static const char *const verdict_names[] = { "ok", "weaker", "fails" };

static void print_line(const struct cli *cli, const struct check *check,
		       const struct finding_line *line)
{
	static const char *const signs[2][3] = { { "\u2713", "!", "\u2717" }, { "ok", "!", "x" } };
	struct buf text = { 0 };

	safe_add(&text, line->text);
	const char *sign = signs[cli->style.is_ascii][line->verdict];
	int width = cli->style.is_ascii ? 3 : 2;
	fprintf(cli->result, "%s%*s%-10s ", sign, width - (int)utf8_columns(sign), "", check->name);
	if (cli->style.is_plain)
		fprintf(cli->result, "%s\n", text.data ? text.data : "");
	else
		wrap_text(cli->result, (size_t)width + 11, (size_t)width + 11, line->text);
	if (*line->mend)
		fprintf(cli->result, "%*s %s\n", width + 10, "", line->mend);
	buf_close(&text);
}

int cmd_doctor(const struct cli *cli, struct err *err)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);
	bool fails = false;

	(void)err;
	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.doctor/1");
	json_array_begin(&json, "checks");
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct finding_line line = { 0 };
		bool is_meant = !checks[i].backend || streq(cli->backend, "auto") ||
				streq(cli->backend, checks[i].backend);
		if (!is_meant)
			continue;
		checks[i].look(&line);
		fails |= line.verdict == FAILS || (line.verdict == WEAKER && checks[i].backend &&
						   streq(cli->backend, checks[i].backend));
		json_object_begin(&json, NULL);
		json_text(&json, "name", checks[i].name);
		json_text(&json, "verdict", verdict_names[line.verdict]);
		json_text(&json, "text", line.text);
		json_text(&json, "mend", *line.mend ? line.mend : NULL);
		json_object_end(&json);
		if (!cli->is_json)
			print_line(cli, &checks[i], &line);
	}
	json_array_end(&json);
	json_object_end(&json);
	if (cli->is_json)
		fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
	return fails ? ERR_CANNOT : 0;
}
