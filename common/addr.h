/* IPv4 and IPv6 addresses with a port, as plain data. */
#ifndef ADDR_H
#define ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct addr {
	uint8_t family; /* 4, 6; 0: none */
	uint8_t ip[16]; /* network order; the first 4 bytes for family 4 */
	uint16_t port;  /* host order */
};

enum {
	ADDR_TEXT = 56
};

/* Literal addresses only ("10.0.0.1", "::1"); -1 when it is none. */
int addr_parse(struct addr *addr, const char *ip, uint16_t port);
/* "10.0.0.1:1234", "[::1]:1234"; "*" for port 0. Returns text. */
const char *addr_text(const struct addr *addr, char text[ADDR_TEXT]);
const char *addr_ip_text(const struct addr *addr, char text[ADDR_TEXT]);
/* Parses what addr_text prints; -1 otherwise. */
int addr_parse_text(struct addr *addr, const char *text);
bool addr_same(const struct addr *a, const struct addr *b);    /* ip and port */
bool addr_same_ip(const struct addr *a, const struct addr *b); /* ip alone */
bool addr_is_any(const struct addr *addr);                     /* 0.0.0.0 or :: */
socklen_t addr_to_sockaddr(const struct addr *addr, struct sockaddr_storage *out);
int addr_from_sockaddr(struct addr *addr, const struct sockaddr_storage *sa);

#endif
