/* AF_PACKET: what a capture is, whichever way its packets wait. */
#include "capture.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "capture_engine.h"
#include "clock.h"
#include "util.h"

enum {
	BUFFER_MAX = 256 << 20,
	BODY = 128 * 1024, /* of one PACKETS frame */
	STOP_MS = 200,
	VLAN = 4,
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int filter_attach(int fd, const char *hex, struct err *err)
{
	struct sock_filter program[CAPTURE_FILTER_MAX];
	size_t digits = hex != NULL ? strlen(hex) : 0, bytes = digits / 2;
	uint8_t *out = (uint8_t *)program;

	if (digits == 0)
		return 0;
	if (digits % 16 != 0 || bytes > sizeof program)
		return err_set(err, ERR_BROKE, "capture filter of %zu hex digits", digits);
	for (size_t i = 0; i < bytes; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return err_set(err, ERR_BROKE, "capture filter: not hex at digit %zu",
				       2 * i);
		out[i] = (uint8_t)(high << 4 | low);
	}
	const struct sock_fprog fprog = {
		.len = (unsigned short)(bytes / sizeof program[0]),
		.filter = program,
	};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &fprog, sizeof fprog) < 0)
		return err_sys(err, "capture filter");
	return 0;
}

/* Index, MTU and kind of the interface. */
struct iface {
	int index, mtu;
	bool is_lo;
};

static int iface_read(int fd, const char *name, struct iface *out, struct err *err)
{
	struct ifreq request = { 0 };

	if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof request.ifr_name) {
		errno = ENODEV;
		return err_sys(err, "%s", name != NULL ? name : "no interface");
	}
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
		return err_sys(err, "%s", name);
	out->index = request.ifr_ifindex;
	if (ioctl(fd, SIOCGIFMTU, &request) < 0)
		return err_sys(err, "%s", name);
	out->mtu = request.ifr_mtu;
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return err_sys(err, "%s", name);
	out->is_lo = request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	if (!out->is_lo && request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return err_set(err, ERR_CANNOT, "%s: no Ethernet frames there (type %u)", name,
			       request.ifr_hwaddr.sa_family);
	return 0;
}

