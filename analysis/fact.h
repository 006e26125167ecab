/* What can be said of one connection: each fact yes, no or unseen, with the packets and events it
 * was read from. A new fact is one line here and its filler in fact_*.c. */
#ifndef FACT_H
#define FACT_H

#include "finding.h"
#include "view.h"

#define LACK_CLIENT                                                                                \
	"a capture at the client", "tcpdump -nn -w client.pcap 'host {server} and port {port}'"
#define LACK_SERVER "a capture at the server", "tcpdump -nn -w server.pcap 'port {port}'"
#define LACK_SOCKETS "the server's socket table before and after", "ss -ltnp 'sport = :{port}'"
#define LACK_COUNTERS                                                                              \
	"the server's counters, each change accounted for",                                        \
	    "nstat -az TcpOutRsts IpInReceives IpInDelivers"
#define LACK_RULES "the server's ruleset with its counters, before and after", "nft -a list ruleset"
#define LACK_WAY                                                                                   \
	"all that may answer or take a packet at the server, before and after",                    \
	    "nft -a list ruleset; tc qdisc; ip rule; bpftool prog; iptables-legacy-save"
#define LACK_NEXT                                                                                  \
	"what the client's kernel knew of the way as it failed", "ip route get {server}; ip neigh"
#define LACK_CLOUD                                                                                 \
	"what the cloud decides, right before and after",                                          \
	    "aws ec2 describe-security-groups; aws ec2 describe-network-acls"
#define LACK_APP "what the application was told", "the errno of connect(), for example from its log"

/* X(NAME, id, witness, sentence when yes, sentence when no, what is missing when unseen, command)
 */
#define FACTS(X)                                                                                   \
	X(CONNECT_OK, "connect-ok", APPLICATION, "connect: ok", "connect did not succeed",         \
	  LACK_APP)                                                                                \
	X(CONNECT_REFUSED, "connect-refused", APPLICATION, "connect: ECONNREFUSED",                \
	  "connect: not ECONNREFUSED", LACK_APP)                                                   \
	X(CONNECT_TIMED_OUT, "connect-timed-out", APPLICATION, "connect: timed out",               \
	  "connect did not time out", LACK_APP)                                                    \
	X(CONNECT_UNREACHABLE, "connect-unreachable", APPLICATION, "connect: no way there",        \
	  "connect: neither EHOSTUNREACH nor ENETUNREACH", LACK_APP)                               \
	X(ESTABLISHED, "established", APPLICATION, "the connection was established",               \
	  "the connection was not established", LACK_APP)                                          \
	X(REFUSED, "refused", APPLICATION, "the connection was refused",                           \
	  "the connection was not refused", LACK_APP)                                              \
	X(TIMED_OUT, "timed-out", APPLICATION, "nothing answered in time",                         \
	  "the connection did not time out", LACK_APP)                                             \
	X(UNREACHABLE, "unreachable", APPLICATION, "there was no way to the server",               \
	  "it did not end for want of a way", LACK_APP)                                            \
	X(REACHED, "reached", WIRE, "the SYN reached the server",                                  \
	  "the SYN did not reach the server", LACK_SERVER)                                         \
	X(SYN_SENT, "syn-sent", WIRE, "the SYN left the client", "no SYN left the client",         \
	  LACK_CLIENT)                                                                             \
	X(SYN_REPEATED, "syn-repeated", WIRE, "the client repeated its SYN",                       \
	  "the client sent one SYN", LACK_CLIENT)                                                  \
	X(SYN_ACK_RECEIVED, "syn-ack-received", WIRE, "SYN+ACK reached the client",                \
	  "no SYN+ACK reached the client", LACK_CLIENT)                                            \
	X(HANDSHAKE, "handshake", WIRE, "SYN, SYN+ACK, ACK: the handshake completed",              \
	  "the handshake did not complete", LACK_CLIENT)                                           \
	X(NOTHING_SEEN, "nothing-seen", WIRE,                                                      \
	  "neither capture that would show it holds a packet of it",                               \
	  "a capture holds packets of it", LACK_CLIENT)                                            \
	X(RST_TO_SYN, "rst-to-syn", WIRE, "RST answers the SYN, ack = seq+1",                      \
	  "no RST answers the SYN", LACK_CLIENT)                                                   \
	X(WAY_REFUSED, "way-refused", WIRE, "an ICMP error that knows no way answers the SYN",     \
	  "no ICMP error that knows no way answers the SYN", LACK_CLIENT)                          \
	X(WAY_FORBIDDEN, "way-forbidden", WIRE, "an ICMP error that forbids it answers the SYN",   \
	  "no ICMP error that forbids it answers the SYN", LACK_CLIENT)                            \
	X(UNANSWERED, "unanswered", WIRE, "nothing answered at all", "something answered",         \
	  LACK_CLIENT)                                                                             \
	X(RESET_LATER, "reset-later", WIRE, "the peer reset the open connection",                  \
	  "the peer did not reset it", LACK_CLIENT)                                                \
	X(SYN_ARRIVED, "syn-arrived", WIRE, "the SYN arrived at the server",                       \
	  "no SYN arrived at the server", LACK_SERVER)                                             \
	X(RST_LEFT, "rst-left", WIRE, "the RST left the server itself", "no RST left the server",  \
	  LACK_SERVER)                                                                             \
	X(SYN_ACK_LEFT, "syn-ack-left", WIRE, "SYN+ACK left the server",                           \
	  "no SYN+ACK left the server", LACK_SERVER)                                               \
	X(SERVER_SILENT, "server-silent", WIRE, "the server sent nothing back",                    \
	  "the server sent an answer", LACK_SERVER)                                                \
	X(LISTENER, "listener", KERNEL, "a socket listens there", "no socket listens there",       \
	  LACK_SOCKETS)                                                                            \
	X(LISTENER_ELSEWHERE, "listener-elsewhere", KERNEL,                                        \
	  "the port is open on another address of the server", "no listener on any other address", \
	  LACK_SOCKETS)                                                                            \
	X(LISTENER_NEARBY, "listener-nearby", KERNEL, "a process listens on a neighbouring port",  \
	  "no process listens on a neighbouring port", LACK_SOCKETS)                               \
	X(PORT_CLOSED, "port-closed", KERNEL, "no socket listens on the port",                     \
	  "a socket listens on the port", LACK_SOCKETS)                                            \
	X(LISTENED_BEFORE, "listened-before", KERNEL, "a process did listen there before",         \
	  "nothing was seen to listen there before", LACK_SOCKETS)                                 \
	X(ROW_SYN_SENT, "row-syn-sent", KERNEL, "the client's kernel had it in SYN-SENT",          \
	  "the client's kernel had no SYN-SENT", LACK_SOCKETS)                                     \
	X(ROW_SYN_RECV, "row-syn-recv", KERNEL, "the server's kernel had it in SYN-RECV",          \
	  "the server's kernel had no SYN-RECV", LACK_SOCKETS)                                     \
	X(OUT_RSTS, "out-rsts", KERNEL, "the server's TcpOutRsts moved, all accounted for",        \
	  "the server's TcpOutRsts stands still: its TCP sent no RST", LACK_COUNTERS)              \
	X(UNDELIVERED, "undelivered", KERNEL, "received and not delivered to TCP",                 \
	  "all that was received was delivered to TCP", LACK_COUNTERS)                             \
	X(RULE_RESET, "rule-reset", KERNEL, "a firewall rule that resets counted the SYN",         \
	  "no rule that resets matched", LACK_RULES)                                               \
	X(RULE_DROP, "rule-drop", KERNEL, "a firewall rule that drops counted the SYN",            \
	  "no rule that drops matched", LACK_RULES)                                                \
	X(NO_ROUTE, "no-route", KERNEL, "the client has no route to the server",                   \
	  "the client has a route to the server", LACK_NEXT)                                       \
	X(NEXT_SILENT, "next-silent", KERNEL, "the next machine on the link does not answer",      \
	  "the next machine on the link answers", LACK_NEXT)                                       \
	X(WAY_CLEAR, "way-clear", KERNEL, "nothing before the server's TCP could take the SYN",    \
	  "a rule took the SYN before the server's TCP", LACK_WAY)                                 \
	X(GROUP_DROPS, "group-drops", CLOUD, "no rule of its security groups lets the SYN in",     \
	  "a rule of its security groups lets the SYN in", LACK_CLOUD)                             \
	X(ACL_DROPS, "acl-drops", CLOUD, "a network ACL drops a packet of the handshake",          \
	  "the network ACLs let the handshake pass", LACK_CLOUD)

