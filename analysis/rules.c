/* A diagnosis = one row. The rule that asks for the most facts wins; two that could hold at once
 * with equally many fail the tests. */
#include "rules.h"

/* The wire part of every proven refusal: one SYN, one RST, seen at both ends. */
#define REFUSED_WIRE                                                                               \
	FACT_CONNECT_REFUSED, FACT_SYN_SENT, FACT_RST_TO_SYN, FACT_SYN_ARRIVED, FACT_RST_LEFT

const struct rule rules[] = {
	{
	    .id = "ok",
	    .says = "The connection was established.",
	    .most = PROVEN,
	    .must = { FACT_ESTABLISHED },
	    .need = { FACT_CONNECT_OK, FACT_SYN_SENT, FACT_HANDSHAKE },
	    .bar = { FACT_RESET_LATER },
	    .also = { FACT_LISTENER },
	},
	{
	    .id = "reset.unexplained",
	    .says = "The connection was established, and the other side reset it; why is not "
		    "settled.",
	    .most = UNDECIDED,
	    .must = { FACT_ESTABLISHED, FACT_RESET_LATER },
	    .also = { FACT_HANDSHAKE },
	    .next = { "ss -tinp 'dport = :{port} or sport = :{port}'",
		      "nstat -az TcpExtTCPAbortOnClose TcpExtTCPAbortOnData" },
	},
	{
	    .id = "refused.no-listener",
	    .says = "The machine was reached, and no program listens on this port there.",
	    .most = PROVEN,
	    .must = { FACT_REFUSED, FACT_PORT_CLOSED },
	    .need = { REFUSED_WIRE, FACT_OUT_RSTS },
	    .bar = { FACT_RULE_RESET, FACT_LISTENER_NEARBY, FACT_NOTHING_SEEN },
	    .also = { FACT_LISTENED_BEFORE },
	    .next = { "ss -ltnp 'sport = :{port}'", "Start the service, or ask why it ended.",
		      "lab explain refused" },
	},
	{
	    .id = "refused.wrong-port",
	    .says = "Nothing listens on this port; a program of the same machine listens on a "
		    "port next to it.",
	    .most = PROVEN,
	    .must = { FACT_REFUSED, FACT_PORT_CLOSED, FACT_LISTENER_NEARBY },
	    .need = { REFUSED_WIRE, FACT_OUT_RSTS },
	    .bar = { FACT_RULE_RESET, FACT_NOTHING_SEEN },
	    .next = { "ss -ltnp", "Use the port that the service listens on.",
		      "lab explain refused.wrong-port" },
	},
	{
	    .id = "refused.bound-elsewhere",
	    .says = "The service listens, but not on the address that the client used.",
	    .most = PROVEN,
	    .must = { FACT_REFUSED, FACT_LISTENER_ELSEWHERE },
	    .need = { REFUSED_WIRE, FACT_OUT_RSTS },
	    .deny = { FACT_LISTENER },
	    .bar = { FACT_RULE_RESET, FACT_PORT_CLOSED, FACT_NOTHING_SEEN },
	    .next = { "ss -ltnp 'sport = :{port}'",
		      "Bind the service to {server}, or to all addresses.",
		      "lab explain refused.bound-elsewhere" },
	},
	{
	    .id = "refused.firewall-reset",
	    .says = "A firewall on the server itself answered with a reset; the service was not "
		    "asked.",
	    .most = PROVEN,
	    .must = { FACT_REFUSED, FACT_RULE_RESET },
	    .need = { REFUSED_WIRE, FACT_UNDELIVERED },
	    .deny = { FACT_OUT_RSTS },
	    .also = { FACT_LISTENER },
	    .next = { "nft -a list ruleset", "nstat -az TcpOutRsts",
		      "Remove or narrow the rule that rejects port {port}.",
		      "lab explain refused.firewall-reset" },
	},
	{
	    .id = "refused.unexplained",
	    .says = "The connection was refused; who refused it is not settled by what was "
		    "observed.",
	    .most = UNDECIDED,
	    .must = { FACT_REFUSED },
	    .ask = { REFUSED_WIRE, FACT_OUT_RSTS, FACT_PORT_CLOSED, FACT_RULE_RESET },
	    .also = { FACT_LISTENER, FACT_LISTENER_ELSEWHERE, FACT_LISTENER_NEARBY,
		      FACT_UNDELIVERED },
	    .next = { "ss -ltnp 'sport = :{port}'", "nft -a list ruleset",
		      "tcpdump -nn 'port {port}'" },
	},
	{
	    .id = "timeout.dropped",
	    .says = "The packets reached the server and were dropped there without a word.",
	    .most = PROVEN,
	    /* From the client alone a lost SYN, a lost SYN+ACK and a machine that is off look the
	     * same: something at the server must have seen the SYN. */
	    .must = { FACT_TIMED_OUT, FACT_UNANSWERED, FACT_REACHED },
	    .need = { FACT_CONNECT_TIMED_OUT, FACT_SYN_SENT, FACT_SYN_ARRIVED, FACT_SERVER_SILENT,
		      FACT_UNDELIVERED, FACT_RULE_DROP },
	    .bar = { FACT_ROW_SYN_RECV, FACT_SYN_ACK_LEFT },
	    .also = { FACT_SYN_REPEATED, FACT_ROW_SYN_SENT, FACT_ROW_SYN_RECV, FACT_LISTENER },
	    .next = { "nft -a list ruleset", "tcpdump -nn 'port {port}'",
		      "Remove or narrow the rule that drops port {port}.", "lab explain timeout" },
	},
	{
	    .id = "timeout.security-group",
	    .says = "The cloud's security group of the server has no rule that lets this port in: "
		    "the machine never saw the packets.",
	    .most = PROVEN,
	    .must = { FACT_TIMED_OUT, FACT_UNANSWERED, FACT_GROUP_DROPS },
	    .need = { FACT_CONNECT_TIMED_OUT, FACT_SYN_SENT },
	    .deny = { FACT_SYN_ARRIVED, FACT_ACL_DROPS },
	    .also = { FACT_SYN_REPEATED, FACT_ROW_SYN_SENT, FACT_LISTENER },
	    .next = { "aws ec2 describe-security-groups --group-ids GROUP",
		      "Add a rule for port {port} to the server's security group.",
		      "lab explain timeout" },
	},
	{
	    .id = "timeout.network-acl",
	    .says = "The server answers, and the network ACL of a subnet drops the answers on "
		    "their way back.",
	    .most = PROVEN,
	    .must = { FACT_TIMED_OUT, FACT_UNANSWERED, FACT_ACL_DROPS, FACT_SYN_ACK_LEFT },
	    .need = { FACT_CONNECT_TIMED_OUT, FACT_SYN_SENT, FACT_SYN_ARRIVED },
	    .deny = { FACT_GROUP_DROPS },
	    .also = { FACT_SYN_REPEATED, FACT_ROW_SYN_RECV, FACT_LISTENER },
	    .next = { "aws ec2 describe-network-acls --network-acl-ids ACL",
		      "Let the clients' ports, 1024 to 65535, out of the server's subnet.",
		      "lab explain timeout" },
	},
	{
	    .id = "timeout.unexplained",
	    .says = "Nothing answered in time; where the packets were lost is not settled by what "
		    "was observed.",
	    .most = UNDECIDED,
	    .must = { FACT_TIMED_OUT },
	    .ask = { FACT_CONNECT_TIMED_OUT, FACT_SYN_SENT, FACT_UNANSWERED, FACT_SYN_ARRIVED,
		     FACT_SERVER_SILENT, FACT_UNDELIVERED, FACT_RULE_DROP },
	    .also = { FACT_SYN_REPEATED, FACT_ROW_SYN_SENT, FACT_ROW_SYN_RECV, FACT_LISTENER,
		      FACT_GROUP_DROPS, FACT_ACL_DROPS },
	    .next = { "tcpdump -nn 'port {port}'", "nft -a list ruleset",
		      "ss -tan 'sport = :{port}'" },
	},
	{
	    .id = "unreachable.no-route",
	    .says = "The client itself has no route to the server; nothing was sent.",
	    .most = PROVEN,
	    .must = { FACT_UNREACHABLE, FACT_NO_ROUTE },
	    .need = { FACT_CONNECT_UNREACHABLE },
	    .deny = { FACT_SYN_SENT },
	    .next = { "ip route get {server}", "ip route; ip rule",
		      "Add the route, or ask why it went.", "lab explain unreachable" },
	},
	{
	    .id = "unreachable.no-neighbour",
	    .says =
		"Nobody answered on the client's own link for the next machine on the way: it is "
		"off, or nobody has that address.",
	    .most = PROVEN,
	    .must = { FACT_UNREACHABLE, FACT_NEXT_SILENT },
	    .need = { FACT_CONNECT_UNREACHABLE },
	    .deny = { FACT_SYN_SENT },
	    .next = { "ip route get {server}; ip neigh", "tcpdump -nn arp",
		      "Is the machine up, and is that its address?", "lab explain unreachable" },
	},
	{
	    .id = "unreachable.forbidden",
	    .says = "A firewall on the way, or on the server, answered that it forbids this.",
	    /* By one packet that anybody on the way could have sent. */
	    .most = LIKELY,
	    .must = { FACT_UNREACHABLE, FACT_WAY_FORBIDDEN },
	    .need = { FACT_CONNECT_UNREACHABLE, FACT_SYN_SENT },
	    .also = { FACT_SYN_ARRIVED, FACT_LISTENER },
	    .next = { "tcpdump -nn 'icmp or icmp6'",
		      "Look at the rules of the machine that sent the ICMP error.",
		      "lab explain unreachable" },
	},
	{
	    .id = "unreachable.on-the-way",
	    .says = "A machine on the way answered that it knows no way to the server.",
	    .most = LIKELY,
	    .must = { FACT_UNREACHABLE, FACT_WAY_REFUSED },
	    .need = { FACT_CONNECT_UNREACHABLE, FACT_SYN_SENT },
	    .also = { FACT_SYN_ARRIVED, FACT_LISTENER },
	    .next = { "tcpdump -nn 'icmp or icmp6'",
		      "On the machine that sent the ICMP error: ip route get {server}; ip neigh",
		      "lab explain unreachable" },
	},
	{
	    .id = "unreachable.unexplained",
	    .says =
		"There was no way to the server; what was in the way is not settled by what was "
		"observed.",
	    .most = UNDECIDED,
	    .must = { FACT_UNREACHABLE },
	    .ask = { FACT_CONNECT_UNREACHABLE, FACT_SYN_SENT, FACT_WAY_REFUSED, FACT_WAY_FORBIDDEN,
		     FACT_NO_ROUTE, FACT_NEXT_SILENT },
	    .next = { "ip route get {server}; ip neigh", "tcpdump -nn 'icmp or icmp6 or arp'" },
	},
	{
	    .id = "failed.unexplained",
	    .says = "What became of the connection is not settled by what was observed.",
	    .most = UNDECIDED,
	    .ask = { FACT_CONNECT_OK, FACT_SYN_SENT, FACT_SYN_ARRIVED },
	    .also = { FACT_SYN_ACK_RECEIVED, FACT_HANDSHAKE, FACT_RST_TO_SYN, FACT_SYN_REPEATED },
	    .next = { "tcpdump -nn 'port {port}'" },
	},
};
const size_t rules_count = COUNT(rules);

