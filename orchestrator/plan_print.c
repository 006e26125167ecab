/* The plan for people and for programs. */
#include "json.h"
#include "plan.h"

static const char *subject_of(const struct plan *plan, const struct scenario_step *step)
{
	return plan->host[step->host].name;
}

static void print_link(FILE *out, const struct plan_link *link)
{
	static const char *const units[] = { "kbit", "mbit", "gbit" };
	int64_t rate = link->rate_bps / 1000;
	size_t unit = 0;

	if (link->mtu == 0) {
		fprintf(out, "link %s  as it is there\n", link->name);
		return;
	}
	fprintf(out, "link %s  %s  mtu %d%s", link->name, link->subnet, link->mtu,
		link->is_private ? "  (lo)" : "");
	for (; rate > 0 && rate % 1000 == 0 && unit + 1 < COUNT(units); unit++)
		rate /= 1000;
	if (rate > 0)
		fprintf(out, "  rate %lld%s", (long long)rate, units[unit]);
	if (link->loss_permille % 10)
		fprintf(out, "  loss %d.%d%%", link->loss_permille / 10, link->loss_permille % 10);
	else if (link->loss_permille)
		fprintf(out, "  loss %d%%", link->loss_permille / 10);
	fputc('\n', out);
}

/* How many hosts from `at` on are one line: a group, as long as its hosts stand on the same links
 * in the same way. */
static size_t group_len(const struct plan *plan, size_t at)
{
	const struct scenario_host *host = plan->scenario->host;
	size_t len = 1;

	while (host[at].group && at + len < plan->nhost && host[at + len].group &&
	       streq(host[at + len].group, host[at].group)) {
		const struct plan_host *one = &plan->host[at], *two = &plan->host[at + len];
		if (one->nport != two->nport)
			break;
		for (size_t i = 0; i < one->nport; i++)
			if (one->port[i].link != two->port[i].link)
				return len;
		len++;
	}
	return len;
}

/* Host `at`, or the `len` hosts of a group from there on. */
static void print_host(FILE *out, const struct plan *plan, size_t at, size_t len)
{
	const struct plan_host *h = &plan->host[at], *last = &plan->host[at + len - 1];

	if (len > 1)
		fprintf(out, "hosts %s to %s", h->name, last->name);
	else
		fprintf(out, "host %-10s", h->name);
	for (size_t i = 0; i < h->nport; i++) {
		const struct plan_port *port = &h->port[i];
		fprintf(out, "  %s/%d", port->address, port->prefix);
		if (len > 1)
			fprintf(out, " to %s", last->port[i].address);
		fprintf(out, " %s%s%s on %s", port->iface, len == 1 && *port->mac ? " " : "",
			len == 1 ? port->mac : "", plan->link[port->link].name);
	}
	if (h->gateway)
		fprintf(out, "  default via %s", h->gateway);
	if (plan->scenario->host[at].resolver)
		fprintf(out, "  asks %s for names", plan->scenario->host[at].resolver);
	fprintf(out, "%s\n", h->does_forward ? "  forwards" : "");
	for (size_t i = 0; i < h->nsysctl; i++)
		if (h->sysctl[i].line > 0)
			fprintf(out, "     sysctl %s = %s\n", h->sysctl[i].name,
				h->sysctl[i].value);
}

/* How many captures from `at` on are one line: the same question at hosts of one group. */
static size_t captures_len(const struct plan *plan, size_t at)
{
	const struct scenario_host *host = plan->scenario->host;
	const struct plan_capture *one = &plan->capture[at];
	size_t len = 1;

	while (host[one->host].group && at + len < plan->ncapture) {
		const struct plan_capture *two = &plan->capture[at + len];
		const char *group = host[two->host].group;
		if (!group || !streq(group, host[one->host].group) || two->port != one->port ||
		    two->snaplen != one->snaplen || !streq(two->filter, one->filter) ||
		    !streq(two->engine, one->engine) ||
		    plan->host[two->host].port[two->port].link !=
			plan->host[one->host].port[one->port].link)
			break;
		len++;
	}
	return len;
}

