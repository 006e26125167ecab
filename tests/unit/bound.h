/* A socket on a port of the kernel's choice, for servers that tests play on loopback. */
#ifndef BOUND_H
#define BOUND_H

#include <sys/socket.h>

#include "addr.h"
#include "unit.h"

/* Of this type and flags, bound to `ip`; where that is, goes to `addr`. The caller closes it. */
static inline int bound_socket(int type, const char *ip, struct addr *addr)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	assert_int_equal(addr_parse(addr, ip, 0), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, addr_to_sockaddr(addr, &sa)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(addr_from_sockaddr(addr, &sa), 0);
	return fd;
}

#endif