static int capture_bind(const struct capture *capture, const struct iface *iface, struct err *err)
{
	const struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = iface->index,
	};
	const int one = 1;
	int error = 0;
	socklen_t len = sizeof error;

	/* On lo each packet would be seen twice. */
	if (iface->is_lo &&
	    setsockopt(capture->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0)
		return err_sys(err, "PACKET_IGNORE_OUTGOING");
	if (bind(capture->fd, (const struct sockaddr *)&where, sizeof where) < 0)
		return err_sys(err, "capture bind");
	/* A link that is down is no error of bind. */
	if (getsockopt(capture->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0) {
		errno = error != 0 ? error : errno;
		return err_sys(err, "capture");
	}
	return 0;
}

int capture_open(struct capture *capture, const struct capture_spec *spec, struct err *err)
{
	struct iface iface = { 0 };
	uint32_t buffer = spec->buffer > 0 ? spec->buffer : CAPTURE_QUEUE_MAX;
	int status = 0;

	*capture = (struct capture){ .fd = -1, .number = spec->number, .snaplen = spec->snaplen };
	if (capture->snaplen == 0 || capture->snaplen > CAPTURE_WHOLE)
		capture->snaplen = CAPTURE_WHOLE;
	if (buffer > BUFFER_MAX)
		return err_set(err, ERR_BROKE, "capture buffer of %u bytes", buffer);
	/* Protocol 0: nothing arrives before bind. */
	capture->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (capture->fd < 0)
		return err_sys(err, "capture socket");
	if (iface_read(capture->fd, spec->iface, &iface, err) < 0)
		goto fail;
	if (filter_attach(capture->fd, spec->filter, err) < 0)
		goto fail;
	if (buffer <= CAPTURE_QUEUE_MAX)
		status = queue_make(capture, buffer, err);
	if (status == 0 && spec->buffer > 0)
		status = ring_make(capture, buffer, iface.mtu, err);
	if (status < 0 || capture_bind(capture, &iface, err) < 0)
		goto fail;
	return 0;
fail:
	err_in(err, "%s", spec->iface != NULL ? spec->iface : "capture");
	capture_close(capture);
	return -1;
}

size_t capture_buffer(const struct capture *capture)
{
	int size = 0;
	socklen_t len = sizeof size;

	if (capture->ring != NULL)
		return capture->ring_len;
	getsockopt(capture->fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
	return (size_t)size / 2; /* the kernel doubles it for its own overhead */
}

void capture_flush(struct capture *capture, const struct sink *sink)
{
	if (capture->out.len > sizeof(uint16_t))
		sink->packets(sink->to, capture->out.data, capture->out.len);
	buf_clear(&capture->out);
}

/* A VLAN tag that the kernel took out of the packet goes back behind the addresses. */
void capture_add(struct capture *capture, const struct capture_record *record,
		 const struct sink *sink)
{
	struct buf *out = &capture->out;
	bool has_tag = (record->status & TP_STATUS_VLAN_VALID) != 0 &&
		       record->caplen >= 2 * ETH_ALEN && capture->snaplen >= 2 * ETH_ALEN + VLAN;
	uint16_t tpid =
	    (record->status & TP_STATUS_VLAN_TPID_VALID) != 0 ? record->vlan_tpid : ETH_P_8021Q;
	uint32_t tag = has_tag ? VLAN : 0, kept = record->caplen + tag;

	if (kept > capture->snaplen)
		kept = capture->snaplen;
	if (out->len == 0)
		buf_u16(out, capture->number);
	buf_u64(out, record->time_ns);
	buf_u32(out, record->len + tag);
	buf_u32(out, kept);
	if (has_tag) {
		buf_add(out, record->bytes, 2 * ETH_ALEN);
		buf_u16(out, tpid);
		buf_u16(out, record->vlan_tci);
		buf_add(out, record->bytes + 2 * ETH_ALEN, kept - VLAN - 2 * ETH_ALEN);
	} else if (kept > 0) {
		buf_add(out, record->bytes, kept);
	}
	if (out->len > BODY)
		capture_flush(capture, sink);
}

size_t capture_drain(struct capture *capture, size_t limit, const struct sink *sink)
{
	struct capture_record record;
	size_t count = 0;

	if (capture->ring != NULL) {
		for (; count < limit && ring_next(capture, &record); count++) {
			capture_add(capture, &record, sink);
			ring_done(capture);
		}
	} else {
		for (; count < limit && queue_next(capture, &record); count++)
			capture_add(capture, &record, sink);
	}
	capture_flush(capture, sink);
	capture->packets += count;
	return count;
}

/* The kernel's counts start at 0 again with each reading. */
static int statistics_read(struct capture *capture, struct err *err)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof stats;

	if (getsockopt(capture->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		return err_sys(err, "capture statistics");
	capture->seen += stats.tp_packets;
	capture->dropped += stats.tp_drops;
	return 0;
}

int capture_finish(struct capture *capture, const struct sink *sink, struct err *err)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };
	const struct sock_fprog program = { .len = 1, .filter = &nothing };
	int64_t deadline_ns = clock_after_ms(STOP_MS);

	if (setsockopt(capture->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0)
		return err_sys(err, "capture stop");
	/* A packet that another CPU still copies is counted but not yet ours: until both agree. */
	for (;;) {
		capture_drain(capture, SIZE_MAX, sink);
		if (statistics_read(capture, err) < 0)
			return -1;
		if (capture->packets + capture->dropped >= capture->seen)
			break;
		if (clock_left_ms(deadline_ns) == 0) {
			capture->dropped = capture->seen - capture->packets;
			break;
		}
		sched_yield();
	}
	return 0;
}

void capture_free(struct capture *capture)
{
	free(capture->large);
	capture->large = NULL;
	buf_close(&capture->out);
}

void capture_close(struct capture *capture)
{
	if (capture->ring != NULL)
		munmap(capture->ring, capture->ring_len);
	if (capture->fd >= 0)
		close(capture->fd);
	capture_free(capture);
	*capture = (struct capture){ .fd = -1 };
}
