/* Netlink's dumps of addresses, a family at a time. */
#include "device.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nldump.h"

struct listing {
	uint8_t family; /* as asked: a kernel without IPv6 answers that with IPv4, too */
	device_row *row;
	void *context;
};

const char *device_name(uint32_t index, char name[IFNAMSIZ])
{
	return index != 0 && if_indextoname(index, name) != NULL ? name : "";
}

/* A link between two has the other's address, too: IFA_LOCAL is ours. */
static void take_row(void *context, unsigned type, const void *body, size_t len)
{
	const struct listing *listing = context;
	struct device_address address = { 0 };
	struct nlattr_view attr;
	struct ifaddrmsg info;
	bool is_local = false;

	if (type != RTM_NEWADDR || len < sizeof info)
		return;
	memcpy(&info, body, sizeof info);
	if (info.ifa_family != listing->family)
		return;
	address.addr.family = info.ifa_family == AF_INET6 ? 6 : 4;
	address.prefix = info.ifa_prefixlen;
	body = (const char *)body + sizeof info;
	len -= sizeof info;
	while (nldump_attr(&body, &len, &attr)) {
		if (attr.len != (address.addr.family == 6 ? 16u : 4u) ||
		    (attr.type != IFA_LOCAL && (attr.type != IFA_ADDRESS || is_local)))
			continue;
		memcpy(address.addr.ip, attr.data, attr.len);
		is_local = attr.type == IFA_LOCAL;
	}
	snprintf(address.name, sizeof address.name, "%s",
		 device_name(info.ifa_index, (char[IFNAMSIZ]){ 0 }));
	listing->row(listing->context, &address);
}

int device_addresses(device_row *row, void *context, struct err *err)
{
	const uint8_t family[] = { AF_INET, AF_INET6 };
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	int status = 0;

	for (size_t i = 0; i < COUNT(family) && status == 0; i++) {
		const struct ifaddrmsg request = { .ifa_family = family[i] };
		struct listing listing = { family[i], row, context };
		status =
		    nldump_run(&nl, RTM_GETADDR, &request, sizeof request, take_row, &listing, err);
	}
	nldump_close(&nl);
	return status < 0 ? err_in(err, "addresses of this host") : 0;
}

struct search {
	const struct addr *address;
	char *name;
	bool is_found;
};

static void compare(void *context, const struct device_address *address)
{
	struct search *search = context;

	if (search->is_found || !addr_same_ip(&address->addr, search->address))
		return;
	search->is_found = true;
	memcpy(search->name, address->name, IFNAMSIZ);
}

int device_of(const struct addr *address, char name[IFNAMSIZ], struct err *err)
{
	struct search search = { .address = address, .name = name };
	char text[ADDR_TEXT];

	if (device_addresses(compare, &search, err) < 0)
		return -1;
	if (search.is_found)
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
