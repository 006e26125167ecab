/* The lessons as data. What is measured on the reader's own host is computed, not written here. */
#include "lesson.h"

static const struct pair refused_alike[] = {
	{ "firewall reject with tcp reset", "the server's TcpOutRsts stands still" },
	{ "bound to 127.0.0.1", "a listener exists, on another address" },
	{ "the wrong port", "the same process listens on a port nearby" },
	{ "a router's reset", "its TTL differs; the server saw no SYN" },
	{ 0 },
};

static const struct check refused_checks[] = {
	{ "on the server", "ss -ltnp 'sport = :1234'", "a LISTEN? on which address?", "linux" },
	{ "on the server", "nft list ruleset", "a reject rule? (root)", "linux" },
	{ "on the server", "nstat -az TcpOutRsts", "moves: the kernel said no", "linux" },
	{ "on Windows", "Get-NetTCPConnection -LocalPort 1234 -State Listen", "a listener?",
	  "windows" },
	{ 0 },
};

static const struct pair refused_said[] = {
	{ "curl", "curl: (7) Failed to connect to HOST port 1234: Connection refused" },
	{ "python", "ConnectionRefusedError: [Errno 111] Connection refused" },
	{ "java", "java.net.ConnectException: Connection refused" },
	{ "nginx", "connect() failed (111: Connection refused)" },
	{ "Windows", "10061, actively refused it" },
	{ 0 },
};

static const struct pair timeout_alike[] = {
	{ "the answer is dropped", "the server's table shows SYN-RECV" },
	{ "accept queue full", "the server's TcpExtListenOverflows moves" },
	{ "nobody has the address", "No route to host after 3 s, ARP unanswered" },
	{ "a slow server", "the handshake is done: ESTAB, then no data" },
	{ 0 },
};

static const struct check timeout_checks[] = {
	{ "on the client", "ss -tn state syn-sent", "is it still trying?", "linux" },
	{ "on the server", "tcpdump -nn -i any 'tcp port 1234'", "do the SYNs arrive? (root)",
	  "linux" },
	{ "on the server", "nft list ruleset", "a drop rule that counts? (root)", "linux" },
	{ "in a cloud", "security group and network ACL", "open, both ways?", "cloud" },
	{ 0 },
};

static const struct pair timeout_said[] = {
	{ "curl", "curl: (28) Failed to connect to HOST port 1234: ... timed out" },
	{ "python", "TimeoutError: [Errno 110] Connection timed out" },
	{ "java", "java.net.SocketTimeoutException: connect timed out" },
	{ "nginx", "upstream timed out (110: ...) while connecting to upstream" },
	{ "Windows", "10060, did not properly respond" },
	{ 0 },
};

static const struct pair reset_alike[] = {
	{ "unread data at close", "RST carries ACK; the server closed before it had read all" },
	{ "a program that crashed", "its pid is gone from the server's table" },
	{ "a server that restarted", "the RST has no ACK: no such connection is known there" },
	{ "a firewall in between", "its RST has another TTL than the server's packets" },
	{ 0 },
};

static const struct check reset_checks[] = {
	{ "on the server", "nstat -az TcpEstabResets TcpOutRsts", "do they move?", "linux" },
	{ "on the server", "ss -ltnp 'sport = :1234'", "same pid as before?", "linux" },
	{ "on either side", "tcpdump -nn -i any 'tcp[tcpflags] & tcp-rst != 0'",
	  "who sends it, with which TTL? (root, add -v)", "linux" },
	{ 0 },
};

static const struct pair reset_said[] = {
	{ "curl", "curl: (56) Recv failure: Connection reset by peer" },
	{ "python", "ConnectionResetError: [Errno 104] Connection reset by peer" },
	{ "java", "java.net.SocketException: Connection reset" },
	{ "nginx", "recv() failed (104: Connection reset by peer)" },
	{ "Windows", "10054, forcibly closed by the remote host" },
	{ 0 },
};

