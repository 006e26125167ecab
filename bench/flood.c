/* Does lab-agent's capture lose packets? Two hosts on a bridge: one runs the agent as it is, the
 * other sends numbered small packets at a steady rate; the capture is stopped the moment the last
 * one is sent, and each number must have come once. One line of JSON for each test.
 * flood AGENT RATE COUNT ROUNDS [ENGINE]   COUNT at RATE a second once; 1000 at once, ROUNDS times
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "clock.h"
#include "event.h"
#include "frame.h"
#include "nl.h"
#include "star.h"

enum {
	AGENT_HOST,
	SENDER,
	PORT = 9,
	PAYLOAD = 18, /* a frame of 60 bytes, the smallest there is */
	MAGIC = 0x6c616221,
	BATCH = 64,
	LAST = 1000, /* packets just before the stop */
	PATIENCE_MS = 20000,
	SNAPLEN = 1522,   /* what a run asks for on a cable of 1500 bytes: see lab plan */
	BURST_BUFFER = 0, /* the engine's own */
	FLOOD_BUFFER = 16 << 20,
};

struct order {
	uint32_t count, rate; /* rate 0: as fast as it goes */
};

struct sent {
	uint32_t count;
	double took_s;
};

static const char *agent_path;

static double since_s(int64_t start_ns)
{
	return (double)(clock_mono_ns() - start_ns) / 1e9;
}

static void send_all(int fd, const struct order *order, struct sent *sent)
{
	uint32_t payload[BATCH][PAYLOAD / 4 + 1];
	struct mmsghdr message[BATCH] = { 0 };
	struct iovec part[BATCH];
	int64_t start_ns = clock_mono_ns();

	for (uint32_t at = 0; at < order->count;) {
		uint32_t due = order->count;
		if (order->rate) { /* it spins: a timer would send in bursts */
			double due_by_now = since_s(start_ns) * order->rate + 1;
			due = due_by_now < order->count ? (uint32_t)due_by_now : order->count;
		}
		unsigned batch = 0;
		for (; batch < BATCH && at + batch < due; batch++) {
			payload[batch][0] = MAGIC;
			payload[batch][1] = at + batch;
			part[batch] = (struct iovec){ payload[batch], PAYLOAD };
			message[batch].msg_hdr =
			    (struct msghdr){ .msg_iov = &part[batch], .msg_iovlen = 1 };
		}
		int done = batch ? sendmmsg(fd, message, batch, 0) : 0;
		if (done < 0 && errno != ECONNREFUSED && errno != ENOBUFS)
			die("sendmmsg");
		at += done > 0 ? (uint32_t)done : 0;
	}
	sent->count = order->count;
	sent->took_s = since_s(start_ns);
}

