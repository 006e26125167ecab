/* lab probe: who the two ends are. What is found there is run_probe's. */
#include "choose.h"
#include "probe.h"
#include "run.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_S = 10
};

struct ends {
	const struct cli *cli;
	struct targets targets;
	struct probe probe;
};

/* --bind server=ALIAS: the machine behind a name or an address that does not say so itself. */
static int check_bind(const struct cli *cli, const char **server, struct err *err)
{
	*server = NULL;
	for (size_t i = 0; i < cli->bind.count; i++) {
		if (!streq(cli->bind.at[i].name, "server"))
			return err_set(err, ERR_USAGE,
				       "--bind %s=%s: a probe has no host %s; server=ALIAS names "
				       "the machine behind SERVER",
				       cli->bind.at[i].name, cli->bind.at[i].value,
				       cli->bind.at[i].name);
		*server = cli->bind.at[i].value;
	}
	return 0;
}

static bool is_literal(const char *name, int family)
{
	struct addr addr;

	return addr_parse(&addr, name, 0) == 0 && (!family || addr.family == family);
}

static bool is_localhost(const char *name)
{
	return streq(name, "localhost") || streq(name, "::1") ||
	       (is_literal(name, 4) && starts_with(name, "127."));
}

/* The machine of SERVER, where it is one of the user's. What is in the way of asking it makes the
 * probe one-ended; only a --bind that names no machine is an error. */
static int find_server(struct ends *ends, struct err *err)
{
	struct probe *probe = &ends->probe;
	const char *bound;
	struct err why = { 0 };

	if (check_bind(ends->cli, &bound, err) < 0)
		return -1;
	const struct target *far = bound ? targets_find(&ends->targets, bound, err)
					 : targets_known(&ends->targets, probe->server, &why);
	if (bound && !far)
		return -1;
	if (is_literal(probe->server, 4))
		probe->peer = probe->server;
	if (is_localhost(probe->server))
		return 0;
	if (!far) {
		probe->lack = why.kind != ERR_NONE
				  ? arena_dup(ends->cli->arena, why.text)
				  : arena_printf(ends->cli->arena,
						 "%s is no machine of yours; --bind server=ALIAS "
						 "names the one behind it.",
						 probe->server);
		return 0;
	}
	const char *address = targets_lab_address(&ends->targets, far, &why);
	if (!address) {
		probe->lack = arena_dup(ends->cli->arena, why.text);
		return 0;
	}
	probe->machine[PROBE_SERVER] = far;
	probe->address[PROBE_SERVER] = address;
	probe->nhost = PROBE_HOSTS;
	if (!probe->peer)
		probe->peer = address;
	if (!bound && !is_literal(probe->server, 0))
		probe->fallback = arena_printf(ends->cli->arena, "%s %s\n", address, probe->server);
	return 0;
}

/* The address that this machine would come from: a UDP socket that is connected sends nothing. */
static const char *own_address(struct ends *ends)
{
	const struct target name = { .name = ends->probe.server, .address = ends->probe.server };
	struct sockaddr_storage sa = { 0 };
	socklen_t len;
	struct addr addr;
	struct err ignored;
	char text[ADDR_TEXT];
	const char *own = "127.0.0.1";
	/* As it is resolved here; the agent asks again, and that counts. */
	const char *peer = targets_lab_address(&ends->targets, &name, &ignored);

	if (peer)
		ends->probe.peer = peer;
	if (!ends->probe.peer || addr_parse(&addr, ends->probe.peer, 9) < 0)
		return own;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	len = addr_to_sockaddr(&addr, &sa);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, len) == 0) {
		len = sizeof sa;
		if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
		    addr_from_sockaddr(&addr, &sa) == 0)
			own = arena_dup(ends->cli->arena, addr_ip_text(&addr, text));
	}
	if (fd >= 0)
		close(fd);
	return own;
}

static int find_client(struct ends *ends, struct err *err)
{
	static const struct target here = { .name = "this machine",
					    .address = "127.0.0.1",
					    .port = 22,
					    .user = "",
					    .transport = TRANSPORT_LOCAL };
	struct probe *probe = &ends->probe;

	probe->is_local = ends->cli->narg == 1;
	if (probe->is_local) {
		probe->machine[PROBE_CLIENT] = &here;
		probe->address[PROBE_CLIENT] = own_address(ends);
		return 0;
	}
	probe->machine[PROBE_CLIENT] = targets_find(&ends->targets, ends->cli->arg[0], err);
	if (!probe->machine[PROBE_CLIENT])
		return -1;
	probe->address[PROBE_CLIENT] =
	    targets_lab_address(&ends->targets, probe->machine[PROBE_CLIENT], err);
	return probe->address[PROBE_CLIENT] ? 0 : -1;
}

/* One machine at both ends has one agent, and that sees both on lo. */
static void find_self(struct ends *ends)
{
	struct probe *probe = &ends->probe;
	const struct target *far = probe->machine[PROBE_SERVER];
	const char *port = probe->port;

	if (is_localhost(probe->server))
		probe->peer = "127.0.0.1";
	probe->is_self = probe->peer && (is_localhost(probe->peer) ||
					 streq(probe->peer, probe->address[PROBE_CLIENT]));
	if (probe->is_self) {
		probe->nhost = 1;
		probe->lack = NULL;
		return;
	}
	if (probe->nhost == PROBE_HOSTS)
		probe->is_agents_port =
		    streq(port, "22") ||
		    streq(port, arena_printf(ends->cli->arena, "%d", far->port));
}

/* What SERVER means here is a guess at what it means at the client. */
static void find_ways(struct ends *ends)
{
	struct probe *probe = &ends->probe;
	const struct target name = { .name = probe->server, .address = probe->server };
	struct err ignored;

	probe->toward[PROBE_CLIENT] = probe->peer ? probe->peer
				      : is_literal(probe->server, 6)
					  ? probe->server
					  : targets_lab_address(&ends->targets, &name, &ignored);
	probe->toward[PROBE_SERVER] = probe->address[PROBE_CLIENT];
}

int cmd_probe(const struct cli *cli, struct err *err)
{
	struct ends ends = { .cli = cli };
	struct run_result result;

	ends.probe = (struct probe){
		.nhost = 1,
		.engine = cli->engine,
		.patience_ns = cli->timeout_ns ? cli->timeout_ns : (int64_t)PATIENCE_S * 1000000000,
	};
	if (probe_split(&ends.probe, cli->arg[cli->narg - 1], cli->arena, err) < 0 ||
	    choose_read(&ends.targets, cli, err) < 0 || find_server(&ends, err) < 0 ||
	    find_client(&ends, err) < 0)
		return -1;
	find_self(&ends);
	find_ways(&ends);
	run_probe(cli, &ends.probe, cli->result, &result);
	if (!*result.why)
		return result.status;
	return err_set(err, (enum err_kind)result.status, "%s%s%s", result.why,
		       *result.path ? "; what was seen is in " : "", result.path);
}