static const struct pair unreachable_alike[] = {
	{ "no route", "the error comes at once, and no packet leaves" },
	{ "nobody has the address", "No route to host after 3 s, ARP unanswered" },
	{ "a firewall that forbids it", "ICMP 3/9, 3/10 or 3/13; it says No route to host, too" },
	{ "a router without a way", "ICMP 3/0 or 3/1: the capture shows who sent it" },
	{ 0 },
};

static const struct check unreachable_checks[] = {
	{ "on the client", "ip route; ip rule", "a way to that address?", "linux" },
	{ "on the client", "ip neigh", "FAILED: nobody has it", "linux" },
	{ "on the client", "tcpdump -nn -i any 'icmp or icmp6'", "who answers? (root)", "linux" },
	{ 0 },
};

static const struct pair unreachable_said[] = {
	{ "curl", "curl: (7) Failed to connect to HOST port 1234: No route to host" },
	{ "python", "OSError: [Errno 113] No route to host" },
	{ "java", "java.net.NoRouteToHostException: No route to host" },
	{ "nginx", "connect() failed (113: No route to host)" },
	{ "any program", "Network is unreachable" },
	{ 0 },
};

static const struct pair failed_alike[] = {
	{ "a prohibit route", "the error comes at once, and no packet leaves" },
	{ "a security policy", "the host's log names it" },
	{ 0 },
};

static const struct check failed_checks[] = {
	{ "on the client", "ip route", "a prohibit route?", "linux" },
	{ "on the client", "tcpdump -nn -i any icmp", "who answers? (root)", "linux" },
	{ 0 },
};

static const struct pair failed_said[] = {
	{ "any program", "Permission denied, Operation not permitted" },
	{ 0 },
};

static const struct pair ok_alike[] = {
	{ "the accept queue", "the kernel answers before the program" },
	{ "a frozen program", "the handshake is done, and no data comes" },
	{ 0 },
};

static const struct check ok_checks[] = {
	{ "on either side", "ss -tnp state established 'sport = :1234 or dport = :1234'",
	  "both ends, and whose", "linux" },
	{ 0 },
};

static const struct pair ok_said[] = {
	{ "curl", "Connected to HOST (ADDRESS) port 1234" },
	{ 0 },
};

const struct lesson lessons[] = {
	{
	    .family = "refused",
	    .title = "REFUSED",
	    .sentence = "Your packet reached the machine, and the machine itself said no.",
	    .alike = refused_alike,
	    .checks = refused_checks,
	    .said = refused_said,
	    .reference = "RFC 9293 §3.10.7.1",
	    .try = "lab run refused · lab run refused-firewall-reset",
	},
	{
	    .family = "timeout",
	    .title = "TIMEOUT",
	    .sentence = "Your packet was sent again and again, and nothing ever answered.",
	    .alike = timeout_alike,
	    .checks = timeout_checks,
	    .said = timeout_said,
	    .reference = "RFC 9293 §3.8.3, tcp(7) tcp_syn_retries",
	    .try = "lab run timeout-drop-input",
	},
	{
	    .family = "ok",
	    .title = "OK",
	    .sentence = "Both machines agreed to talk: the connection is open.",
	    .alike = ok_alike,
	    .checks = ok_checks,
	    .said = ok_said,
	    .reference = "RFC 9293 §3.5",
	    .try = "lab run ok-tcp",
	},
	{
	    .family = "reset",
	    .title = "RESET LATER",
	    .sentence = "The connection was open, and then the other side threw it away.",
	    .alike = reset_alike,
	    .checks = reset_checks,
	    .said = reset_said,
	    .reference = "RFC 9293 §3.5.2",
	    .try = "lab run ok-tcp",
	},
	{
	    .family = "unreachable",
	    .title = "UNREACHABLE",
	    .sentence = "There was no way to the machine, and somebody knew so and told it.",
	    .alike = unreachable_alike,
	    .checks = unreachable_checks,
	    .said = unreachable_said,
	    .reference = "RFC 792, RFC 1122 §4.2.3.9, tcp(7), ip(7)",
	    .try = "lab run ok-tcp",
	},
	{
	    .family = "failed",
	    .title = "FAILED",
	    .sentence = "The attempt ended in an error that no other lesson is about.",
	    .alike = failed_alike,
	    .checks = failed_checks,
	    .said = failed_said,
	    .reference = "tcp(7), ip(7), RFC 1122 §4.2.3.9",
	    .try = "lab run ok-tcp",
	},
	{ 0 },
};

