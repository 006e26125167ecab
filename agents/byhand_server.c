/* lab-agent server ADDRESS PORT: shows what each client says, one colour a client. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "byhand.h"
#include "env.h"
#include "safe.h"
#include "server.h"

struct screen {
	bool has_colour;
};

/* One line: the client's name, or its address until it told one, then what is to be said. */
static void say(const struct screen *screen, const struct server_connection *connection,
		const char *text)
{
	/* Blue and orange first: told apart by most eyes. */
	static const int colours[] = { 75, 208, 78, 177, 220, 44, 211, 144 };
	struct buf line = { 0 };
	char peer[ADDR_TEXT];

	if (screen->has_colour)
		buf_printf(&line, "\033[38;5;%dm",
			   colours[(connection->number - 1) % COUNT(colours)]);
	if (connection->name[0] != '\0')
		safe_add(&line, connection->name);
	else
		buf_str(&line, addr_text(&connection->peer, peer));
	buf_str(&line, ": ");
	safe_add(&line, text);
	buf_str(&line, screen->has_colour ? "\033[0m\n" : "\n");
	fwrite(line.data, 1, line.len, stdout);
	fflush(stdout);
	buf_close(&line);
}

static void accepted(void *context, const struct server_connection *connection)
{
	say(context, connection, "connected");
}

static void message_came(void *context, const struct server_connection *connection,
			 const struct message *message)
{
	char text[MESSAGE_SHORT + 4];

	say(context, connection, message_short(message, text));
}

static void closed(void *context, const struct server_connection *connection, const char *how,
		   int number, const char *text)
{
	char line[512];

	if (streq(how, "error"))
		snprintf(line, sizeof line, "error: %.400s; connection closed", text);
	else if (number != 0)
		snprintf(line, sizeof line, "gone (%s): %s", how, strerror(number));
	else
		snprintf(line, sizeof line, "closed by the client (%s)", how);
	say(context, connection, line);
}

static const struct server_events events = {
	.accepted = accepted,
	.message = message_came,
	.closed = closed,
};

static int open_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -1;
	return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int serve(const struct server_options *wanted)
{
	struct screen screen = {
		.has_colour = isatty(STDOUT_FILENO) && !env_get(VAR_NO_COLOR),
	};
	int signals = open_signals();
	struct server server;
	char address[ADDR_TEXT];
	const char *call;
	int number = server_open(&server, wanted, &events, &screen, &call), rc;

	if (number != 0) {
		fprintf(stderr, "lab-agent server: %s %s: %s\n", call,
			addr_text(&wanted->address, address), strerror(number));
		return 1;
	}
	printf("server: pid %d, listening on %s%s%s\n", (int)getpid(),
	       addr_text(&server.address, address),
	       wanted->does_reuse_address ? ", SO_REUSEADDR" : "",
	       wanted->does_reuse_port ? ", SO_REUSEPORT (this system has it)" : "");
	fflush(stdout);
	do
		rc = server_poll(&server, signals, INT64_MAX);
	while (rc == 0 || rc == 1);
	if (rc < 0)
		fprintf(stderr, "lab-agent server: poll: %s\n", strerror(errno));
	else
		printf("server: pid %d, ended by a signal\n", (int)getpid());
	server_close(&server);
	close(signals);
	return rc < 0;
}

int byhand_server(int argc, char **argv)
{
	const struct byhand_program *program = &byhand_programs[0];
	struct server_options wanted = { .backlog = 128 };
	struct err err = { 0 };
	const char *by;
	int c;

	argv[0] = (char[]){ "lab-agent server" }; /* getopt complains by this name */
	while ((c = byhand_getopt(program, argc, argv)) != -1) {
		if (c == 'a') {
			wanted.does_reuse_address = true;
		} else if (c == 'p') {
			wanted.does_reuse_port = true;
		} else if (c == 'd' && byhand_seconds(optarg, &wanted.delay_ns) == 0) {
			continue;
		} else if (c == 'h') {
			byhand_usage(stdout, program);
			return 0;
		} else {
			if (c == 'd')
				fprintf(stderr, "lab-agent server: %s: not seconds\n", optarg);
			byhand_usage(stderr, program);
			return ERR_USAGE;
		}
	}
	if (argc - optind != 2) {
		byhand_usage(stderr, program);
		return ERR_USAGE;
	}
	if (byhand_address(&wanted.address, argv[optind], argv[optind + 1], &by, &err) < 0) {
		fprintf(stderr, "lab-agent server: %s\n", err.text);
		return err.kind == ERR_USAGE ? ERR_USAGE : 1;
	}
	return serve(&wanted);
}
