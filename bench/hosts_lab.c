/* Lab's own side of the comparison with many hosts: brings a scenario's hosts up as `lab run` does,
 * each with its agent, says "created" when every agent has said hello and every link carries
 * packets, takes all down and says "gone" when the keeper is.
 * hosts_lab SCENARIO.ini N AGENT   (the scenario has a parameter `hosts`; N is put there) */
#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "event.h"
#include "frame.h"
#include "host.h"

enum {
	PATIENCE_MS = 20000
};

/* Every agent's first frame is its hello. */
static int wait_hello(struct lab *lab, struct err *err)
{
	int64_t deadline_ns = clock_after_ms(PATIENCE_MS);
	char bytes[4096];

	for (size_t i = 0; i < lab->nhost; i++) {
		struct pollfd wait = { .fd = lab->host[i].read_fd, .events = POLLIN };
		struct frame_reader reader = { 0 };
		struct frame frame;
		int got = 0;
		while (got == 0) {
			if (poll(&wait, 1, clock_left_ms(deadline_ns)) <= 0)
				return err_set(err, ERR_BROKE, "host %zu: no hello", i);
			ssize_t n = lab->backend->read(lab, i, bytes, sizeof bytes);
			if (n == 0)
				return err_set(err, ERR_BROKE, "host %zu: its agent is gone", i);
			if (n < 0)
				continue;
			frame_feed(&reader, bytes, (size_t)n);
			got = frame_next(&reader, &frame, err);
		}
		bool is_hello = got > 0 && frame.type == FRAME_HELLO;
		frame_close(&reader);
		if (!is_hello)
			return err_set(err, ERR_BROKE, "host %zu: no hello", i);
	}
	return 0;
}

static int measure(const struct plan *plan, const char *agent, struct err *err)
{
	const struct lab_options options = { .agent = agent, .is_agent_ours = true };
	const struct backend *netns = backend_find("netns");
	struct lab lab;
	struct err left = { 0 };

	int result = netns->open(&lab, plan, &options, err);
	if (result == 0)
		result = wait_hello(&lab, err);
	if (result == 0) {
		printf("created hosts=%zu\n", lab.nhost);
		fflush(stdout);
	}
	size_t count = lab.nhost;
	if (netns->close(&lab, PATIENCE_MS, &left) != 0 && result == 0) {
		*err = left;
		return -1;
	}
	if (result == 0)
		printf("gone hosts=%zu\n", count);
	return result;
}

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct scenario scenario;
	struct plan plan;
	struct err err = { 0 };

	if (argc != 4) {
		fprintf(stderr, "usage: hosts_lab SCENARIO.ini N AGENT\n");
		return 2;
	}
	const struct name_value set = { .name = "hosts", .value = argv[2] };
	const struct scenario_options options = { .backend = "netns", .nset = 1, .set = &set };
	int result = scenario_load(&scenario, argv[1], &options, &arena, &complaints, &err);
	for (size_t i = 0; i < complaints.count; i++)
		fprintf(stderr, "%s:%d:%d: %s\n", complaints.at[i].path, complaints.at[i].line,
			complaints.at[i].column, complaints.at[i].text);
	if (result == 0)
		result = plan_make(&plan, &scenario, "netns", &arena, &err);
	if (result == 0)
		result = measure(&plan, argv[3], &err);
	if (result < 0)
		fprintf(stderr, "hosts_lab: %s\n", err.text);
	arena_close(&arena);
	return result < 0;
}
