/* A run as text (tests/golden/NAME.trace) made into a run directory: events.ndjson and captures.
 *
 *   host NAME ADDRESS [private=0] [ns=N]    # one per host; "ns" equal: one network stack
 *   C = 10.7.0.2:40112                      # endpoints, at any place; the newest counts
 *   0.000100 C>S [S] seq 1000 win 64240     # packet, seen at both hosts
 *   0.000100 C>S [S] seq 1000 at client-1   # ... at one of them
 *   0.000120 S>C icmp 3/13 seq 1000         # quotes the SYN
 *   0.000130 @server KIND NAME=VALUE…       # event; step=3 label=carol are its own
 *   0.000140 snap server 1 | LISTEN 10.7.0.1:1234 212; … | TcpOutRsts 1; … | JSON, - or ?
 *   drop HOST N                             # its capture dropped packets
 *
 * snap writes a whole snapshot: sockets of port 1234 and 1235, counters, ruleset; with private=0
 * also that nothing stands beside the ruleset, and its generation, 7. */
/* The input is our own files: sscanf may be as lax as it is. NOLINTBEGIN(cert-err34-c) */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "addr.h"
#include "buf.h"
#include "event.h"
#include "file.h"
#include "parse.h"

enum {
	GOLDEN_HOSTS = 8
};

struct golden_host {
	char name[32];
	struct addr address;
	long is_private, net_ns, dropped;
	uint32_t packets;
	struct buf pcap;
};

struct golden {
	struct golden_host host[GOLDEN_HOSTS];
	size_t nhost;
	struct addr c, s;
	struct buf events;
	uint64_t seq;
	const char *dir;
	struct err err;
};

enum {
	GOLDEN_MONO = 1000,
	GOLDEN_REAL = 1700000000
}; /* seconds at time 0 */

static inline void golden_u32le(struct buf *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		buf_u8(out, (uint8_t)(value >> 8 * i));
}

static inline void golden_pcap_head(struct buf *out, uint32_t linktype)
{
	const uint32_t words[] = { 0xa1b23c4d, 2 | 4u << 16, 0, 0, 262144, linktype };
	for (size_t i = 0; i < COUNT(words); i++)
		golden_u32le(out, words[i]);
}

static inline void golden_record(struct buf *out, int64_t real_ns, const void *bytes, size_t len)
{
	golden_u32le(out, (uint32_t)(real_ns / 1000000000));
	golden_u32le(out, (uint32_t)(real_ns % 1000000000));
	golden_u32le(out, (uint32_t)len);
	golden_u32le(out, (uint32_t)len);
	buf_add(out, bytes, len);
}

static inline uint32_t golden_sum(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

static inline uint16_t golden_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void golden_patch(struct buf *out, size_t at, uint16_t value)
{
	out->data[at] = (char)(value >> 8);
	out->data[at + 1] = (char)value;
}

static inline void golden_ip4(struct buf *out, const struct addr *src, const struct addr *dst,
			      uint8_t protocol, size_t payload_len, uint8_t ttl)
{
	size_t at = out->len;
	buf_u16(out, 0x4500);
	buf_u16(out, (uint16_t)(20 + payload_len));
	buf_u32(out, 0x00004000);
	buf_u8(out, ttl);
	buf_u8(out, protocol);
	buf_u16(out, 0);
	buf_add(out, src->ip, 4);
	buf_add(out, dst->ip, 4);
	golden_patch(out, at + 10, golden_fold(golden_sum(0, out->data + at, 20)));
}

static inline void golden_tcp(struct buf *out, const struct addr *src, const struct addr *dst,
			      uint8_t flags, uint32_t seq, uint32_t ack, uint16_t win, size_t len)
{
	static const uint8_t options[20] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0,
					     0, 1, 0, 0,   0, 0, 1, 3,  3, 7 };
	bool has_options = flags & 2;
	size_t at = out->len, header_len = has_options ? 40 : 20;
	buf_u16(out, src->port);
	buf_u16(out, dst->port);
	buf_u32(out, seq);
	buf_u32(out, ack);
	buf_u8(out, (uint8_t)(header_len / 4 << 4));
	buf_u8(out, flags);
	buf_u16(out, win);
	buf_u32(out, 0);
	if (has_options)
		buf_add(out, options, sizeof options);
	for (size_t i = 0; i < len; i++)
		buf_u8(out, 'x');
	uint32_t sum = golden_sum(6 + (uint32_t)(header_len + len), src->ip, 4);
	sum = golden_sum(sum, dst->ip, 4);
	golden_patch(out, at + 16, golden_fold(golden_sum(sum, out->data + at, header_len + len)));
}

