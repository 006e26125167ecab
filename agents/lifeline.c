/* sshd(8) tells its client's address and port; sudo(8) forgets them. */
#include "lifeline.h"

#include <stdio.h>
#include <string.h>

#include "env.h"
#include "parse.h"

/* What a listener of both families tells of a connection over IPv4: rules and routes see that. */
static void unmap(struct addr *end)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (end->family != 6 || memcmp(end->ip, mapped, sizeof mapped) != 0)
		return;
	end->family = 4;
	memmove(end->ip, end->ip + sizeof mapped, 4);
	memset(end->ip + 4, 0, sizeof mapped);
}

static int end_parse(struct addr *end, char *ip, const char *port)
{
	int64_t number;

	ip[strcspn(ip, "%")] = '\0'; /* a link-local address has its device behind it */
	if (parse_int(port, 1, 65535, &number) < 0)
		return -1;
	if (addr_parse(end, ip, (uint16_t)number) < 0)
		return -1;
	unmap(end);
	return 0;
}

int lifeline_parse(struct lifeline *lifeline, const char *text)
{
	char client[80], client_port[8], server[80], server_port[8], more;

	*lifeline = (struct lifeline){ 0 };
	if (sscanf(text, "%79s %7s %79s %7s %c", client, client_port, server, server_port, &more) !=
		4 ||
	    end_parse(&lifeline->client, client, client_port) < 0 ||
	    end_parse(&lifeline->server, server, server_port) < 0 ||
	    lifeline->client.family != lifeline->server.family) {
		*lifeline = (struct lifeline){ 0 };
		return -1;
	}
	return 0;
}

int lifeline_find(struct lifeline *lifeline, const char *text)
{
	const char *told = env_get(VAR_SSH_CONNECTION);

	*lifeline = (struct lifeline){ 0 };
	if (text != NULL && *text != '\0')
		return lifeline_parse(lifeline, text);
	if (told != NULL)
		(void)lifeline_parse(lifeline, told);
	return 0;
}
