/* What the cloud's rules are, as events of the hosts that they are about: the diagnosis reads them
 * there as it reads a host's own ruleset. */
#include "ec2_network.h"
#include "json.h"
#include "run_cloud.h"
#include "run_cloud_parts.h"

enum {
	HOSTS = 16, /* of more nobody asks: a call or four for each */
	JSON_BYTES = 64 * 1024
};

static void put_rules(struct json *json, const struct ec2_rule *rule, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "of", rule[i].of);
		json_int(json, "number", rule[i].number);
		json_bool(json, "is_out", rule[i].is_out);
		json_bool(json, "does_allow", rule[i].does_allow);
		json_text(json, "protocol", rule[i].protocol);
		json_int(json, "from_port", rule[i].from_port);
		json_int(json, "to_port", rule[i].to_port);
		json_text(json, "cidr", rule[i].cidr);
		json_object_end(json);
	}
}

static int read_host(const struct run *run, const struct ec2_instance *host, struct event *event,
		     struct buf *text, struct err *err)
{
	const struct aws *aws = &run->cloud->aws;
	struct ec2_rule *of_group, *of_acl;
	struct json json = json_to(text);
	size_t ngroup, ngroup_rule, nacl_rule;
	struct ec2_acl acl;
	const char **group;

	if (ec2_groups(aws, host->interface_id, run->arena, &group, &ngroup, err) < 0 ||
	    ec2_group_rules(aws, group, ngroup, run->arena, &of_group, &ngroup_rule, err) < 0 ||
	    ec2_acl_of(aws, host->subnet_id, run->arena, &acl, err) < 0 ||
	    ec2_acl_rules(aws, acl.acl, run->arena, &of_acl, &nacl_rule, err) < 0)
		return -1;
	json_object_begin(&json, NULL);
	json_array_begin(&json, "group");
	put_rules(&json, of_group, ngroup_rule);
	json_array_end(&json);
	json_array_begin(&json, "acl");
	put_rules(&json, of_acl, nacl_rule);
	json_array_end(&json);
	json_object_end(&json);
	if (text->len > JSON_BYTES)
		return err_set(err, ERR_CANNOT, "more rules than an event holds");
	buf_char(text, '\0');
	event_text(event, "group", group[0]);
	event_text(event, "acl", acl.acl);
	event_text(event, "json", text->data);
	return 0;
}

/* The host's clock is not ours: the event is as old as the host's last. */
static int64_t last_time(const struct session *session, const char *host)
{
	for (size_t i = session->nevent; i-- > 0;)
		if (streq(session->event[i].host, host))
			return session->event[i].t_ns;
	return 0;
}

void run_cloud_read(struct run *run)
{
	struct run_cloud *cloud = run->cloud;

	if (!cloud || !cloud->is_open)
		return;
	for (size_t h = 0; h < run->plan.nhost && h < HOSTS; h++) {
		struct buf text = { 0 };
		struct event event;
		struct err err;

		event_init(&event, "cloud");
		event_text(&event, "subnet", cloud->host[h]->subnet_id);
		if (read_host(run, cloud->host[h], &event, &text, &err) < 0)
			event_text(&event, "error", err.text);
		event.t_ns = last_time(&run->session, run->plan.host[h].name);
		session_note(&run->session, h, &event);
		buf_close(&text);
	}
}
