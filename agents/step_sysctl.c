/* HOST sysctl NAME=VALUE: a setting of the host's network stack, through /proc/sys. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "change.h"
#include "file.h"
#include "step.h"
#include "util.h"

enum {
	NAME = 128,
	VALUE = 256,
};

static const struct param params[] = {
	{ .name = "setting",
	  .kind = PARAM_REST,
	  .is_positional = true,
	  .is_required = true,
	  .text = "NAME=VALUE: one of net.* and what it is to be, such as net.ipv4.ip_forward=0" },
	{ 0 },
};

/* Where a machine is others' too: what cannot reach a connection that is there already, such as the
 * controller's own. Of whatever is not here that is not known. */
static const char *const harmless[] = {
	"net.core.rmem_default",
	"net.core.somaxconn",
	"net.core.wmem_default",
	"net.ipv4.icmp_echo_ignore_all",
	"net.ipv4.icmp_echo_ignore_broadcasts",
	"net.ipv4.icmp_ratelimit",
	"net.ipv4.icmp_ratemask",
	"net.ipv4.ip_forward",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_no_pmtu_disc",
	"net.ipv4.ip_nonlocal_bind",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.tcp_abort_on_overflow",
	"net.ipv4.tcp_congestion_control",
	"net.ipv4.tcp_ecn",
	"net.ipv4.tcp_fastopen",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_max_orphans",
	"net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_max_tw_buckets",
	"net.ipv4.tcp_no_metrics_save",
	"net.ipv4.tcp_rfc1337",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_sack",
	"net.ipv4.tcp_syn_linear_timeouts",
	"net.ipv4.tcp_syn_retries",
	"net.ipv4.tcp_synack_retries",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_timestamps",
	"net.ipv4.tcp_tw_reuse",
	"net.ipv4.tcp_window_scaling",
	"net.ipv4.tcp_wmem",
};

/* "net.ipv4.conf.eth0/1.rp_filter" -> "/proc/sys/net/ipv4/conf/eth0.1/rp_filter", as sysctl(8) has
 * it; no part of the path is a dot or two. */
static int path_of(const char *name, char path[NAME + 16], struct err *err)
{
	size_t at = (size_t)snprintf(path, NAME + 16, "/proc/sys/");
	bool is_good = starts_with(name, "net.") && strlen(name) < NAME;

	for (const char *c = name; is_good && *c != '\0'; c++) {
		is_good = isalnum((unsigned char)*c) || strchr("._-/@:", *c) != NULL;
		path[at++] = (char)(*c == '.' ? '/' : *c == '/' ? '.' : *c);
	}
	path[at] = '\0';
	if (is_good && strstr(path, "//") == NULL && strstr(path, "/.") == NULL)
		return 0;
	return err_set(err, ERR_USAGE, "sysctl: %.120s: only those of net.* are set", name);
}

/* In one line, with one blank between its words. */
static int value_take(const char *text, char value[VALUE])
{
	size_t len = 0;

	for (; *text != '\0' && !(*text == '\n' && text[1] == '\0'); text++) {
		bool is_blank = *text == ' ' || *text == '\t';

		if (!is_blank && !isgraph((unsigned char)*text))
			return -1;
		if (is_blank && (len == 0 || value[len - 1] == ' '))
			continue;
		if (len == VALUE - 1)
			return -1;
		value[len++] = (char)(is_blank ? ' ' : *text);
	}
	len -= len > 0 && value[len - 1] == ' ' ? 1 : 0;
	value[len] = '\0';
	return 0;
}

/* 1: read, 0: there is none (any more), -1: err. */
static int value_read(const char *name, char value[VALUE], struct err *err)
{
	char path[NAME + 16], text[4 * VALUE];
	struct stat st;
	ssize_t n = -1;
	int fd;

	if (path_of(name, path, err) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, text, sizeof text - 1);
	if (n < 0)
		err_sys(err, "sysctl %s", name);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -1;
	text[n] = '\0';
	if (value_take(text, value) < 0)
		return err_set(err, ERR_CANNOT, "sysctl %s is no line of text of at most %d bytes",
			       name, VALUE - 1);
	return 1;
}

/* Read back. */
static int value_write(const char *name, const char *value, struct err *err)
{
	char path[NAME + 16], now[VALUE];
	int fd, status;

	if (path_of(name, path, err) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "sysctl %s", name);
	status = write_all(fd, value, strlen(value));
	if (status < 0)
		err_sys(err, "sysctl %s = %s", name, value);
	close(fd);
	if (status < 0 || value_read(name, now, err) < 0)
		return -1;
	return streq(now, value)
		   ? 0
		   : err_set(err, ERR_BROKE, "sysctl %s = %s: the kernel makes %s of it", name,
			     value, now);
}

/* Whether packets are forwarded is set at every interface with ip_forward, and with it whether
 * redirects are taken: what was set otherwise before goes along, each as a word NAME=VALUE. */
static int sides_add(struct buf *words, const char *name, const char *was, struct err *err)
{
	struct dirent *each;
	char side[NAME], value[VALUE];
	DIR *dir;

	if (!streq(name, "net.ipv4.ip_forward"))
		return 0;
	snprintf(side, sizeof side, "net.ipv4.conf.all.accept_redirects");
	if (value_read(side, value, err) > 0 && streq(value, was))
		buf_printf(words, "\t%s=%s", side, value);
	dir = opendir("/proc/sys/net/ipv4/conf");
	if (dir == NULL)
		return err_sys(err, "sysctl net.ipv4.conf");
	while ((each = readdir(dir)) != NULL) {
		if (each->d_name[0] == '.' || strlen(each->d_name) > 32)
			continue;
		for (char *c = each->d_name; *c != '\0'; c++)
			if (*c == '.')
				*c = '/';
		snprintf(side, sizeof side, "net.ipv4.conf.%.32s.forwarding", each->d_name);
		if (value_read(side, value, err) > 0 && !streq(value, was))
			buf_printf(words, "\t%s=%s", side, value);
	}
	closedir(dir);
	return 0;
}