static void print_captures(FILE *out, const struct plan *plan)
{
	for (size_t i = 0, len; i < plan->ncapture; i += len) {
		const struct plan_capture *c = &plan->capture[i];
		const struct plan_port *port = &plan->host[c->host].port[c->port];
		const char *link = plan->link[port->link].name;
		len = captures_len(plan, i);
		fprintf(out, "capture %s.%s", plan->host[c->host].name, link);
		if (len > 1)
			fprintf(out, " to %s.%s", plan->host[plan->capture[i + len - 1].host].name,
				link);
		fprintf(out, "  on %s, %lld bytes a packet, %s%s",
			*port->iface ? port->iface : "the interface that has the address",
			(long long)c->snaplen, *c->filter ? "filter: " : "all of it", c->filter);
		fprintf(out, "%s\n", streq(c->engine, "tcpdump") ? ", by tcpdump" : "");
	}
	if (plan->ncapture == 0)
		fprintf(out, "no captures\n");
}

static void print_hosts(FILE *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->nlink; i++)
		print_link(out, &plan->link[i]);
	for (size_t i = 0, len; i < plan->nhost; i += len) {
		len = group_len(plan, i);
		print_host(out, plan, i, len);
	}
	if (plan->nhost && plan->host[0].nsysctl)
		fprintf(out,
			"     each host: %zu sysctls that a trace depends on (--json lists them)\n",
			plan->host[0].nsysctl);
	print_captures(out, plan);
}

/* What the step changes on its host, in words; NULL: it only looks. */
static const char *change_of(const struct scenario_step *step)
{
	if (step->kind->flags & STEP_FAULT)
		return "changes the host; read back, undone by heal or at the end";
	if (step->kind->flags & STEP_SERVES)
		return "starts a process that listens";
	if (streq(step->kind->name, "tcp.stop"))
		return "ends a process";
	if (streq(step->kind->name, "heal"))
		return "undoes a change";
	return NULL;
}

void plan_text(FILE *out, const struct plan *plan)
{
	const struct scenario *s = plan->scenario;
	int last = -1;

	fprintf(out, "%s: %s\nbackend %s\n\n", s->name, s->title, plan->backend);
	print_hosts(out, plan);
	fprintf(out, "snapshots of port %s before, between and after the phases\n",
		*plan->ports ? plan->ports : "(none)");
	for (size_t i = 0; i < s->nstep; i++) {
		const struct scenario_step *step = &s->step[i];
		const char *change = change_of(step);
		if ((int)step->phase != last)
			fprintf(out, "\n%s\n", phase_name(step->phase));
		last = (int)step->phase;
		fprintf(out, "%4d  %-10s %-10s %s\n", step->number, step->name,
			plan->host[step->host].port[0].address, step->words);
		if (change)
			fprintf(out, "      %-21s %s\n", "", change);
	}
	fprintf(out, "\nexpect\n      %s on %s\n", s->expect.verdict, s->step[s->expect.on].name);
	if (s->expect.wire)
		fprintf(out, "      wire %s\n", s->expect.wire);
	if (s->expect.wire_at_value)
		fprintf(out, "      wire at %s %s\n", s->host[s->expect.wire_at].name,
			s->expect.wire_at_value);
	if (s->expect.not )
		fprintf(out, "      not %s\n", s->expect.not );
}

