/* An agent as on a machine over SSH, in a network namespace of the test's own, that is told to
 * change sysctls, routes and addresses. */
#ifndef CHANGE_DRIVER_H
#define CHANGE_DRIVER_H

#include "own_net.h"

#include "agent_driver.h"
#include "proc.h"

/* The controller is behind a router: 192.0.2.9 by 198.51.100.254, on the device d0. */
static const char way[] = "192.0.2.9 50000 198.51.100.1 22";
static const char shared[] = "setup - name=h address=198.51.100.1 run=ab12";

/* What a program says, in one line without blanks at its ends; the test's own until the next. */
static inline const char *said(const char *const *argv)
{
	static char text[2048];
	struct proc_result result;
	struct err err = { 0 };
	size_t len;

	assert_int_equal(proc_run(argv, NULL, 5000, &result, &err), 0);
	if (result.status != 0)
		fail_msg("%s %s: %s", argv[0], argv[1], result.err.len ? result.err.data : "");
	snprintf(text, sizeof text, "%s", result.out.len > 0 ? result.out.data : "");
	proc_result_close(&result);
	for (len = strlen(text); len > 0 && strchr(" \n", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

#define IP(...) said((const char *const[]){ "ip", __VA_ARGS__, NULL })
#define SYSCTL(path) said((const char *const[]){ "cat", "/proc/sys/net/" path, NULL })

static inline void write_sysctl(const char *path, const char *value)
{
	assert_int_equal(netspace_write(path, value), 0);
}

static inline void need(void)
{
	static bool has_links;

	need_namespace();
	need_program("ip");
	if (has_links)
		return;
	has_links = true;
	IP("link", "add", "d0", "type", "veth", "peer", "name", "d1");
	IP("link", "set", "d0", "up");
	IP("link", "set", "d1", "up");
	IP("addr", "add", "198.51.100.1/24", "dev", "d0");
	IP("route", "add", "192.0.2.0/24", "via", "198.51.100.254");
	IP("addr", "add", "203.0.113.1/24", "dev", "d1");
	IP("route", "add", "203.0.114.0/24", "via", "203.0.113.7", "metric", "50", "mtu", "1400");
}

static inline void start(struct driver *driver)
{
	driver_start_like(driver, &(struct driver){ .ssh = way });
	assert_string_equal(driver_play(driver, 1, shared), "ok");
}

/* Where the stack is the run's own. */
static inline void start_own(struct driver *driver)
{
	struct event setup;

	driver_start_like(driver, &(struct driver){ .ssh = way });
	event_init(&setup, "setup");
	event_int(&setup, "id", 1);
	event_text(&setup, "name", "h");
	event_text(&setup, "address", "198.51.100.1");
	event_int(&setup, "is_private", 1);
	driver_send(driver, FRAME_REQUEST, &setup);
	assert_string_equal(driver_done(driver, 1), "ok");
}

/* A step of one of the three verbs; its result. `text` goes into the parameter `name`. */
static inline const char *set(struct driver *driver, int64_t id, const char *label,
			      const char *verb, const char *action, const char *text)
{
	const char *name = streq(verb, "sysctl") ? "setting" : verb;
	struct event request;

	event_init(&request, verb);
	event_int(&request, "id", id);
	request.label = label;
	request.step = (int)id;
	if (action != NULL)
		event_text(&request, "action", action);
	event_text(&request, name, text);
	if (streq(verb, "address"))
		event_text(&request, "dev", strncmp(text, "198", 3) == 0 ? "d0" : "d1");
	driver_send(driver, FRAME_REQUEST, &request);
	return driver_done(driver, id);
}

static inline const char *heal(struct driver *driver, int64_t id, const char *of)
{
	char line[64];

	snprintf(line, sizeof line, "heal x step=%s", of);
	return driver_play(driver, id, line);
}

static inline const char *why(struct driver *driver)
{
	return event_get(&driver->last, "text");
}

static inline bool has_journal(void)
{
	char place[64];

	snprintf(place, sizeof place, "/run/lab-%u", (unsigned)geteuid());
	return access(place, F_OK) == 0;
}

#endif
