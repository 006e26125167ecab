/* One pass over getifaddrs(3). */
#include "device.h"

#include <ifaddrs.h>

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