static inline long golden_word(const char *line, const char *name, long fallback)
{
	char key[32];
	snprintf(key, sizeof key, " %s ", name);
	const char *at = strstr(line, key);
	return at ? strtol(at + strlen(key), NULL, 10) : fallback;
}

static inline uint8_t golden_flags(const char *line)
{
	static const char letters[] = "FSRP.";
	uint8_t flags = 0;
	const char *at = strchr(line, '[');
	for (at++; *at && *at != ']'; at++)
		flags |= (uint8_t)(1u << (strchr(letters, *at) - letters));
	return flags;
}

static inline void golden_frame(struct golden *golden, struct buf *out, const char *line)
{
	bool is_client = strstr(line, "C>S") != NULL;
	const struct addr *src = is_client ? &golden->c : &golden->s;
	const struct addr *dst = is_client ? &golden->s : &golden->c;
	uint32_t seq = (uint32_t)golden_word(line, "seq", 0);
	uint8_t ttl = (uint8_t)golden_word(line, "ttl", 64);
	const char *icmp = strstr(line, "icmp ");
	buf_add(out, "\2\0\0\0\0\1\2\0\0\0\0\2\10\0", 14);
	if (!icmp) {
		size_t len = (size_t)golden_word(line, "len", 0);
		uint8_t flags = golden_flags(line);
		golden_ip4(out, src, dst, 6, (flags & 2 ? 40u : 20u) + len, ttl);
		golden_tcp(out, src, dst, flags, seq, (uint32_t)golden_word(line, "ack", 0),
			   (uint16_t)golden_word(line, "win", 64240), len);
		return;
	}
	char *end;
	golden_ip4(out, src, dst, 1, 8 + 20 + 20, ttl);
	size_t at = out->len;
	buf_u8(out, (uint8_t)strtol(icmp + 5, &end, 10));
	buf_u8(out, (uint8_t)strtol(end + 1, NULL, 10));
	buf_u16(out, 0);
	buf_u32(out, 0);
	golden_ip4(out, dst, src, 6, 20, 64);
	golden_tcp(out, dst, src, 0x10, seq, 0, 0, 0);
	golden_patch(out, at + 2, golden_fold(golden_sum(0, out->data + at, out->len - at)));
}

static inline void golden_packet(struct golden *golden, int64_t t_ns, const char *line)
{
	struct buf frame = { 0 };
	const char *at = strstr(line, " at ");
	golden_frame(golden, &frame, line);
	for (size_t i = 0; i < golden->nhost; i++) {
		struct golden_host *host = &golden->host[i];
		bool is_end = addr_same_ip(&host->address, &golden->c) ||
			      addr_same_ip(&host->address, &golden->s);
		if (!is_end || (at && strcmp(at + 4, host->name) != 0))
			continue;
		golden_record(&host->pcap, (int64_t)GOLDEN_REAL * 1000000000 + t_ns, frame.data,
			      frame.len);
		host->packets++;
	}
	buf_close(&frame);
}

static inline void golden_emit(struct golden *golden, struct event *event, const char *host,
			       int64_t t_ns)
{
	event->seq = ++golden->seq;
	event->host = host;
	event->t_ns = (int64_t)GOLDEN_MONO * 1000000000 + t_ns;
	event_json(&golden->events, event);
}

/* "name=value …" into fields; a value of digits is a number. The text is cut up in place. */
static inline void golden_fields(struct event *event, char *text)
{
	char *save = NULL;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');
		int64_t number;
		if (!value)
			continue;
		*value++ = '\0';
		bool is_number = parse_int(value, INT64_MIN + 1, INT64_MAX, &number) == 0;
		if (streq(word, "label"))
			event->label = value;
		else if (streq(word, "step"))
			event->step = (int)number;
		else if (is_number)
			event_int(event, word, number);
		else
			event_text(event, word, value);
	}
}