enum fact {
	FACT_NONE, /* ends a list */
#define X(name, ...) FACT_##name,
	FACTS(X)
#undef X
	FACT_COUNT,
};

struct fact_row {
	const char *id;
	enum witness witness;
	const char *yes, *no; /* sentences */
	const char *missing, *fetch;
};
const struct fact_row *fact_row(enum fact fact);

struct fact_value {
	enum truth truth;
	const char *says; /* in place of the row's sentence; for UNSEEN: why; NULL: the row's */
	enum fact lack;   /* UNSEEN: whose row says what is missing; FACT_NONE: its own */
	size_t nsource;
	struct source source[SOURCES];
};

struct facts {
	struct fact_value at[FACT_COUNT];
};

void facts_fill(struct facts *facts, const struct view *view);

/* Sets a fact; `says` may be NULL (the row's sentence). Returns it, for its sources. */
struct fact_value *fact_set(struct facts *facts, enum fact fact, enum truth truth,
			    const char *says);
void fact_packet(struct fact_value *value, const struct capture_seen *capture, uint32_t first,
		 uint32_t last);
void fact_event(struct fact_value *value, const struct event *event); /* NULL: nothing */

/* The fillers, one a source. */
void facts_of_application(struct facts *facts, const struct view *view);
void facts_of_wire(struct facts *facts, const struct view *view);
void facts_of_next(struct facts *facts, const struct view *view); /* after the wire */
void facts_of_sockets(struct facts *facts, const struct view *view);
void facts_of_counters(struct facts *facts, const struct view *view); /* after the way */
void facts_of_ruleset(struct facts *facts, const struct view *view);
void facts_of_cloud(struct facts *facts, const struct view *view);
void facts_of_way(struct facts *facts, const struct view *view); /* after the ruleset */

/* The server's TcpOutRsts stood still around the connect: so much is told by counters that others
 * move, too. */
bool tcp_sent_no_rst(const struct view *view);

/* Two readings at the server around the connect, with no doubt about the order; false: none. */
bool view_bracket(const struct view *view, const char *kind, const struct reading **before,
		  const struct reading **after);

#endif
