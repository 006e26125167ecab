/* Packets in the socket's queue: nothing to set up, one system call a packet. */
#include "capture_engine.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "clock.h"
#include "mem.h"

int queue_size(int fd, uint32_t bytes, struct err *err)
{
	const int size = (int)bytes;

	/* FORCE needs a right in the first user namespace; without it the usual limit stands. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0)
		return err_sys(err, "capture buffer");
	return 0;
}

int queue_make(struct capture *capture, uint32_t buffer, struct err *err)
{
	const int one = 1;

	if (queue_size(capture->fd, buffer, err) < 0)
		return -1;
	if (setsockopt(capture->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) < 0 ||
	    setsockopt(capture->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) < 0)
		return err_sys(err, "capture socket");
	return capture_buffer(capture) >= buffer ? 1 : 0;
}

static void control_read(struct msghdr *message, struct capture_record *record)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL;
	     at = CMSG_NXTHDR(message, at)) {
		struct tpacket_auxdata aux;
		struct timespec time;

		if (at->cmsg_level == SOL_PACKET && at->cmsg_type == PACKET_AUXDATA &&
		    at->cmsg_len >= CMSG_LEN(sizeof aux)) {
			memcpy(&aux, CMSG_DATA(at), sizeof aux);
			record->len = aux.tp_len;
			record->status = aux.tp_status;
			record->vlan_tci = aux.tp_vlan_tci;
			record->vlan_tpid = aux.tp_vlan_tpid;
		} else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS &&
			   at->cmsg_len >= CMSG_LEN(sizeof time)) {
			memcpy(&time, CMSG_DATA(at), sizeof time);
			record->time_ns =
			    (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
		}
	}
}

bool queue_next(struct capture *capture, struct capture_record *record)
{
	_Alignas(struct cmsghdr) char control[256];
	ssize_t n;

	if (capture->large == NULL)
		capture->large = mem_resize(NULL, CAPTURE_WHOLE, 1);
	struct iovec bytes = { .iov_base = capture->large, .iov_len = capture->snaplen };
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	do
		n = recvmsg(capture->fd, &message, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	*record = (struct capture_record){
		.time_ns = (uint64_t)clock_real_ns(), /* unless the kernel says better */
		.len = (uint32_t)n,
		.bytes = capture->large,
		.caplen = (uint32_t)n,
	};
	control_read(&message, record);
	return true;
}
