/* Netlink dumps. Every length the kernel gives is checked against what was received. */
#include "nldump.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "buf.h"
#include "clock.h"

enum {
	ANSWER = 32768,
	READINGS = 8,        /* of a table that changes while it is read */
	ROWS_MAX = 64 << 20, /* bytes */
	PATIENCE_S = 2
};

static int nl_open(struct nldump *nl, struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };

	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, nl->protocol);
	if (nl->fd < 0)
		return err_sys(err, "netlink socket");
	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
		err_sys(err, "netlink socket");
		nldump_close(nl);
		return -1;
	}
	return 0;
}

static int request_send(struct nldump *nl, unsigned type, const void *body, size_t len,
			struct err *err)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} message = { .header = { .nlmsg_type = (uint16_t)type,
				  .nlmsg_flags = NLM_F_REQUEST,
				  .nlmsg_seq = ++nl->seq } };
	size_t total = NLMSG_HDRLEN + NLMSG_ALIGN(len);

	if (total > sizeof message)
		return err_set(err, ERR_BROKE, "netlink request of %zu bytes", len);
	/* A table ends with DONE; one answer with the kernel's word that it was given. */
	message.header.nlmsg_flags |= nl->is_one ? NLM_F_ACK | nl->flags : NLM_F_DUMP;
	message.header.nlmsg_len = (uint32_t)total;
	memcpy(message.bytes + NLMSG_HDRLEN, body, len);
	ssize_t sent;
	do
		sent = sendto(nl->fd, &message, total, 0, (const struct sockaddr *)&kernel,
			      sizeof kernel);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? err_sys(err, "netlink request") : 0;
}

static int answer_error(const void *body, size_t len, struct err *err)
{
	int error = 0;

	/* DONE carries a bare int, ERROR a struct that begins with one. */
	if (len >= sizeof error)
		memcpy(&error, body, sizeof error);
	if (error >= 0)
		return 0;
	errno = error > -4096 ? -error : EPROTO; /* MAX_ERRNO: no kernel answers beyond */
	return err_sys(err, "the kernel answers");
}

struct kept { /* a row that waits until the whole table was read in one state */
	size_t len;
	unsigned type;
};

static void keep_row(struct buf *rows, unsigned type, const void *body, size_t len)
{
	const struct kept kept = { .len = len, .type = type };
	static const char none[sizeof kept] = { 0 };

	buf_add(rows, &kept, sizeof kept);
	buf_add(rows, body, len);
	buf_add(rows, none, -len % sizeof kept); /* the next one is aligned, too */
}

/* One datagram into `rows`. 1: more to come, 0: the dump ended, -1: err. *is_torn: the table
 * changed while it was read, so rows may be missing, or twice there. */
static int answer_read(const struct nldump *nl, const char *bytes, size_t len, struct buf *rows,
		       bool *is_torn, struct err *err)
{
	while (len >= NLMSG_HDRLEN) {
		struct nlmsghdr header;
		size_t step;

		memcpy(&header, bytes, sizeof header);
		if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > len)
			return err_set(err, ERR_BROKE, "netlink: message of %u in %zu bytes",
				       header.nlmsg_len, len);
		const char *body = bytes + NLMSG_HDRLEN;
		size_t body_len = header.nlmsg_len - NLMSG_HDRLEN;
		if (header.nlmsg_seq == nl->seq) {
			*is_torn |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
			if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR)
				return answer_error(body, body_len, err);
			if (header.nlmsg_type >= NLMSG_MIN_TYPE)
				keep_row(rows, header.nlmsg_type, body, body_len);
		}
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step >= len)
			break;
		bytes += step;
		len -= step;
	}
	return 1;
}

static void give_rows(const struct buf *rows, nldump_row *row, void *context)
{
	for (size_t at = 0; at < rows->len;) {
		struct kept kept;

		memcpy(&kept, rows->data + at, sizeof kept);
		at += sizeof kept;
		row(context, kept.type, rows->data + at, kept.len);
		at += kept.len + -kept.len % sizeof kept;
	}
}

/* One answer to its end: 1: torn, 0: whole, -1: err. */
static int dump_read(struct nldump *nl, struct buf *rows, int64_t deadline_ns, struct err *err)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER];
	bool is_torn = false;
	int more;

	do {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(nl->fd, answer, sizeof answer, MSG_TRUNC,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR && clock_left_ms(deadline_ns) > 0)
			n = 0;
		if (n < 0)
			return err_sys(err, "netlink answer");
		if ((size_t)n > sizeof answer)
			return err_set(err, ERR_BROKE, "netlink: answer of %zd bytes", n);
		more = 1;
		if (from.nl_pid != 0) /* only the kernel (port 0) is believed */
			continue;
		more = answer_read(nl, answer, (size_t)n, rows, &is_torn, err);
		if (more > 0 && rows->len > ROWS_MAX)
			return err_set(err, ERR_BROKE, "netlink: more than %d MiB of rows",
				       ROWS_MAX >> 20);
	} while (more > 0);
	return more < 0 ? -1 : is_torn;
}

int nldump_run(struct nldump *nl, unsigned type, const void *body, size_t len, nldump_row *row,
	       void *context, struct err *err)
{
	int64_t deadline_ns = clock_after_ms(PATIENCE_S * 1000);
	struct buf rows = { 0 };
	int result = 1;

	if (nl->fd < 0 && nl_open(nl, err) < 0)
		return -1;
	for (int i = 0; result > 0 && i < READINGS; i++) {
		buf_clear(&rows);
		nl->readings++;
		result = request_send(nl, type, body, len, err);
		if (result == 0)
			result = dump_read(nl, &rows, deadline_ns, err);
	}
	if (result > 0)
		result = err_set(err, ERR_BROKE,
				 "the table changed each of the %d times it was read", READINGS);
	if (result == 0)
		give_rows(&rows, row, context);
	else
		nldump_close(nl); /* a half-read answer must not meet the next request */
	buf_close(&rows);
	return result;
}

void nldump_close(struct nldump *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

int nldump_attr(const void **at, size_t *left, struct nlattr_view *attr)
{
	struct nlattr header;
	size_t step;

	if (*left < NLA_HDRLEN)
		return 0;
	memcpy(&header, *at, sizeof header);
	if (header.nla_len < NLA_HDRLEN || header.nla_len > *left)
		return 0;
	attr->type = header.nla_type & NLA_TYPE_MASK;
	attr->data = (const char *)*at + NLA_HDRLEN;
	attr->len = header.nla_len - (size_t)NLA_HDRLEN;
	step = NLA_ALIGN((size_t)header.nla_len);
	if (step > *left)
		step = *left;
	*at = (const char *)*at + step;
	*left -= step;
	return 1;
}
