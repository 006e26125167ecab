/* Whose state is wanted is asked for by itself: tables of gateways are long. */
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

struct counting {
	int iface, count;
};

static void count_row(void *context, unsigned type, const void *body, size_t len)
{
	struct counting *counting = context;
	struct ndmsg neighbour;

	if (type != RTM_NEWNEIGH || len < sizeof neighbour)
		return;
	memcpy(&neighbour, body, sizeof neighbour);
	counting->count +=
	    neighbour.ndm_ifindex == counting->iface &&
	    ((neighbour.ndm_state & NUD_PERMANENT) != 0 || (neighbour.ndm_flags & NTF_PROXY) != 0);
}

int neighbour_set(uint32_t iface, struct err *err)
{
	static const uint8_t tables[] = { 0, NTF_PROXY };
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	struct counting counting = { .iface = (int)iface };
	int status = 0;

	for (size_t i = 0; i < COUNT(tables) && status == 0; i++) {
		const struct ndmsg request = { .ndm_family = AF_INET, .ndm_flags = tables[i] };

		status = nldump_run(&nl, RTM_GETNEIGH, &request, sizeof request, count_row,
				    &counting, err);
	}
	nldump_close(&nl);
	return status < 0 ? err_in(err, "neighbours") : counting.count;
}
