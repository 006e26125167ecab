/* lab-agent client ADDRESS PORT: messages, each answered before the next; exits by the outcome. */
#include <getopt.h>
#include <poll.h>
#include <sys/random.h>

#include "byhand.h"
#include "client.h"
#include "clock.h"
#include "parse.h"
#include "safe.h"

struct wishes {
	int64_t connect_ns, read_ns, interval_ns; /* read_ns 0: no limit */
	int64_t count;
	char name[64];
	struct addr target;
};

static void say(const char *name, const char *sign, const struct message *message)
{
	char text[MESSAGE_SHORT + 4];
	struct buf line = { 0 };

	safe_add(&line, name);
	buf_str(&line, sign);
	safe_add(&line, message_short(message, text));
	printf("%s\n", line.data);
	fflush(stdout);
	buf_close(&line);
}

static int fail(const struct wishes *wishes, const char *call, const struct outcome *outcome)
{
	struct buf line = { 0 };

	safe_add(&line, wishes->name);
	fprintf(stderr, "lab-agent client: %s: %s: %s (%s)\n", line.data, call, outcome->text,
		outcome_result(outcome));
	buf_close(&line);
	return 1;
}

static int64_t after(int64_t ns)
{
	return ns > 0 ? clock_mono_ns() + ns : INT64_MAX;
}

static void pause_for(int64_t ns)
{
	int64_t until_ns = clock_mono_ns() + ns;

	while (clock_mono_ns() < until_ns)
		(void)poll(NULL, 0, clock_left_ms(until_ns));
}

static int exchange(struct client *client, const struct wishes *wishes, int number)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	struct message message;
	struct outcome outcome;

	if (client_message(&out, number, wishes->name, &err) < 0)
		abort(); /* a name is far shorter than a message */
	if (message_peek(&out, &message, &err) > 0)
		say(wishes->name, " > ", &message);
	client_send(client, out.data, out.len, after(wishes->read_ns), &outcome);
	buf_close(&out);
	if (outcome.kind != OUTCOME_OK)
		return fail(wishes, "send", &outcome);
	client_receive(client, &message, after(wishes->read_ns), &outcome);
	if (outcome.kind != OUTCOME_OK)
		return fail(wishes, "receive", &outcome);
	say(wishes->name, " < ", &message);
	client_took(client, &message);
	return 0;
}

static int play(const struct wishes *wishes)
{
	struct client client = { .fd = -1 };
	struct connect_options connect_options = {
		.target = wishes->target,
		.syn_retries = -1,
		.deadline_ns = after(wishes->connect_ns),
	};
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct outcome outcome;
	int rc = 0;

	client_connect(&client, &connect_options, &outcome);
	if (outcome.kind != OUTCOME_OK)
		return fail(wishes, "connect", &outcome);
	printf("client: connected, %s to %s, %lld.%03lld ms\n", addr_text(&client.local, local),
	       addr_text(&client.peer, peer), (long long)outcome.took_ns / 1000000,
	       (long long)outcome.took_ns / 1000 % 1000);
	fflush(stdout);
	for (int i = 1; i <= wishes->count && rc == 0; i++) {
		if (i > 1)
			pause_for(wishes->interval_ns);
		rc = exchange(&client, wishes, i);
	}
	client_close(&client);
	return rc;
}

/* One option; -1: its value means nothing. */
static int take_option(struct wishes *wishes, int c, const char *value)
{
	switch (c) {
	case 't':
		return byhand_seconds(value, &wishes->connect_ns);
	case 'r':
		return byhand_seconds(value, &wishes->read_ns);
	case 'i':
		return byhand_seconds(value, &wishes->interval_ns);
	case 'c':
		return parse_int(value, 0, 1000000, &wishes->count);
	case 'n':
		if (*value == '\0' || strlen(value) >= sizeof wishes->name)
			return -1;
		snprintf(wishes->name, sizeof wishes->name, "%s", value);
		return 0;
	default:
		return -1;
	}
}

int byhand_client(int argc, char **argv)
{
	const struct byhand_program *program = &byhand_programs[1];
	struct wishes wishes = { .connect_ns = 10 * INT64_C(1000000000), .count = 10 };
	char address[ADDR_TEXT];
	struct err err = { 0 };
	unsigned short random;
	const char *by;
	int c;

	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		random = (unsigned short)getpid();
	snprintf(wishes.name, sizeof wishes.name, "client-%04x", random);
	argv[0] = (char[]){ "lab-agent client" }; /* getopt complains by this name */
	while ((c = byhand_getopt(program, argc, argv)) != -1) {
		if (c == 'h') {
			byhand_usage(stdout, program);
			return 0;
		}
		if (take_option(&wishes, c, optarg) < 0) {
			if (c != '?')
				fprintf(stderr,
					"lab-agent client: -%c: \"%s\" is no value for it\n", c,
					optarg);
			byhand_usage(stderr, program);
			return ERR_USAGE;
		}
	}
	if (argc - optind != 2) {
		byhand_usage(stderr, program);
		return ERR_USAGE;
	}
	if (byhand_address(&wishes.target, argv[optind], argv[optind + 1], &by, &err) < 0) {
		fprintf(stderr, "lab-agent client: %s\n", err.text);
		return err.kind == ERR_USAGE ? ERR_USAGE : 1;
	}
	printf("client: pid %d, connecting to %s (%s)\n", (int)getpid(),
	       addr_text(&wishes.target, address), by);
	fflush(stdout);
	return play(&wishes);
}
