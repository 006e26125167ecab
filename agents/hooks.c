/* Everything that a packet may meet behind the place where captures see it and before TCP does: tc,
 * eBPF, virtual services, routing rules in front of the local ones, modules that nobody knows. XDP
 * comes before the captures, so what it does shows in them. */
#include "hooks.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fib_rules.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buf.h"
#include "nldump.h"
#include "parse.h"
#include "util.h"

enum {
	PROGRAMS_MAX = 4096,
	BPF_TYPE_NETFILTER = 32,         /* headers of older systems lack it */
	TAINT_FOREIGN = 1 << 0 | 1 << 12 /* proprietary modules, modules from outside the tree */
};

static void found(struct buf *list, const char *what, const char *where)
{
	buf_printf(list, "%s%s%s", list->len > 0 ? ", " : "", what, where);
}

/* ---- tc ---- */

static void qdisc_row(void *context, unsigned type, const void *body, size_t len)
{
	struct tcmsg head;
	struct nlattr_view attr;
	char name[IF_NAMESIZE];

	if (type != RTM_NEWQDISC || len < sizeof head)
		return;
	memcpy(&head, body, sizeof head);
	body = (const char *)body + sizeof head;
	len -= sizeof head;
	while (nldump_attr(&body, &len, &attr)) {
		bool is_ingress = attr.type == TCA_KIND && attr.len > 0 &&
				  (strncmp(attr.data, "clsact", attr.len) == 0 ||
				   strncmp(attr.data, "ingress", attr.len) == 0);
		if (is_ingress)
			found(context, "tc at ",
			      if_indextoname((unsigned)head.tcm_ifindex, name) != NULL
				  ? name
				  : "a device");
	}
}

static int look_at_tc(struct buf *list, struct err *err)
{
	const struct tcmsg request = { .tcm_family = AF_UNSPEC };
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	int status = nldump_run(&nl, RTM_GETQDISC, &request, sizeof request, qdisc_row, list, err);

	nldump_close(&nl);
	/* A kernel without tc has none. */
	if (status < 0 && err->sys == EOPNOTSUPP)
		return 0;
	return status < 0 ? err_in(err, "tc") : 0;
}

/* ---- eBPF ---- */

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof *attr);
}

static const char *program_does(unsigned type)
{
	switch (type) {
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return "an eBPF program for tc";
	case BPF_TYPE_NETFILTER:
		return "an eBPF program for netfilter";
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
		return "an eBPF program for routes";
	default:
		return NULL; /* none that stands between a capture and TCP */
	}
}

/* 1: its type; 0: it is gone meanwhile; -1: err. */
static int program_type(uint32_t id, unsigned *type, struct err *err)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { .prog_id = id };
	long fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "eBPF program %u", id);
	attr = (union bpf_attr){ 0 };
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof info;
	attr.info.info = (uintptr_t)&info;
	long status = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (status < 0)
		err_sys(err, "eBPF program %u", id);
	close((int)fd);
	*type = info.type;
	return status < 0 ? -1 : 1;
}

/* Of the whole machine: how and where each is attached would be six more questions. */
static int look_at_programs(struct buf *list, struct err *err)
{
	union bpf_attr attr = { 0 };

	for (size_t i = 0; i < PROGRAMS_MAX; i++) {
		unsigned type = 0;
		uint32_t id;

		if (bpf(BPF_PROG_GET_NEXT_ID, &attr) < 0)
			return errno == ENOENT || errno == ENOSYS
				   ? 0
				   : err_sys(err, "eBPF programs cannot be listed");
		id = attr.next_id;
		int status = program_type(id, &type, err);
		if (status < 0)
			return -1;
		if (status > 0 && program_does(type) != NULL) {
			found(list, program_does(type), "");
			return 0;
		}
		attr = (union bpf_attr){ .start_id = id };
	}
	return err_set(err, ERR_BROKE, "more than %d eBPF programs", PROGRAMS_MAX);
}

/* ---- routing rules ---- */

struct rule_seen {
	bool is_later; /* the first one was seen */
	struct buf *list;
};

/* What each rule has; all else may say to which packets it applies. */
static bool selects_nothing(const struct nlattr_view *attr)
{
	int32_t suppressed;

	if (attr->type == FRA_SUPPRESS_PREFIXLEN && attr->len == sizeof suppressed) {
		memcpy(&suppressed, attr->data, sizeof suppressed);
		return suppressed == -1;
	}
	return attr->type == FRA_TABLE || attr->type == FRA_PRIORITY || attr->type == FRA_PROTOCOL;
}

