/* The manifest, last of all raw files: clocks, sysctls, who captured, and the digests of the
 * others. */
#include "run.h"

#include <sys/utsname.h>

#include "clock.h"
#include "file.h"
#include "json.h"

/* Host minus controller: 0 where both read the same clock, else the tightest ping. False: no ping
 * was answered, so nothing is known. */
static bool find_offset(const struct run *run, size_t host, int64_t *offset, int64_t *bound)
{
	char own[64] = "";
	struct buf text = { 0 };
	struct err err = { 0 };
	const char *boot = event_get(&run->session.host[host].hello, "boot_id");

	*offset = 0;
	*bound = 0;
	if (file_read(-1, "/proc/sys/kernel/random/boot_id", 64, &text, &err) == 0 && text.data)
		snprintf(own, sizeof(own), "%.*s", (int)strcspn(text.data, "\n"), text.data);
	buf_close(&text);
	if (boot && *own && streq(boot, own))
		return true;
	*bound = INT64_MAX;
	for (size_t i = 0; i < run->session.nevent; i++) {
		const struct event *e = &run->session.event[i];
		if (!event_is(e, "clock") || !streq(e->host, run->plan.host[host].name))
			continue;
		int64_t sent = event_num(e, "sent_ns", 0), got = event_num(e, "received_ns", 0);
		if (got - sent >= 0 && (got - sent) / 2 < *bound) {
			*bound = (got - sent) / 2;
			*offset = event_num(e, "mono_ns", 0) - (sent + (got - sent) / 2);
		}
	}
	return *bound != INT64_MAX;
}

static void write_clock(const struct run *run, size_t host, struct json *json)
{
	int64_t offset, bound;

	if (find_offset(run, host, &offset, &bound)) {
		json_int(json, "host_minus_controller_ns", offset);
		json_int(json, "bound_ns", bound);
	} else {
		json_nil(json, "host_minus_controller_ns");
		json_nil(json, "bound_ns");
	}
}

static void write_hosts(const struct run *run, struct json *json)
{
	json_array_begin(json, "hosts");
	for (size_t h = 0; h < run->plan.nhost; h++) {
		const struct event *hello = &run->session.host[h].hello;
		json_object_begin(json, NULL);
		json_text(json, "name", run->plan.host[h].name);
		json_text(json, "address", run->plan.host[h].port[0].address);
		if (run->session.host[h].has_hello) {
			json_text(json, "agent", event_get(hello, "version"));
			json_text(json, "kernel", event_get(hello, "kernel"));
			json_text(json, "machine", event_get(hello, "machine"));
			json_text(json, "boot_id", event_get(hello, "boot_id"));
			json_int(json, "real_minus_mono_ns",
				 event_num(hello, "real_ns", 0) - event_num(hello, "mono_ns", 0));
			write_clock(run, h, json);
		}
		json_object_begin(json, "sysctl");
		for (size_t i = 0; i < run->session.host[h].nsysctl; i++) {
			const struct event *e = &run->session.event[run->session.host[h].sysctl[i]];
			if (event_get(e, "name"))
				json_text(json, event_get(e, "name"), event_get(e, "value"));
		}
		json_object_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Who captured, with which version, and what is missing. */
static void write_captures(const struct run *run, struct json *json)
{
	const struct session *session = &run->session;
	const struct event **end =
	    arena_array(run->arena, run->plan.ncapture + 1, sizeof(const struct event *));
	size_t count = 0;

	for (size_t i = 0; i < session->nevent && count < run->plan.ncapture; i++)
		if (event_is(&session->event[i], "capture.end") &&
		    event_get(&session->event[i], "file"))
			end[count++] = &session->event[i];
	json_array_begin(json, "captures");
	for (size_t i = 0; i < session->nevent; i++) {
		const struct event *e = &session->event[i];
		int64_t dropped = -1;
		if (!event_is(e, "capture") || !event_get(e, "file"))
			continue;
		for (size_t j = 0; j < count; j++)
			if (streq(event_get(end[j], "file"), event_get(e, "file")))
				dropped = event_num(end[j], "dropped", -1);
		json_object_begin(json, NULL);
		json_text(json, "file", event_get(e, "file"));
		json_text(json, "engine", event_get(e, "engine"));
		json_text(json, "version", event_get(e, "version"));
		json_int(json, "buffer", event_num(e, "buffer", 0));
		if (dropped >= 0)
			json_int(json, "dropped", dropped);
		else
			json_text(json, "dropped", NULL);
		json_object_end(json);
	}
	json_array_end(json);
}

static int write_digests(const struct run *run, struct json *json, struct err *err)
{
	char hex[65], name[200];
	static const char *const files[] = { "scenario.ini", "plan.json", "steps.ndjson",
					     "events.ndjson" };

	json_object_begin(json, "sha256");
	for (size_t i = 0; i < COUNT(files); i++) {
		if (rundir_digest(&run->dir, files[i], hex, err) < 0)
			return -1;
		json_text(json, files[i], hex);
	}
	for (size_t i = 0; i < run->dir.ncapture; i++) {
		snprintf(name, sizeof(name), "capture/%s.pcap", run->dir.capture[i].name);
		if (rundir_digest(&run->dir, name, hex, err) < 0)
			return -1;
		json_text(json, name, hex);
	}
	json_object_end(json);
	return 0;
}

int run_seal(struct run *run, const char *why, struct err *err)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);
	struct utsname uts = { 0 };

	uname(&uts);
	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.manifest/1");
	json_text(&json, "version", LAB_VERSION);
	json_text(&json, "scenario", run->scenario.name);
	json_text(&json, "backend", run->plan.backend);
	json_text(&json, "ended", why);
	json_text(&json, "kernel", uts.release);
	json_int(&json, "started_real_ns", clock_real_ns() - (clock_mono_ns() - run->start_ns));
	json_int(&json, "took_ns", clock_mono_ns() - run->start_ns);
	write_hosts(run, &json);
	write_captures(run, &json);
	int status = write_digests(run, &json, err);
	json_object_end(&json);
	buf_char(&out, '\n');
	if (status == 0)
		status = rundir_write(&run->dir, "manifest.json", out.data, out.len, err);
	buf_close(&out);
	return status;
}
