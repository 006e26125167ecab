/* What the agent says of its host: hello, and the addresses at setup. */
#include "agent_state.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "actor.h"
#include "caps.h"
#include "cleanup.h"
#include "clock.h"
#include "device.h"
#include "file.h"
#include "mem.h"
#include "owntable.h"
#include "proc.h"

enum {
	PROTOCOL = 1,
	BOOT_ID_MAX = 256,
	NAMES_MAX = 1 << 20
};

static int firewall_usable(const struct agent *agent, uint64_t rights, bool has_nft,
			   struct err *err)
{
	if (!has_nft)
		return err_set(err, ERR_CANNOT,
			       "nft is not installed: apt-get install -y nftables");
	if (!caps_has(rights, CAP_NET_ADMIN))
		return err_set(err, ERR_CANNOT,
			       "no right to set rules (CAP_NET_ADMIN): root or "
			       "sudo -n is needed");
	return lifeline_is_known(&agent->host.lifeline) ? owntable_usable(err) : 0;
}

void hello_send(struct agent *agent)
{
	struct utsname machine = { 0 };
	struct stat net = { 0 };
	struct buf boot = { 0 };
	struct err ignored = { 0 };
	struct event hello;
	struct err why = { 0 };
	uint64_t rights = caps_of_network();
	bool has_nft = proc_find("nft", (char[4096]){ 0 }, 4096) == 0;
	bool can_firewall = firewall_usable(agent, rights, has_nft, &why) == 0;

	(void)uname(&machine);
	(void)stat("/proc/self/ns/net", &net);
	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", BOOT_ID_MAX, &boot, &ignored) <
	    0)
		buf_clear(&boot);
	event_init(&hello, "hello");
	event_text(&hello, "version", LAB_VERSION);
	event_int(&hello, "protocol", PROTOCOL);
	event_text(&hello, "kernel", machine.release);
	event_text(&hello, "machine", machine.machine);
	if (boot.len > 0) {
		boot.data[strcspn(boot.data, "\n")] = '\0';
		event_text(&hello, "boot_id", boot.data);
	}
	event_int(&hello, "pid", getpid());
	event_int(&hello, "net_ns", (int64_t)net.st_ino);
	event_int(&hello, "uid", getuid());
	event_int(&hello, "mono_ns", clock_mono_ns());
	event_int(&hello, "real_ns", clock_real_ns());
	event_int(&hello, "can_capture", caps_has(rights, CAP_NET_RAW));
	event_int(&hello, "can_firewall", can_firewall);
	event_int(&hello, "can_change", caps_has(rights, CAP_NET_ADMIN));
	event_text(&hello, "firewall_why", can_firewall ? NULL : why.text);
	event_int(&hello, "has_nft", has_nft);
	frame_put_event(&agent->backlog, FRAME_HELLO, &hello);
	buf_close(&boot);
}

static void send_address(struct agent *agent, const char *iface, const struct addr *addr,
			 int prefix)
{
	char text[ADDR_TEXT];
	struct event event;

	event_init(&event, "address");
	event_text(&event, "iface", iface);
	event_text(&event, "address", addr_ip_text(addr, text));
	event_int(&event, "prefix", prefix);
	event_int(&event, "is_private", agent->host.is_private ? 1 : 0);
	agent_event(agent, &event);
}

struct telling {
	struct agent *agent;
	bool is_told; /* the host's own */
};

static void tell_address(void *context, const struct device_address *address)
{
	struct telling *telling = context;

	send_address(telling->agent, address->name, &address->addr, address->prefix);
	telling->is_told |= addr_same_ip(&address->addr, &telling->agent->host.address);
}

/* The host's own address is told although no interface names it: all of 127/8 is on lo. */
static int send_addresses(struct agent *agent, struct err *err)
{
	struct telling telling = { agent, agent->host.address.family == 0 };

	if (device_addresses(tell_address, &telling, err) < 0)
		return -1;
	if (!telling.is_told)
		send_address(agent, "lo", &agent->host.address, 8);
	return 0;
}

/* It becomes part of names that nft reads. */
static int take_run(struct host_facts *host, const char *run, struct err *err)
{
	static const char good[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (strlen(run) >= sizeof host->run || run[strspn(run, good)] != '\0')
		return err_set(err, ERR_USAGE, "setup: run: at most %zu letters and digits",
			       sizeof host->run - 1);
	snprintf(host->run, sizeof host->run, "%s", run);
	return 0;
}

int hello_setup(struct agent *agent, const struct event *request, struct err *err)
{
	const char *name = event_get(request, "name"), *address = event_get(request, "address");
	const char *names = event_get(request, "names");
	const char *names_last = event_get(request, "names_last");
	struct host_facts *host = &agent->host;
	int64_t lease_ns = request_num(request, "lease_ns", AGENT_LEASE_NS);

	if (name == NULL || *name == '\0' || strlen(name) >= sizeof host->name)
		return err_set(err, ERR_USAGE, "setup: no host name of at most %zu bytes",
			       sizeof host->name - 1);
	if ((names != NULL && strlen(names) > NAMES_MAX) ||
	    (names_last != NULL && strlen(names_last) > NAMES_MAX))
		return err_set(err, ERR_USAGE, "setup: names: more than %d bytes", NAMES_MAX);
	if (lease_ns < AGENT_LEASE_LEAST_NS || lease_ns > AGENT_LEASE_MOST_NS)
		return err_set(err, ERR_USAGE, "setup: lease_ns: not from 0.1 s to 60 s");
	if (address != NULL && addr_parse(&host->address, address, 0) < 0)
		return err_set(err, ERR_USAGE, "setup: address: %.60s is none", address);
	if (take_run(host, request_text(request, "run", ""), err) < 0)
		return -1;
	snprintf(host->name, sizeof host->name, "%s", name);
	free(host->names);
	host->names = names != NULL ? mem_text(names) : NULL;
	free(host->names_last);
	host->names_last = names_last != NULL ? mem_text(names_last) : NULL;
	host->is_private = event_num(request, "is_private", 0) != 0;
	host->does_drop = event_num(request, "drop", 1) != 0;
	agent->lease_ns = lease_ns;
	if (!host->is_private)
		cleanup_at_setup(agent);
	return send_addresses(agent, err);
}