const struct cause causes[] = {
	{ "refused.no-listener", "no socket listens on that port, and TcpOutRsts moved by one",
	  "start the service" },
	{ "refused.wrong-port", "a listener of the same service, on a port nearby",
	  "use its port, or move the service to the one that clients use" },
	{ "refused.bound-elsewhere", "a listener on that port, on another address",
	  "bind the service to the address that clients use, or to 0.0.0.0 or ::" },
	{ "refused.firewall-reset",
	  "a listener stands ready, TcpOutRsts stands still, a rule counts",
	  "open the port in the server's rules" },
	{ "refused.unexplained", "a RST came back, and the server's side was not seen",
	  "look on the server itself: ss -ltnp, nft list ruleset" },
	{ "timeout.dropped", "the SYNs reach the server, a rule there counts them, nothing is sent",
	  "open the port in the server's rules" },
	{ "timeout.security-group",
	  "SYNs leave the client, none arrives, and no rule of the cloud lets them in",
	  "add a rule for the port to the server's security group" },
	{ "timeout.network-acl",
	  "SYN+ACK leaves the server and never arrives; an entry of the cloud drops it",
	  "let the clients' ports out of the server's subnet" },
	{ "timeout.unexplained", "SYNs without an answer, and the server's side was not seen",
	  "capture on the server: do the SYNs arrive?" },
	{ "reset.unexplained", "a RST came after the handshake, and its reason was not seen",
	  "look at the server's program and its log at that time" },
	{ "unreachable.no-route", "ENETUNREACH or EHOSTUNREACH at once, and no packet leaves",
	  "add the route at the client" },
	{ "unreachable.no-neighbour",
	  "nobody on the client's link answers ARP for the next machine",
	  "start that machine, or mend the address" },
	{ "unreachable.forbidden", "an ICMP error with a code that forbids, and who sent it",
	  "open the port in the rules of who sent it" },
	{ "unreachable.on-the-way", "an ICMP error of no network or no host, and who sent it",
	  "give who sent it a route, or mend the address" },
	{ "unreachable.unexplained", "no way there, and neither a packet nor the kernel says why",
	  "at the client: ip route get, ip neigh, tcpdump icmp" },
	{ "failed.unexplained", "an error, and no packet or table that accounts for it",
	  "capture at both ends and try again" },
	{ 0 },
};

