/* Builds one question, reads one reply. Nothing in a reply is believed before it was checked. */
#include "dns.h"

#include <errno.h>
#include <poll.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "clock.h"

enum {
	TYPE_A = 1,
	TYPE_CNAME = 5,
	CLASS_IN = 1,
	NAME_MAX_LEN = 255,
	POINTERS_MAX = 32,
	CNAMES_MAX = 8,
	HEADER = 12,
};

int dns_query(struct buf *out, uint16_t id, const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return err_set(err, ERR_BROKE, "%.60s: not a DNS name", name);
	buf_u16(out, id);
	buf_u16(out, 0x0100); /* recursion desired */
	buf_u16(out, 1);
	buf_u16(out, 0);
	buf_u32(out, 0);
	for (size_t at = 0; at < len;) {
		size_t n = 0;

		while (at + n < len && name[at + n] != '.')
			n++;
		if (n == 0 || n > 63 || at + n + 1 == len)
			return err_set(err, ERR_BROKE, "%.60s: not a DNS name", name);
		buf_u8(out, (uint8_t)n);
		buf_add(out, name + at, n);
		at += n + 1;
	}
	buf_u8(out, 0);
	buf_u16(out, TYPE_A);
	buf_u16(out, CLASS_IN);
	return 0;
}

/* Reads a possibly compressed name at the cursor as dotted text; pointers only go backwards, so
 * that a loop ends. -1: malformed. */
static int read_name(struct cursor *cursor, const uint8_t *reply, size_t len,
		     char text[NAME_MAX_LEN + 1])
{
	struct cursor at = *cursor;
	size_t used = 0, limit = (size_t)(cursor->at - reply);
	bool has_jumped = false;

	for (int jumps = 0;;) {
		uint8_t n = cursor_u8(&at);
		const uint8_t *label;

		if (at.is_failed)
			return -1;
		if ((n & 0xc0) == 0xc0) {
			size_t offset = (size_t)(n & 0x3f) << 8 | cursor_u8(&at);

			if (at.is_failed || offset >= limit || ++jumps > POINTERS_MAX)
				return -1;
			if (!has_jumped)
				*cursor = at;
			has_jumped = true;
			limit = offset;
			at = cursor_of(reply + offset, len - offset);
			continue;
		}
		if (n == 0)
			break;
		label = cursor_take(&at, n);
		if (n > 63 || label == NULL || used + n + 1 > NAME_MAX_LEN ||
		    memchr(label, '\0', n) != NULL)
			return -1;
		memcpy(text + used, label, n);
		used += n;
		text[used++] = '.';
	}
	if (!has_jumped)
		*cursor = at;
	text[used > 0 ? used - 1 : 0] = '\0';
	return 0;
}

static bool is_same_name(const char *a, const char *b)
{
	size_t n = strlen(b);

	if (n > 0 && b[n - 1] == '.')
		n--;
	return strlen(a) == n && strncasecmp(a, b, n) == 0;
}

/* The answers behind the question: the A record of `wanted`, following its aliases. */
static enum dns_reply read_answers(struct addr *out, struct cursor *cursor, const uint8_t *reply,
				   size_t len, unsigned count, char wanted[NAME_MAX_LEN + 1])
{
	for (unsigned i = 0; i < count; i++) {
		char owner[NAME_MAX_LEN + 1], target[NAME_MAX_LEN + 1];
		unsigned type, class, size;
		struct cursor data;

		if (read_name(cursor, reply, len, owner) < 0)
			return DNS_MALFORMED;
		type = cursor_u16(cursor);
		class = cursor_u16(cursor);
		(void)cursor_u32(cursor); /* TTL */
		size = cursor_u16(cursor);
		data = *cursor;
		if (cursor_take(cursor, size) == NULL && size > 0)
			return DNS_MALFORMED;
		if (cursor->is_failed)
			return DNS_MALFORMED;
		if (class != CLASS_IN || !is_same_name(owner, wanted))
			continue;
		if (type == TYPE_A && size == 4) {
			*out = (struct addr){ .family = 4 };
			memcpy(out->ip, data.at, 4);
			return DNS_ADDRESS;
		}
		if (type == TYPE_CNAME) {
			if (read_name(&data, reply, len, target) < 0)
				return DNS_MALFORMED;
			snprintf(wanted, NAME_MAX_LEN + 1, "%s", target);
		}
	}
	return DNS_NO_DATA;
}

