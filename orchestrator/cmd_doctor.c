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

#include "doctor.h"
#include "host.h"
#include "proc.h"
#include "rundir.h"

struct check {
	const char *name;
	const char *backend; /* asked only when this backend is meant; NULL: always */
	void (*look)(struct doctor_finding *out);
};

static void look_kernel(struct doctor_finding *out)
{
	struct utsname uts;

	if (uname(&uts) < 0 || !streq(uts.sysname, "Linux"))
		doctor_say(out, DOCTOR_FAILS, NULL, "Linux is needed");
	else
		doctor_say(out, DOCTOR_FINE, NULL, "%s %s %s", uts.sysname, uts.release,
			   uts.machine);
}

/* A backend's reason is "NAME: WHAT; mend: LINE". */
static void look_backend(const char *name, enum doctor_verdict otherwise,
			 struct doctor_finding *out)
{
	const struct backend *backend = backend_find(name);
	struct err why = { 0 };

	if (!backend)
		doctor_say(out, DOCTOR_FAILS, NULL, "not built in");
	else if (backend->usable(&why) == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "%s", backend->text);
	else {
		size_t len = strlen(name);
		const char *text = why.text;
		char *mend = strstr(why.text, "; mend: ");
		if (strncmp(text, name, len) == 0 && strncmp(text + len, ": ", 2) == 0)
			text += len + 2;
		if (mend)
			*mend = 0;
		doctor_say(out, otherwise, mend ? mend + strlen("; mend: ") : NULL, "%s", text);
	}
}

static void look_netns(struct doctor_finding *out)
{
	look_backend("netns", DOCTOR_WEAKER, out);
}

static void look_loopback(struct doctor_finding *out)
{
	look_backend("loopback", DOCTOR_FAILS, out);
}

static void look_capture(struct doctor_finding *out)
{
	struct err why = { 0 };
	const struct backend *netns = backend_find("netns");
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), refusal = errno;

	if (fd >= 0) {
		close(fd);
		doctor_say(out, DOCTOR_FINE, NULL, "packet sockets, here and in namespaces");
	} else if (netns && netns->usable(&why) == 0) {
		doctor_say(out, DOCTOR_FINE, NULL, "packet sockets in the run's own namespaces");
	} else {
		doctor_say(out, DOCTOR_WEAKER, "sudo lab run ...",
			   "no packet sockets (%s): the wire is not seen", strerror(refusal));
	}
}

static void look_sockets(struct doctor_finding *out)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0) {
		close(fd);
		doctor_say(out, DOCTOR_FINE, NULL, "sock_diag");
	} else {
		doctor_say(out, DOCTOR_FAILS, "modprobe inet_diag", "no sock_diag: %s",
			   strerror(errno));
	}
}

/* Of Debian's package; without it something is lacking. */
static void look_program(const char *name, const char *use, const char *mend, const char *lacks,
			 struct doctor_finding *out)
{
	char path[PATH_MAX];

	if (proc_find(name, path, sizeof(path)) == 0)
		doctor_say(out, DOCTOR_FINE, NULL, "%s%s", path, use);
	else
		doctor_say(out, DOCTOR_WEAKER, mend, "no %s: %s", name, lacks);
}

static void look_nft(struct doctor_finding *out)
{
	look_program("nft", "", "apt-get install -y nftables", "firewall scenarios cannot run",
		     out);
}

static void look_tcpdump(struct doctor_finding *out)
{
	look_program("tcpdump", ", for --engine tcpdump", "apt-get install -y tcpdump",
		     "--engine tcpdump cannot be asked for", out);
}

static void look_history(struct doctor_finding *out)
{
	char path[PATH_MAX];
	struct err err = { 0 };

	if (rundir_history(path, &err) < 0) {
		doctor_say(out, DOCTOR_WEAKER, "lab run -o DIR ...", "%s", err.text);
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
		doctor_say(out, DOCTOR_FINE, NULL, "%s%s", whole,
			   streq(path, whole) ? "" : ", made by the first run");
	else
		doctor_say(out, DOCTOR_FAILS, "lab run -o DIR ...", "%s: %s", path,
			   strerror(errno));
}

static void look_tools(struct doctor_finding *out)
{
	char path[PATH_MAX];
	bool has_dump = proc_find("tcpdump", path, sizeof(path)) == 0;
	bool has_shark = proc_find("wireshark", path, sizeof(path)) == 0 ||
			 proc_find("tshark", path, sizeof(path)) == 0;

	if (has_dump || has_shark)
		doctor_say(out, DOCTOR_FINE, NULL, "to open captures: %s%s%s",
			   has_dump ? "tcpdump" : "", has_dump && has_shark ? ", " : "",
			   has_shark ? "wireshark or tshark" : "");
	else
		doctor_say(out, DOCTOR_WEAKER, "apt-get install -y tcpdump",
			   "neither tcpdump nor wireshark to open captures with");
}

static const struct check checks[] = {
	{ "kernel", NULL, look_kernel },           { "netns", "netns", look_netns },
	{ "loopback", "loopback", look_loopback }, { "capture", NULL, look_capture },
	{ "sockets", NULL, look_sockets },         { "firewall", NULL, look_nft },
	{ "tcpdump", NULL, look_tcpdump },         { "history", NULL, look_history },
	{ "viewers", NULL, look_tools },
};

int cmd_doctor(const struct cli *cli, struct err *err)
{
	struct doctor doctor;

	if (streq(cli->backend, "aws") && cli->narg == 0)
		return doctor_aws(cli, err);
	if (backend_has_machines(cli->backend) || cli->narg)
		return doctor_machines(cli, err);
	doctor_begin(&doctor, cli);
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct doctor_finding finding = { 0 };
		bool is_named = checks[i].backend && streq(cli->backend, checks[i].backend);
		if (checks[i].backend && !is_named && !streq(cli->backend, "auto"))
			continue;
		checks[i].look(&finding);
		doctor_tell(&doctor, NULL, checks[i].name, &finding);
		doctor.fails |= is_named && finding.verdict == DOCTOR_WEAKER;
	}
	return doctor_end(&doctor);
}
