/* Addresses: text, sockaddr and plain bytes. */
#include "addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "parse.h"
#include "util.h"

static size_t ip_len(const struct addr *addr)
{
	return addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0;
}

int addr_parse(struct addr *addr, const char *ip, uint16_t port)
{
	*addr = (struct addr){ .port = port };
	if (inet_pton(AF_INET, ip, addr->ip) == 1)
		addr->family = 4;
	else if (inet_pton(AF_INET6, ip, addr->ip) == 1)
		addr->family = 6;
	return addr->family ? 0 : -1;
}

const char *addr_ip_text(const struct addr *addr, char text[ADDR_TEXT])
{
	int family = addr->family == 4 ? AF_INET : AF_INET6;

	if (ip_len(addr) == 0 || !inet_ntop(family, addr->ip, text, ADDR_TEXT))
		snprintf(text, ADDR_TEXT, "*");
	return text;
}

const char *addr_text(const struct addr *addr, char text[ADDR_TEXT])
{
	char ip[ADDR_TEXT], port[8] = "*";

	addr_ip_text(addr, ip);
	if (addr->port > 0)
		snprintf(port, sizeof(port), "%u", addr->port);
	snprintf(text, ADDR_TEXT, addr->family == 6 ? "[%.45s]:%s" : "%.45s:%s", ip, port);
	return text;
}

int addr_parse_text(struct addr *addr, const char *text)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed = text[0] == '[';
	int64_t port = 0;
	char ip[ADDR_TEXT];
	size_t len;

	*addr = (struct addr){ 0 };
	if (!colon)
		return -1;
	if (!streq(colon + 1, "*") && parse_int(colon + 1, 1, 65535, &port) < 0)
		return -1;
	if (is_bracketed && (colon - text < 3 || colon[-1] != ']'))
		return -1;
	len = (size_t)(colon - text) - (is_bracketed ? 2 : 0);
	if (len == 0 || len >= sizeof(ip))
		return -1;
	memcpy(ip, text + is_bracketed, len);
	ip[len] = '\0';
	if (streq(ip, "*") && !is_bracketed)
		addr->port = (uint16_t)port;
	else if (addr_parse(addr, ip, (uint16_t)port) < 0 || (addr->family == 6) != is_bracketed)
		return -1;
	return 0;
}

bool addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

bool addr_same(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && addr_same_ip(a, b);
}

bool addr_is_any(const struct addr *addr)
{
	static const uint8_t zero[16];

	return ip_len(addr) > 0 && memcmp(addr->ip, zero, ip_len(addr)) == 0;
}

socklen_t addr_to_sockaddr(const struct addr *addr, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){ 0 };
	if (addr->family == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(addr->port) };

		memcpy(&in.sin_addr, addr->ip, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	if (addr->family == 6) {
		struct sockaddr_in6 in = { .sin6_family = AF_INET6,
					   .sin6_port = htons(addr->port) };

		memcpy(&in.sin6_addr, addr->ip, 16);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	return 0;
}

int addr_from_sockaddr(struct addr *addr, const struct sockaddr_storage *sa)
{
	*addr = (struct addr){ 0 };
	if (sa->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		addr->family = 4;
		addr->port = ntohs(in.sin_port);
		memcpy(addr->ip, &in.sin_addr, 4);
		return 0;
	}
	if (sa->ss_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, sa, sizeof(in));
		addr->family = 6;
		addr->port = ntohs(in.sin6_port);
		memcpy(addr->ip, &in.sin6_addr, 16);
		return 0;
	}
	return -1;
}
