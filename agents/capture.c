/* AF_PACKET, TPACKET_V2: a packet is visible at once and draining ends at the first frame that is
 * not ours. Slots fit the interface's usual packet; larger ones (loopback has an MTU of 64 KiB)
 * come as a copy through the socket's queue, so that a small ring still has many slots. */
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

#include "clock.h"
#include "util.h"

enum {
	WHOLE = 262144,  /* snaplen when all is wanted; also the most */
	SLOT_MAX = 2048, /* longer packets come as copies */
	BUFFER = 1 << 20,
	BUFFER_MAX = 256 << 20,
	COPIES = 4 << 20,  /* bytes of copies that may wait */
	BODY = 128 * 1024, /* of one PACKETS frame */
	STOP_MS = 200,
	VLAN = 4,
};

static struct tpacket2_hdr *frame_at(const struct capture *capture, size_t index)
{
	size_t block = index / capture->frames_per_block;
	size_t inside = index % capture->frames_per_block;

	return (void *)(capture->ring + block * capture->block_len + inside * capture->frame_len);
}

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

static size_t round_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

static int ring_make(struct capture *capture, uint32_t buffer, struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const int copies = COPIES, one = 1, version = TPACKET_V2;

	/* Where the kernel puts the packet: behind both headers, with 16 bytes for link headers. */
	capture->frame_len =
	    round_up(TPACKET_ALIGN(TPACKET2_HDRLEN + 16) + capture->slot, TPACKET_ALIGNMENT);
	capture->block_len = round_up(capture->frame_len, page);
	while (capture->block_len < 64 * 1024)
		capture->block_len *= 2;
	capture->frames_per_block = capture->block_len / capture->frame_len;
	size_t nblock = buffer / capture->block_len > 0 ? buffer / capture->block_len : 1;
	capture->nframe = nblock * capture->frames_per_block;
	capture->ring_len = nblock * capture->block_len;
	const struct tpacket_req request = {
		.tp_block_size = (unsigned)capture->block_len,
		.tp_block_nr = (unsigned)nblock,
		.tp_frame_size = (unsigned)capture->frame_len,
		.tp_frame_nr = (unsigned)capture->nframe,
	};

	/* FORCE needs a right in the first user namespace; without it the usual limit stands. */
	if (setsockopt(capture->fd, SOL_SOCKET, SO_RCVBUFFORCE, &copies, sizeof copies) < 0 &&
	    setsockopt(capture->fd, SOL_SOCKET, SO_RCVBUF, &copies, sizeof copies) < 0)
		return err_sys(err, "capture buffer");
	if (setsockopt(capture->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0 ||
	    setsockopt(capture->fd, SOL_PACKET, PACKET_COPY_THRESH, &one, sizeof one) < 0 ||
	    setsockopt(capture->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
		return err_sys(err, "capture ring of %zu bytes", capture->ring_len);
	void *ring =
	    mmap(NULL, capture->ring_len, PROT_READ | PROT_WRITE, MAP_SHARED, capture->fd, 0);
	if (ring == MAP_FAILED)
		return err_sys(err, "capture ring");
	capture->ring = ring;
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
	uint32_t buffer = spec->buffer > 0 ? spec->buffer : BUFFER;

	*capture = (struct capture){ .fd = -1, .number = spec->number, .snaplen = spec->snaplen };
	if (capture->snaplen == 0 || capture->snaplen > WHOLE)
		capture->snaplen = WHOLE;
	if (buffer > BUFFER_MAX)
		return err_set(err, ERR_BROKE, "capture buffer of %u bytes", buffer);
	/* Protocol 0: nothing arrives before bind. */
	capture->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (capture->fd < 0)
		return err_sys(err, "capture socket");
	if (iface_read(capture->fd, spec->iface, &iface, err) < 0)
		goto fail;
	capture->slot = iface.mtu > 0 && iface.mtu + ETH_HLEN + VLAN < SLOT_MAX
			    ? (uint32_t)iface.mtu + ETH_HLEN + VLAN
			    : SLOT_MAX;
	if (capture->snaplen < capture->slot)
		capture->slot = capture->snaplen;
	if (filter_attach(capture->fd, spec->filter, err) < 0 ||
	    ring_make(capture, buffer, err) < 0 || capture_bind(capture, &iface, err) < 0)
		goto fail;
	return 0;
fail:
	err_in(err, "%s", spec->iface != NULL ? spec->iface : "capture");
	capture_close(capture);
	return -1;
}

size_t capture_buffer(const struct capture *capture)
{
	return capture->ring_len;
}

static void body_flush(struct capture *capture, const struct sink *sink)
{
	if (capture->out.len > sizeof(uint16_t))
		sink->packets(sink->to, capture->out.data, capture->out.len);
	buf_clear(&capture->out);
}

/* One record. A VLAN tag that the kernel took out of the packet goes back behind the addresses. */
static void packet_add(struct capture *capture, const struct tpacket2_hdr *frame,
		       const uint8_t *bytes, uint32_t caplen)
{
	struct buf *out = &capture->out;
	bool has_tag = (frame->tp_status & TP_STATUS_VLAN_VALID) != 0 && caplen >= 2 * ETH_ALEN;
	uint16_t tpid =
	    (frame->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? frame->tp_vlan_tpid : ETH_P_8021Q;
	uint32_t len = frame->tp_len, kept = caplen;

	if (has_tag) {
		len += VLAN;
		kept = caplen + VLAN > capture->snaplen ? capture->snaplen : caplen + VLAN;
	}
	if (kept < 2 * ETH_ALEN + VLAN)
		has_tag = false;
	if (out->len == 0)
		buf_u16(out, capture->number);
	buf_u64(out, (uint64_t)frame->tp_sec * 1000000000u + frame->tp_nsec);
	buf_u32(out, len);
	buf_u32(out, kept);
	if (!has_tag) {
		buf_add(out, bytes, kept < caplen ? kept : caplen);
		return;
	}
	buf_add(out, bytes, 2 * ETH_ALEN);
	buf_u16(out, tpid);
	buf_u16(out, frame->tp_vlan_tci);
	buf_add(out, bytes + 2 * ETH_ALEN, kept - VLAN - 2 * ETH_ALEN);
}

/* The whole packet of a frame whose slot was too small; 0: none waits, the slot's part is all. */
static uint32_t copy_take(struct capture *capture)
{
	ssize_t n;

	if (capture->large == NULL) {
		capture->large = malloc(WHOLE);
		if (capture->large == NULL)
			abort();
	}
	do
		n = recv(capture->fd, capture->large, capture->snaplen, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n > 0 ? (uint32_t)n : 0;
}

static void frame_take(struct capture *capture, struct tpacket2_hdr *frame)
{
	size_t room = capture->frame_len;
	uint32_t caplen = frame->tp_snaplen, copied;

	if ((frame->tp_status & TP_STATUS_COPY) != 0 && (copied = copy_take(capture)) > 0) {
		packet_add(capture, frame, capture->large, copied);
		return;
	}
	if (frame->tp_mac > room)
		return;
	if (caplen > room - frame->tp_mac)
		caplen = (uint32_t)(room - frame->tp_mac);
	if (caplen > capture->snaplen)
		caplen = capture->snaplen;
	packet_add(capture, frame, (const uint8_t *)frame + frame->tp_mac, caplen);
}

size_t capture_drain(struct capture *capture, size_t limit, const struct sink *sink)
{
	size_t count = 0;

	while (count < limit) {
		struct tpacket2_hdr *frame = frame_at(capture, capture->at);

		/* Written by the kernel on another CPU: acquired before the rest is read. */
		if ((__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
			break;
		frame_take(capture, frame);
		__atomic_store_n(&frame->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		capture->at = (capture->at + 1) % capture->nframe;
		count++;
		if (capture->out.len > BODY)
			body_flush(capture, sink);
	}
	body_flush(capture, sink);
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
