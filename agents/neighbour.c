/* One neighbour is asked for by itself: tables of gateways are long. */
#include "neighbour.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "nldump.h"
#include "util.h"

static void take_state(void *context, unsigned type, const void *body, size_t len)
{
	struct ndmsg neighbour;
	uint16_t *state = context;

	if (type != RTM_NEWNEIGH || len < sizeof neighbour)
		return;
	memcpy(&neighbour, body, sizeof neighbour);
	*state = neighbour.ndm_state;
}

const char *neighbour_state(uint32_t iface, const struct addr *addr)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{ NUD_FAILED, "FAILED" },       { NUD_INCOMPLETE, "INCOMPLETE" },
		{ NUD_REACHABLE, "REACHABLE" }, { NUD_STALE, "STALE" },
		{ NUD_DELAY, "DELAY" },         { NUD_PROBE, "PROBE" },
		{ NUD_NOARP, "NOARP" },         { NUD_PERMANENT, "PERMANENT" },
	};
	struct {
		struct ndmsg neighbour;
		struct nlattr head;
		uint8_t ip[16];
	} request = { 0 };
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	struct err ignored;
	uint16_t state = 0;
	size_t len = addr->family == 6 ? 16 : 4;

	nl.is_one = true;
	request.neighbour.ndm_family = addr->family == 6 ? AF_INET6 : AF_INET;
	request.neighbour.ndm_ifindex = (int)iface;
	request.head.nla_type = NDA_DST;
	request.head.nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy(request.ip, addr->ip, len);
	(void)nldump_run(&nl, RTM_GETNEIGH, &request, sizeof request - sizeof request.ip + len,
			 take_state, &state, &ignored);
	nldump_close(&nl);
	for (size_t i = 0; i < COUNT(names); i++)
		if (state & names[i].bit)
			return names[i].name;
	return NULL;
}