const struct difference differences[] = {
	{ "answer", "RST at once", "none", "RST after data" },
	{ "error", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET" },
	{ "you wait", "0.0001 s", "%wait", "until data flows" },
	{ "SYNs sent", "1", "%syns", "1" },
	{ "host reached?", "yes", "not proven", "yes" },
	{ "look at", "the service", "firewall, route", "the application" },
	{ 0 },
};

/* Tried: a prohibit route gives connect EACCES; without CAP_NET_BIND_SERVICE a bind fails so. */
#define OWN_KERNEL                                                                                 \
	"the host itself said no before a packet left: of connect a prohibit route or a security " \
	"policy, of bind a port below 1024"

const struct alias aliases[] = {
	{ ALIAS_WORD, "econnrefused", "refused", NULL },
	{ ALIAS_WORD, "111", "refused", NULL },
	{ ALIAS_WORD, "10061", "refused", NULL },
	{ ALIAS_WORD, "wsaeconnrefused", "refused", NULL },
	{ ALIAS_WORD, "etimedout", "timeout", NULL },
	{ ALIAS_WORD, "110", "timeout", NULL },
	{ ALIAS_WORD, "10060", "timeout", NULL },
	{ ALIAS_WORD, "wsaetimedout", "timeout", NULL },
	{ ALIAS_WORD, "econnreset", "reset", NULL },
	{ ALIAS_WORD, "104", "reset", NULL },
	{ ALIAS_WORD, "10054", "reset", NULL },
	{ ALIAS_WORD, "wsaeconnreset", "reset", NULL },
	{ ALIAS_WORD, "ehostunreach", "unreachable", NULL },
	{ ALIAS_WORD, "enetunreach", "unreachable", NULL },
	{ ALIAS_WORD, "eacces", "failed", OWN_KERNEL },
	{ ALIAS_WORD, "eperm", "failed", OWN_KERNEL },
	{ ALIAS_WORD, "0", "ok", NULL },
	{ ALIAS_WORD, "established", "ok", NULL },
	{ ALIAS_PART, "while reading", NULL, "a wait for data on an open connection" },
	{ ALIAS_PART, "while sending", NULL, "a wait on an open connection" },
	{ ALIAS_PART, "read timed out", NULL, "a wait for data on an open connection" },
	{ ALIAS_PART, "connection refused", "refused", NULL },
	{ ALIAS_PART, "connectionrefused", "refused", NULL },
	{ ALIAS_PART, "econnrefused", "refused", NULL },
	{ ALIAS_PART, "(111:", "refused", NULL },
	{ ALIAS_PART, "errno 111", "refused", NULL },
	{ ALIAS_PART, "os error 111", "refused", NULL },
	{ ALIAS_PART, "actively refused", "refused", NULL },
	{ ALIAS_PART, "10061", "refused", NULL },
	{ ALIAS_PART, "connection timed out", "timeout", NULL },
	{ ALIAS_PART, "connect timed out", "timeout", NULL },
	{ ALIAS_PART, "connection timeout", "timeout", NULL },
	{ ALIAS_PART, "connecttimeout", "timeout", NULL },
	{ ALIAS_PART, "etimedout", "timeout", NULL },
	{ ALIAS_PART, "(110:", "timeout", NULL },
	{ ALIAS_PART, "errno 110", "timeout", NULL },
	{ ALIAS_PART, "os error 110", "timeout", NULL },
	{ ALIAS_PART, "did not properly respond", "timeout", NULL },
	{ ALIAS_PART, "10060", "timeout", NULL },
	{ ALIAS_PART, "i/o timeout", "timeout", NULL },
	{ ALIAS_PART, "curl: (28)", "timeout",
	  "curl 28 is any time limit of curl's; this is the lesson of a connect that hangs" },
	{ ALIAS_PART, "curl: (7)", "refused",
	  "curl 7 says only that no connection was made; a refusal is its usual reason" },
	{ ALIAS_PART, "connection reset", "reset", NULL },
	{ ALIAS_PART, "econnreset", "reset", NULL },
	{ ALIAS_PART, "(104:", "reset", NULL },
	{ ALIAS_PART, "forcibly closed", "reset", NULL },
	{ ALIAS_PART, "10054", "reset", NULL },
	{ ALIAS_WORD, "113", "unreachable", NULL },
	{ ALIAS_WORD, "101", "unreachable", NULL },
	{ ALIAS_PART, "no route to host", "unreachable",
	  "nobody answers for that address, or an ICMP error came back" },
	{ ALIAS_PART, "network is unreachable", "unreachable",
	  "no route, or an ICMP error came back" },
	{ ALIAS_PART, "permission denied (publickey", NULL,
	  "the connection works, and a login over it was refused" },
	{ ALIAS_PART, "permission denied", "failed", OWN_KERNEL },
	{ ALIAS_PART, "operation not permitted", "failed", OWN_KERNEL },
	{ 0 },
};