/* The first rule has to be the one that finds the host's own addresses. */
static void rule_row(void *context, unsigned type, const void *body, size_t len)
{
	struct rule_seen *seen = context;
	struct fib_rule_hdr head;
	struct nlattr_view attr;
	bool is_plain = true;
	uint32_t table;

	if (type != RTM_NEWRULE || len < sizeof head || seen->is_later)
		return;
	memcpy(&head, body, sizeof head);
	table = head.table;
	body = (const char *)body + sizeof head;
	len -= sizeof head;
	while (nldump_attr(&body, &len, &attr)) {
		if (attr.type == FRA_TABLE && attr.len == sizeof table)
			memcpy(&table, attr.data, sizeof table);
		is_plain &= selects_nothing(&attr);
	}
	seen->is_later = true;
	if (table != RT_TABLE_LOCAL || head.action != FR_ACT_TO_TBL || head.src_len != 0 ||
	    head.dst_len != 0 || head.tos != 0 || (head.flags & FIB_RULE_INVERT) != 0 || !is_plain)
		found(seen->list, "a routing rule in front of the table local", "");
}

static int look_at_routing(struct buf *list, struct err *err)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	int status = 0;

	for (size_t i = 0; i < COUNT(families) && status == 0; i++) {
		const struct fib_rule_hdr request = { .family = families[i] };
		struct rule_seen seen = { .list = list };

		status =
		    nldump_run(&nl, RTM_GETRULE, &request, sizeof request, rule_row, &seen, err);
		if (status < 0 && (err->sys == EOPNOTSUPP || err->sys == EAFNOSUPPORT))
			status = 0; /* no rules, or no such family */
	}
	nldump_close(&nl);
	return status < 0 ? err_in(err, "routing rules") : 0;
}

/* ---- what /proc tells ---- */

static ssize_t read_start(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
	int cause = errno;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	errno = cause;
	return n;
}

/* Rules of old iptables are in no listing of nftables. */
static int look_at_legacy(struct buf *list, struct err *err)
{
	static const char *const files[] = { "/proc/thread-self/net/ip_tables_names",
					     "/proc/thread-self/net/ip6_tables_names" };
	char text[256];

	for (size_t i = 0; i < COUNT(files); i++) {
		ssize_t n = read_start(files[i], text, sizeof text);
		if (n < 0 && errno != ENOENT)
			return err_sys(err, "%s", files[i]);
		if (n > 0)
			found(list, "tables of iptables-legacy", "");
	}
	return 0;
}

static int look_at_proc(struct buf *list, struct err *err)
{
	char text[4096];
	int64_t taint;

	if (look_at_legacy(list, err) < 0)
		return -1;
	/* Three lines of headings, then the services. */
	if (read_start("/proc/thread-self/net/ip_vs", text, sizeof text) < 0) {
		if (errno != ENOENT)
			return err_sys(err, "/proc/net/ip_vs");
	} else {
		const char *at = text;
		for (size_t lines = 0; lines < 3 && at != NULL; lines++) {
			at = strchr(at, '\n');
			at = at != NULL ? at + 1 : NULL;
		}
		if (at != NULL && *at != '\0')
			found(list, "virtual services (IPVS)", "");
	}
	if (read_start("/proc/sys/kernel/tainted", text, sizeof text) < 0)
		return err_sys(err, "/proc/sys/kernel/tainted");
	text[strcspn(text, "\n")] = '\0';
	if (parse_int(text, 0, INT64_MAX, &taint) < 0 || (taint & TAINT_FOREIGN) != 0)
		found(list, "kernel modules that are not the kernel's own", "");
	return 0;
}

/* ---- the rules' generation ---- */

static void generation_row(void *context, unsigned type, const void *body, size_t len)
{
	struct nlattr_view attr;
	uint32_t value;

	if (type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) || len < sizeof(struct nfgenmsg))
		return;
	body = (const char *)body + sizeof(struct nfgenmsg);
	len -= sizeof(struct nfgenmsg);
	while (nldump_attr(&body, &len, &attr))
		if (attr.type == NFTA_GEN_ID && attr.len == sizeof value) {
			memcpy(&value, attr.data, sizeof value);
			*(int64_t *)context = be32toh(value);
		}
}

/* Each change of any rule in this namespace makes another one. */
static int look_at_generation(int64_t *generation, struct err *err)
{
	const struct nfgenmsg request = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct nldump nl = NLDUMP_INIT(NETLINK_NETFILTER);

	nl.is_one = true;
	int status = nldump_run(&nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, &request,
				sizeof request, generation_row, generation, err);
	nldump_close(&nl);
	if (status == 0 && *generation < 0)
		return err_set(err, ERR_BROKE, "the generation of the rules is not told");
	return status < 0 ? err_in(err, "the generation of the rules") : 0;
}

void hooks_emit(int64_t snapshot, const struct sink *sink)
{
	struct err err = { 0 };
	struct buf list = { 0 };
	struct event event;
	int64_t generation = -1;
	int status = look_at_generation(&generation, &err);

	event_init(&event, "hooks");
	event_int(&event, "snapshot", snapshot);
	if (status == 0)
		status = look_at_tc(&list, &err);
	if (status == 0)
		status = look_at_programs(&list, &err);
	if (status == 0)
		status = look_at_routing(&list, &err);
	if (status == 0)
		status = look_at_proc(&list, &err);
	if (generation >= 0)
		event_int(&event, "generation", generation);
	if (list.len > 0)
		event_text(&event, "found", list.data);
	if (status < 0)
		event_text(&event, "error", err.text);
	sink_event(sink, &event);
	buf_close(&list);
}