static inline void golden_event(struct golden *golden, int64_t t_ns, char *line)
{
	struct event event;
	char *save = NULL;
	const char *host = strtok_r(line + 1, " ", &save);
	event_init(&event, strtok_r(NULL, " ", &save));
	golden_fields(&event, save);
	if (streq(event.kind, "sockets") && event_num(&event, "start_ns", -1) < 0)
		event_int(&event, "start_ns", (int64_t)GOLDEN_MONO * 1000000000 + t_ns);
	golden_emit(golden, &event, host, t_ns);
}

static inline char *golden_trim(char *text)
{
	while (*text == ' ')
		text++;
	for (size_t len = strlen(text); len && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

static inline void golden_rows(struct golden *golden, int64_t t_ns, const char *host,
			       int64_t number, const char *kind, char *rows)
{
	struct event event;
	char *save = NULL;
	int64_t count = 0;
	for (char *row = strtok_r(rows, ";", &save); row; row = strtok_r(NULL, ";", &save)) {
		char first[40], second[64] = "";
		long value = 0;
		int got = sscanf(row, "%39s %63s %ld", first, second, &value);
		if (got < 2)
			continue;
		event_init(&event, kind);
		event_int(&event, "snapshot", number);
		if (streq(kind, "counter")) {
			event_text(&event, "name", first);
			event_int(&event, "value", strtol(second, NULL, 10));
		} else {
			event_text(&event, "state", first);
			event_text(&event, "local", second);
			event_text(&event, "peer", "0.0.0.0:*");
			if (value)
				event_int(&event, "pid", value);
			event_text(&event, "process", "lab-agent");
		}
		golden_emit(golden, &event, host, t_ns);
		count++;
	}
	event_init(&event, streq(kind, "counter") ? "counters" : "sockets");
	event_int(&event, "snapshot", number);
	event_int(&event, "rows", count);
	if (!streq(kind, "counter")) {
		event_int(&event, "left_out", 0);
		event_text(&event, "ports", "1234,1235");
	}
	golden_emit(golden, &event, host, t_ns);
}

/* Of a machine that others use: nothing stands beside its rules, and they stay what they are. */
static inline void golden_hooks(struct golden *golden, int64_t t_ns, const char *host,
				int64_t number)
{
	struct event event;
	for (size_t i = 0; i < golden->nhost; i++) {
		if (!streq(golden->host[i].name, host) || golden->host[i].is_private)
			continue;
		event_init(&event, "hooks");
		event_int(&event, "snapshot", number);
		event_int(&event, "generation", 7);
		golden_emit(golden, &event, host, t_ns);
	}
}

static inline void golden_snap(struct golden *golden, int64_t t_ns, char *line)
{
	struct event event;
	char host[32] = "", *part[4] = { 0 }, *save = line;
	int number = 0;
	for (size_t i = 0; i < COUNT(part); i++)
		part[i] = golden_trim(i < 3 ? strsep(&save, "|") : save);
	sscanf(part[0], "snap %31s %d", host, &number);
	golden_rows(golden, t_ns, host, number, "socket", part[1]);
	golden_rows(golden, t_ns, host, number, "counter", part[2]);
	golden_hooks(golden, t_ns, host, number);
	event_init(&event, "ruleset");
	event_int(&event, "snapshot", number);
	event_int(&event, "tables", *part[3] == '{');
	if (*part[3] == '?')
		event_text(&event, "error", "nft is not installed");
	else if (*part[3] == '{')
		event_text(&event, "json", part[3]);
	golden_emit(golden, &event, host, t_ns);
	event_init(&event, "snapshot");
	event_int(&event, "snapshot", number);
	event_int(&event, "start_ns", (int64_t)GOLDEN_MONO * 1000000000 + t_ns);
	golden_emit(golden, &event, host, t_ns);
}

static inline void golden_host(struct golden *golden, const char *line)
{
	struct golden_host *host = &golden->host[golden->nhost++];
	char ip[64], file[40];
	struct event event;
	sscanf(line, "host %31s %63s", host->name, ip);
	addr_parse(&host->address, ip, 0);
	const char *private = strstr(line, "private="), *ns = strstr(line, "ns=");
	host->is_private = private ? strtol(private + 8, NULL, 10) : 1;
	host->net_ns = ns ? strtol(ns + 3, NULL, 10) : (long)golden->nhost;
	golden_pcap_head(&host->pcap, 1);
	event_init(&event, "hello");
	event_text(&event, "boot_id", "b00t");
	event_int(&event, "net_ns", host->net_ns);
	event_int(&event, "mono_ns", (int64_t)GOLDEN_MONO * 1000000000);
	event_int(&event, "real_ns", (int64_t)GOLDEN_REAL * 1000000000);
	golden_emit(golden, &event, host->name, 0);
	event_init(&event, "address");
	event_text(&event, "address", ip);
	event_int(&event, "is_private", host->is_private);
	golden_emit(golden, &event, host->name, 0);
	event_init(&event, "capture");
	snprintf(file, sizeof file, "%s.lan", host->name);
	event_text(&event, "link", "lan");
	event_text(&event, "file", file);
	event_text(&event, "filter", "");
	golden_emit(golden, &event, host->name, 0);
}

static inline int64_t golden_time(const char *text)
{
	long seconds = 0, micros = 0;
	sscanf(text, "%ld.%6ld", &seconds, &micros);
	return (int64_t)seconds * 1000000000 + (int64_t)micros * 1000;
}

static inline void golden_line(struct golden *golden, char *line)
{
	int64_t t_ns = golden_time(line);
	char *rest = line + strspn(line, "0123456789.");
	rest += strspn(rest, " ");
	if (line[0] == '\0' || line[0] == '#')
		return;
	if (starts_with(line, "host "))
		golden_host(golden, line);
	else if (starts_with(line, "C = "))
		addr_parse_text(&golden->c, line + 4);
	else if (starts_with(line, "S = "))
		addr_parse_text(&golden->s, line + 4);
	else if (starts_with(line, "drop ")) {
		char name[32];
		long count = 0;
		sscanf(line, "drop %31s %ld", name, &count);
		for (size_t i = 0; i < golden->nhost; i++)
			if (streq(golden->host[i].name, name))
				golden->host[i].dropped = count;
	} else if (*rest == '@')
		golden_event(golden, t_ns, rest);
	else if (starts_with(rest, "snap "))
		golden_snap(golden, t_ns, rest);
	else
		golden_packet(golden, t_ns, rest);
}

static inline int golden_write(struct golden *golden)
{
	char path[64];
	int status = 0, dirfd = open(golden->dir, O_RDONLY | O_DIRECTORY);
	if (dirfd < 0)
		return -1;
	mkdirat(dirfd, "capture", 0700);
	for (size_t i = 0; i < golden->nhost; i++) {
		struct golden_host *host = &golden->host[i];
		struct event event;
		event_init(&event, "capture.end");
		snprintf(path, sizeof path, "%s.lan", host->name);
		event_text(&event, "file", path);
		event_int(&event, "packets", host->packets);
		event_int(&event, "dropped", host->dropped);
		golden_emit(golden, &event, host->name, 3600000000000);
		snprintf(path, sizeof path, "capture/%s.lan.pcap", host->name);
		status |= file_write(dirfd, path, host->pcap.data, host->pcap.len, &golden->err);
		buf_close(&host->pcap);
	}
	status |= file_write(dirfd, "events.ndjson", golden->events.data, golden->events.len,
			     &golden->err);
	status |= file_write(dirfd, "manifest.json", "{}\n", 3, &golden->err);
	buf_close(&golden->events);
	close(dirfd);
	return status;
}

/* Makes the run directory of a trace in `dir`, which exists and is empty. 0: made. */
static inline int golden_make(const char *trace, const char *dir)
{
	struct golden golden = { .dir = dir };
	struct buf text = { 0 };
	if (file_read(AT_FDCWD, trace, 1 << 20, &text, &golden.err) < 0)
		return -1;
	char *save = text.data, *line;
	while ((line = strsep(&save, "\n")))
		golden_line(&golden, line);
	buf_close(&text);
	return golden_write(&golden);
}

/* NOLINTEND(cert-err34-c) */
#endif