/* The /etc/hosts that all have but those with one of their own is written once. */
static void json_hosts(struct json *json, const struct plan *plan)
{
	const char *shared = plan->hosts_file;

	json_text(json, "hosts_file", shared);
	json_array_begin(json, "hosts");
	for (size_t i = 0; i < plan->nhost; i++) {
		const struct plan_host *h = &plan->host[i];
		json_object_begin(json, NULL);
		json_text(json, "name", h->name);
		json_bool(json, "forwards", h->does_forward);
		json_text(json, "gateway", h->gateway);
		json_array_begin(json, "addresses");
		for (size_t j = 0; j < h->nport; j++) {
			json_object_begin(json, NULL);
			json_text(json, "link", plan->link[h->port[j].link].name);
			json_text(json, "address", h->port[j].address);
			json_int(json, "prefix", h->port[j].prefix);
			json_text(json, "iface", h->port[j].iface);
			json_text(json, "mac", *h->port[j].mac ? h->port[j].mac : NULL);
			json_object_end(json);
		}
		json_array_end(json);
		json_object_begin(json, "sysctls");
		for (size_t j = 0; j < h->nsysctl; j++)
			json_text(json, h->sysctl[j].name, h->sysctl[j].value);
		json_object_end(json);
		json_text(json, "hosts_file", h->hosts_file == shared ? NULL : h->hosts_file);
		json_text(json, "resolv_conf", h->resolv_conf);
		json_text(json, "names", h->names);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_captures(struct json *json, const struct plan *plan)
{
	json_array_begin(json, "captures");
	for (size_t i = 0; i < plan->ncapture; i++) {
		const struct plan_capture *c = &plan->capture[i];
		json_object_begin(json, NULL);
		json_text(json, "host", plan->host[c->host].name);
		json_text(json, "link", plan->link[plan->host[c->host].port[c->port].link].name);
		json_int(json, "snaplen", c->snaplen);
		if (c->buffer > 0)
			json_int(json, "buffer", c->buffer);
		json_text(json, "filter", c->filter);
		json_text(json, "engine", c->engine);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_steps(struct json *json, const struct plan *plan)
{
	json_array_begin(json, "steps");
	for (size_t i = 0; i < plan->scenario->nstep; i++) {
		const struct scenario_step *step = &plan->scenario->step[i];
		json_object_begin(json, NULL);
		json_int(json, "number", step->number);
		json_text(json, "name", step->name);
		json_text(json, "phase", phase_name(step->phase));
		json_text(json, "host", subject_of(plan, step));
		json_text(json, "subject",
			  step->subject == SIZE_MAX ? NULL
						    : plan->scenario->step[step->subject].name);
		json_text(json, "verb", step->kind->name);
		json_text(json, "words", step->words);
		json_object_begin(json, "parameters");
		for (size_t j = 0; j < step->narg; j++)
			json_text(json, step->arg[j].name, step->arg[j].value);
		json_object_end(json);
		json_text(json, "expected", step->expect.text);
		json_bool(json, "background", step->is_background);
		json_object_end(json);
	}
	json_array_end(json);
}

void plan_json(struct buf *out, const struct plan *plan)
{
	const struct scenario *s = plan->scenario;
	struct json json = json_to(out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.plan/1");
	json_text(&json, "scenario", s->name);
	json_text(&json, "title", s->title);
	json_text(&json, "backend", plan->backend);
	json_int(&json, "time_limit_ns", s->time_limit_ns);
	json_text(&json, "ports", plan->ports);
	json_array_begin(&json, "links");
	for (size_t i = 0; i < plan->nlink; i++) {
		json_object_begin(&json, NULL);
		json_text(&json, "name", plan->link[i].name);
		json_text(&json, "subnet", plan->link[i].subnet);
		json_int(&json, "mtu", plan->link[i].mtu);
		json_int(&json, "rate_bps", plan->link[i].rate_bps);
		json_int(&json, "loss_permille", plan->link[i].loss_permille);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_hosts(&json, plan);
	json_captures(&json, plan);
	json_steps(&json, plan);
	json_object_begin(&json, "expect");
	json_text(&json, "verdict", s->expect.verdict);
	json_text(&json, "on", s->step[s->expect.on].name);
	json_text(&json, "wire", s->expect.wire);
	json_text(&json, "wire_at",
		  s->expect.wire_at_value ? s->host[s->expect.wire_at].name : NULL);
	json_text(&json, "wire_at_value", s->expect.wire_at_value);
	json_text(&json, "not", s->expect.not );
	json_text(&json, "confidence", s->expect.confidence);
	json_object_end(&json);
	json_object_end(&json);
	buf_char(out, '\n');
}