enum dns_reply dns_reply_read(struct addr *out, const void *reply, size_t len, uint16_t id,
			      const char *name)
{
	struct cursor cursor = cursor_of(reply, len);
	char asked[NAME_MAX_LEN + 1];
	uint16_t got_id = cursor_u16(&cursor), flags = cursor_u16(&cursor);
	unsigned questions = cursor_u16(&cursor), answers = cursor_u16(&cursor);
	unsigned code = flags & 0xf;
	uint16_t type, class;

	(void)cursor_u32(&cursor);
	if (cursor.is_failed || got_id != id || (flags & 0x8000) == 0)
		return DNS_FOREIGN;
	if (questions != 1 || read_name(&cursor, reply, len, asked) < 0)
		return DNS_FOREIGN;
	type = cursor_u16(&cursor);
	class = cursor_u16(&cursor);
	if (cursor.is_failed || type != TYPE_A || class != CLASS_IN || !is_same_name(asked, name))
		return DNS_FOREIGN;
	if (code == 3)
		return DNS_NO_NAME;
	if (code != 0)
		return DNS_FAILED;
	for (int hops = 0; hops < CNAMES_MAX; hops++) {
		char before[NAME_MAX_LEN + 1];
		struct cursor again = cursor;
		enum dns_reply rc;

		memcpy(before, asked, sizeof before);
		rc = read_answers(out, &again, reply, len, answers, asked);
		/* An alias may stand behind its target: once more, while the name moves on. */
		if (rc != DNS_NO_DATA || streq(before, asked))
			return rc;
	}
	return DNS_NO_DATA;
}

static int open_socket(const struct addr *server)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(server, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, len) < 0) {
		int number = errno;

		close(fd);
		errno = number;
		return -1;
	}
	return fd;
}

/* Waits for the answer to one query; DNS_FOREIGN: none came until the deadline. */
static enum dns_reply await_reply(struct addr *out, int fd, uint16_t id, const char *name,
				  int64_t deadline_ns, struct err *err)
{
	uint8_t reply[4096];

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t n = recv(fd, reply, sizeof reply, 0);
		enum dns_reply rc;

		if (n >= 0) {
			rc = dns_reply_read(out, reply, (size_t)n, id, name);
			if (rc != DNS_FOREIGN && rc != DNS_MALFORMED)
				return rc;
			continue; /* not the answer we wait for */
		}
		if (errno != EAGAIN && errno != EINTR) {
			err_sys(err, "no answer");
			return DNS_FAILED;
		}
		if (clock_mono_ns() >= deadline_ns) {
			err_set(err, ERR_BROKE, "no answer");
			return DNS_FOREIGN;
		}
		(void)poll(&poll_fd, 1, clock_left_ms(deadline_ns));
	}
}

enum dns_reply dns_ask(struct addr *out, const struct addr *server, const char *name,
		       const struct dns_patience *patience, int64_t deadline_ns, struct err *err)
{
	enum dns_reply rc = DNS_FAILED;

	for (int try = 0; try < patience->tries && clock_mono_ns() < deadline_ns; try++) {
		struct buf query = { 0 };
		int64_t until_ns = clock_after_ms(patience->try_ms);
		uint16_t id = 0;
		int fd = -1;

		/* A new socket and id each time: a late answer to the first is nobody's. */
		if (getrandom(&id, sizeof id, 0) == (ssize_t)sizeof id &&
		    dns_query(&query, id, name, err) == 0) {
			fd = open_socket(server);
			if (fd < 0 || send(fd, query.data, query.len, MSG_NOSIGNAL) < 0)
				err_sys(err, "not asked");
			else
				rc = await_reply(out, fd, id, name,
						 until_ns < deadline_ns ? until_ns : deadline_ns,
						 err);
		}
		buf_close(&query);
		if (fd >= 0)
			close(fd);
		if (rc != DNS_FOREIGN)
			break;
	}
	return rc == DNS_FOREIGN ? DNS_FAILED : rc;
}
