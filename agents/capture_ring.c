/* Packets in a ring, TPACKET_V2: one is visible at once, and draining ends at the first frame that
 * is not ours. Slots fit the interface's usual packet; larger ones (loopback has an MTU of 64 KiB)
 * come as a copy through the socket's queue, so that a small ring still has many slots. */
#include "capture_engine.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
	SLOT_MAX = 2048,  /* longer packets come as copies */
	COPIES = 4 << 20, /* bytes of copies that may wait */
	VLAN = 4,
};

static struct tpacket2_hdr *frame_at(const struct capture *capture, size_t index)
{
	size_t block = index / capture->frames_per_block;
	size_t inside = index % capture->frames_per_block;

	return (void *)(capture->ring + block * capture->block_len + inside * capture->frame_len);
}

static size_t round_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

int ring_make(struct capture *capture, uint32_t buffer, int mtu, struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const int one = 1, version = TPACKET_V2;

	capture->slot = mtu > 0 && mtu + ETH_HLEN + VLAN < SLOT_MAX
			    ? (uint32_t)mtu + ETH_HLEN + VLAN
			    : SLOT_MAX;
	if (capture->snaplen < capture->slot)
		capture->slot = capture->snaplen;
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

	if (queue_size(capture->fd, COPIES, err) < 0)
		return -1;
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

bool ring_next(struct capture *capture, struct capture_record *record)
{
	const struct tpacket2_hdr *frame = frame_at(capture, capture->at);
	struct capture_record copy;
	/* Written by the kernel on another CPU: acquired before the rest is read. */
	unsigned status = __atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE);
	size_t room = capture->frame_len;

	if ((status & TP_STATUS_USER) == 0)
		return false;
	*record = (struct capture_record){
		.time_ns = (uint64_t)frame->tp_sec * 1000000000u + frame->tp_nsec,
		.len = frame->tp_len,
		.status = status,
		.vlan_tci = frame->tp_vlan_tci,
		.vlan_tpid = frame->tp_vlan_tpid,
	};
	if ((status & TP_STATUS_COPY) != 0 && queue_next(capture, &copy)) {
		record->bytes = copy.bytes;
		record->caplen = copy.caplen;
	} else if (frame->tp_mac <= room) {
		record->bytes = (const uint8_t *)frame + frame->tp_mac;
		record->caplen = frame->tp_snaplen;
		if (record->caplen > room - frame->tp_mac)
			record->caplen = (uint32_t)(room - frame->tp_mac);
	}
	return true;
}

void ring_done(struct capture *capture)
{
	struct tpacket2_hdr *frame = frame_at(capture, capture->at);

	__atomic_store_n(&frame->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	capture->at = (capture->at + 1) % capture->nframe;
}