static void play(int host, int fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(PORT),
				  .sin_addr.s_addr = htonl(star_address(AGENT_HOST)) };
	struct order order;
	struct sent sent;

	if (host == AGENT_HOST) {
		if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
			die("dup2");
		execl(agent_path, "lab-agent", (char *)NULL);
		die(agent_path);
	}
	int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (connect(out, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	while (take(fd, &order, sizeof(order))) {
		send_all(out, &order, &sent);
		give(fd, &sent, sizeof(sent));
	}
}

struct capture_count {
	uint8_t *seen; /* by number */
	uint32_t count, came, twice, lost, lost_last;
	int64_t dropped;
};

struct control {
	struct star star;
	struct frame_reader reader;
	struct capture_count *now;
	int requests, captures; /* so far */
};

static void see_packet(struct capture_count *c, const uint8_t *p, uint32_t len)
{
	uint32_t word[2];

	/* UDP over IPv4 without options: the answers of the closed port are ICMP. */
	if (len < 14 + 20 + 8 + sizeof(word) || p[12] != 8 || p[13] != 0 || p[23] != IPPROTO_UDP)
		return;
	memcpy(word, p + 42, sizeof(word));
	if (word[0] != MAGIC || word[1] >= c->count)
		return;
	c->twice += c->seen[word[1]];
	c->came += !c->seen[word[1]];
	c->seen[word[1]] = 1;
}

static void see_packets(struct capture_count *c, const struct frame *frame)
{
	struct cursor at = cursor_of(frame->body, frame->len);

	cursor_u16(&at); /* which capture */
	while (c && cursor_left(&at) > 0) {
		cursor_u64(&at); /* when */
		cursor_u32(&at); /* its length on the wire */
		uint32_t len = cursor_u32(&at);
		const uint8_t *packet = cursor_take(&at, len);
		if (!packet)
			die("a frame of packets");
		see_packet(c, packet, len);
	}
}

/* Reads what the agent says until a frame of that type came. */
static void listen_for(struct control *control, enum frame_type type)
{
	struct pollfd in = { .fd = control->star.host[AGENT_HOST].fd, .events = POLLIN };
	static uint8_t bytes[1 << 18];
	struct frame frame;
	struct event event;
	struct err err = { 0 };
	bool is_there = false;

	while (!is_there) {
		if (poll(&in, 1, PATIENCE_MS) <= 0)
			die("the agent is silent");
		ssize_t got = read(in.fd, bytes, sizeof(bytes));
		if (got <= 0)
			die("the agent is gone");
		frame_feed(&control->reader, bytes, (size_t)got);
		while (frame_next(&control->reader, &frame, &err) > 0) {
			is_there |= frame.type == type;
			if (frame.type == FRAME_PACKETS) {
				see_packets(control->now, &frame);
				continue;
			}
			if (event_decode(&event, frame.body, frame.len, &err) < 0)
				die("an event");
			if (event_is(&event, "capture.end") && control->now)
				control->now->dropped = event_num(&event, "dropped", -1);
			const char *result = event_get(&event, "result");
			if (frame.type == FRAME_DONE && (!result || strcmp(result, "ok") != 0)) {
				const char *why = event_get(&event, "text");
				fprintf(stderr, "lab-agent: %s\n", why ? why : "refuses");
				exit(2);
			}
		}
	}
}

static void ask(struct control *control, struct event *request)
{
	struct buf out = { 0 };

	event_int(request, "id", ++control->requests);
	frame_put_event(&out, FRAME_REQUEST, request);
	give(control->star.host[AGENT_HOST].fd, out.data, out.len);
	buf_close(&out);
	listen_for(control, FRAME_DONE);
}

static void capture_start(struct control *control, const char *engine, int buffer)
{
	struct event request;

	event_init(&request, "capture.start");
	event_int(&request, "capture", control->captures);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", "eth0");
	event_int(&request, "snaplen", SNAPLEN);
	event_int(&request, "buffer", buffer);
	event_text(&request, "filter", "");
	event_text(&request, "filter_text", "");
	event_text(&request, "engine", engine);
	ask(control, &request);
}

/* While the packets come the agent must be read; the stop follows the last packet at once. */
static struct sent flood(struct control *control, struct capture_count *c,
			 const struct order *order)
{
	struct pollfd in[2] = { { .fd = control->star.host[SENDER].fd, .events = POLLIN },
				{ .fd = control->star.host[AGENT_HOST].fd, .events = POLLIN } };
	struct event stop;
	struct sent sent;

	control->now = c;
	give(in[0].fd, order, sizeof(*order));
	while (!in[0].revents) {
		if (poll(in, 2, PATIENCE_MS) <= 0)
			die("the sender is silent");
		if (in[1].revents)
			listen_for(control, FRAME_PACKETS);
	}
	event_init(&stop, "capture.stop");
	event_int(&stop, "capture", control->captures++);
	ask(control, &stop);
	if (!take(in[0].fd, &sent, sizeof(sent)))
		die("the sender is gone");
	for (uint32_t i = 0; i < c->count; i++) {
		c->lost += !c->seen[i];
		c->lost_last += !c->seen[i] && i + LAST >= c->count;
	}
	control->now = NULL;
	return sent;
}

static int one_test(struct control *control, const char *row, const char *engine,
		    const struct order *order, int rounds, int buffer)
{
	struct capture_count sum = { 0 };
	double least_rate = 1e12;
	int64_t dropped = 0;

	for (int i = 0; i < rounds; i++) {
		struct capture_count c = { .count = order->count, .seen = calloc(order->count, 1) };
		if (!c.seen)
			die("memory");
		capture_start(control, engine, buffer);
		struct sent sent = flood(control, &c, order);
		double rate = sent.count / sent.took_s;
		least_rate = rate < least_rate ? rate : least_rate;
		sum.count += c.count;
		sum.came += c.came;
		sum.twice += c.twice;
		sum.lost += c.lost;
		sum.lost_last += c.lost_last;
		dropped = c.dropped < 0 ? -1 : dropped + c.dropped;
		free(c.seen);
	}
	json_t *line =
	    json_pack("{ss ss si si si si si si sI sf si}", "row", row, "engine", engine, "rounds",
		      rounds, "sent", (int)sum.count, "came", (int)sum.came, "twice",
		      (int)sum.twice, "lost", (int)sum.lost, "lost_last_1000", (int)sum.lost_last,
		      "dropped", (json_int_t)dropped, "rate", least_rate, "buffer", buffer);
	json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(line);
	/* What is lost must at least have been told. */
	return sum.twice == 0 && dropped == (int64_t)sum.lost ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct control control = { 0 };
	struct order steady, burst = { .count = LAST };

	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: flood AGENT RATE COUNT ROUNDS [ENGINE]\n");
		return 2;
	}
	agent_path = argv[1];
	steady = (struct order){ .rate = (uint32_t)strtoul(argv[2], NULL, 10),
				 .count = (uint32_t)strtoul(argv[3], NULL, 10) };
	const char *engine = argc > 5 ? argv[5] : "packet";
	star_make(&control.star, 2, play);
	listen_for(&control, FRAME_HELLO);
	int result = one_test(&control, "capture-stop", engine, &burst,
			      (int)strtol(argv[4], NULL, 10), BURST_BUFFER);
	result |= one_test(&control, "capture-flood", engine, &steady, 1, FLOOD_BUFFER);
	frame_close(&control.reader);
	star_end(&control.star);
	return result < 0;
}