static int is_harmless(const char *name, struct err *err)
{
	for (size_t i = 0; i < COUNT(harmless); i++)
		if (streq(harmless[i], name))
			return 0;
	return err_set(err, ERR_CANNOT,
		       "sysctl %s: refused on a machine that others use: it might cut the "
		       "controller's own connection",
		       name);
}

static int plan(struct change_plan *plan, const struct change_place *place,
		const struct event *request, struct err *err)
{
	const char *setting = request_text(request, "setting", "");
	const char *equals = strchr(setting, '=');
	char name[NAME], was[VALUE], is[VALUE];
	struct buf words = { 0 };
	int there, status = 0;

	if (equals == NULL || (size_t)(equals - setting) >= sizeof name)
		return err_set(err, ERR_USAGE, "sysctl: %.80s is not NAME=VALUE", setting);
	snprintf(name, sizeof name, "%.*s", (int)(equals - setting), setting);
	if (value_take(equals + 1, is) < 0)
		return err_set(err, ERR_USAGE, "sysctl %s: no value of at most %d bytes", name,
			       VALUE - 1);
	there = value_read(name, was, err);
	if (there == 0)
		return err_set(err, ERR_CANNOT, "sysctl %s: this kernel has no such setting", name);
	if (there < 0 || (place->spared != NULL && is_harmless(name, err) < 0))
		return -1;
	/* Quoted, since a value may be empty. */
	buf_printf(&words, "%s\t=%s\t=%s", name, was, is);
	status = sides_add(&words, name, was, err);
	if (status == 0 && words.len >= sizeof plan->words)
		status = err_set(err, ERR_CANNOT, "sysctl %s: too much is set beside it to undo it",
				 name);
	if (status == 0) {
		snprintf(plan->words, sizeof plan->words, "%s", words.data);
		snprintf(plan->asked, sizeof plan->asked, "%.100s=%.150s", name, is);
		snprintf(plan->was, sizeof plan->was, "%s", was);
	}
	buf_close(&words);
	return status;
}

struct setting {
	char name[NAME], was[VALUE + 1], is[VALUE + 1]; /* values behind a = */
	const char *sides;
};

static int setting_take(struct setting *setting, const char *words, struct err *err)
{
	if (change_word(&words, setting->name, sizeof setting->name) &&
	    change_word(&words, setting->was, sizeof setting->was) && setting->was[0] == '=' &&
	    change_word(&words, setting->is, sizeof setting->is) && setting->is[0] == '=') {
		setting->sides = words;
		return 0;
	}
	return err_set(err, ERR_BROKE, "sysctl: the journal's line is damaged");
}

static int make(const char *words, const struct change_place *place, char proof[CHANGE_TEXT],
		struct err *err)
{
	struct err ignored = { 0 };
	struct setting setting;

	(void)place;
	if (setting_take(&setting, words, err) < 0)
		return -1;
	if (value_write(setting.name, setting.is + 1, err) < 0) {
		/* What the kernel made of it would be taken for somebody else's. */
		(void)value_write(setting.name, setting.was + 1, &ignored);
		return -1;
	}
	snprintf(proof, CHANGE_TEXT, "%s = %.120s", setting.name, setting.is + 1);
	return 0;
}

/* How many of them were otherwise. */
static int sides_restore(const char *sides, struct err *err)
{
	char side[NAME + VALUE], now[VALUE];
	int count = 0;

	while (change_word(&sides, side, sizeof side)) {
		char *value = strchr(side, '=');

		if (value == NULL)
			continue;
		*value++ = '\0';
		if (value_read(side, now, err) <= 0 || streq(now, value))
			continue; /* its interface has gone */
		if (value_write(side, value, err) < 0)
			return -1;
		count++;
	}
	return count;
}

static int undo(const char *words, char proof[CHANGE_TEXT], struct err *err)
{
	char now[VALUE];
	struct setting setting;
	int there, count;

	if (setting_take(&setting, words, err) < 0)
		return -1;
	there = value_read(setting.name, now, err);
	if (there < 0)
		return -1;
	snprintf(proof, CHANGE_TEXT, "%s = %.120s", setting.name, setting.was + 1);
	if (there == 0)
		return CHANGE_GONE;
	if (!streq(now, setting.was + 1) && !streq(now, setting.is + 1)) {
		snprintf(proof, CHANGE_TEXT, "%s is %.60s by now: left so", setting.name, now);
		return CHANGE_THEIRS;
	}
	if (!streq(now, setting.was + 1) && value_write(setting.name, setting.was + 1, err) < 0)
		return -1;
	count = sides_restore(setting.sides, err);
	if (count < 0)
		return -1;
	return count > 0 || !streq(now, setting.was + 1) ? CHANGE_UNDONE : CHANGE_GONE;
}

static const struct change change_sysctl = {
	.what = "sysctl", .plan = plan, .make = make, .undo = undo
};

const struct step_kind step_sysctl = {
	.name = "sysctl",
	.text = "change a setting of the host's network stack",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_FAULT,
	.results = RESULT_OK,
	.needs = NEED_CHANGES,
	.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
	.change = &change_sysctl,
};