const enum fact rules_exclusive[][RULE_FACTS] = {
	{ FACT_ESTABLISHED, FACT_REFUSED, FACT_TIMED_OUT, FACT_UNREACHABLE },
	{ FACT_NOTHING_SEEN, FACT_SYN_SENT },
	{ FACT_NOTHING_SEEN, FACT_SYN_ARRIVED },
	{ FACT_PORT_CLOSED, FACT_LISTENER },
	{ FACT_PORT_CLOSED, FACT_LISTENER_ELSEWHERE },
	{ FACT_RST_TO_SYN, FACT_UNANSWERED, FACT_HANDSHAKE, FACT_WAY_REFUSED },
	{ FACT_RST_TO_SYN, FACT_UNANSWERED, FACT_HANDSHAKE, FACT_WAY_FORBIDDEN },
	{ FACT_WAY_REFUSED, FACT_WAY_FORBIDDEN },
	{ FACT_WAY_REFUSED, FACT_NO_ROUTE, FACT_NEXT_SILENT },
	{ FACT_WAY_FORBIDDEN, FACT_NO_ROUTE, FACT_NEXT_SILENT },
	{ FACT_NONE },
};

size_t rule_list(const struct rule_info **out)
{
	static struct rule_info list[COUNT(rules)];
	for (size_t i = 0; i < COUNT(rules); i++)
		list[i] = (struct rule_info){ .code = rules[i].id, .says = rules[i].says };
	*out = list;
	return COUNT(rules);
}
