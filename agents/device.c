/* One pass over getifaddrs(3). */
#include "device.h"

#include <ifaddrs.h>
#include <unistd.h>

static bool has_address(const struct ifaddrs *device, const struct addr *address)
{
	struct sockaddr_storage sa = { 0 };
	struct addr own;

	if (!device->ifa_addr ||
	    (device->ifa_addr->sa_family != AF_INET && device->ifa_addr->sa_family != AF_INET6))
		return false;
	memcpy(&sa, device->ifa_addr,
	       device->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
						      : sizeof(struct sockaddr_in6));
	return addr_from_sockaddr(&own, &sa) == 0 && addr_same_ip(&own, address);
}

int device_of(const struct addr *address, char name[IFNAMSIZ], struct err *err)
{
	char text[ADDR_TEXT];
	struct ifaddrs *all;
	bool is_found = false;

	if (getifaddrs(&all) < 0)
		return err_sys(err, "interfaces of this host");
	for (const struct ifaddrs *each = all; each && !is_found; each = each->ifa_next) {
		is_found = has_address(each, address);
		if (is_found)
			snprintf(name, IFNAMSIZ, "%s", each->ifa_name);
	}
	freeifaddrs(all);
	if (is_found)
		return 0;
	return err_set(err, ERR_CANNOT,
		       "no interface here has %s: the other hosts reach this one by an address "
		       "that it does not have (NAT?)",
		       addr_ip_text(address, text));
}

/* A UDP socket that is connected sends nothing, and has the address that it would send from. */
int device_toward(const struct addr *to, char name[IFNAMSIZ], struct err *err)
{
	struct addr any = *to, own;
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	char text[ADDR_TEXT];
	int status = -1;

	any.port = 9;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, addr_to_sockaddr(&any, &sa)) == 0)
		status = getsockname(fd, (struct sockaddr *)&sa, &len);
	if (status < 0)
		err_sys(err, "the way to %s", addr_ip_text(to, text));
	if (fd >= 0)
		close(fd);
	if (status == 0)
		status = addr_from_sockaddr(&own, &sa) < 0 ? -1 : device_of(&own, name, err);
	return status;
}
