/* The limit of `lab run refused`: three hosts on a bridge, a process each, captures at all three
 * written as pcap files, the server's socket table read twice; two clients talk, the server is
 * stopped, a third connect is refused, the server serves again.   refused DIR */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "nl.h"
#include "star.h"
#include "wire.h"

enum {
	PORT = 1234,
	SERVER = 0,
	ALICE = 1,
	BOB = 2,
	MESSAGES = 3
};

/* What a host's process is told to do: one byte; it answers with one int, 'k' with a tally. */
enum order {
	SERVE = 'l',
	STOP = 's',
	TABLE = 't', /* answers LISTEN + 100 * ESTAB */
	TALK = 'm',  /* connects, sends, keeps the connection; answers errno */
	KNOCK = 'c', /* connects and closes; answers errno */
	KEEP = 'k',  /* writes the capture; answers with a tally */
};

static struct sockaddr_in server_address(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(PORT),
				     .sin_addr.s_addr = htonl(star_address(SERVER)) };
}

static void echo(int listener)
{
	struct pollfd fd[8] = { { .fd = listener, .events = POLLIN } };
	nfds_t count = 1;
	char text[64];

	for (;;) {
		if (poll(fd, count, -1) < 0)
			die("poll");
		for (nfds_t i = 1; i < count; i++) {
			if (!fd[i].revents)
				continue;
			ssize_t got = read(fd[i].fd, text, sizeof(text));
			if (got > 0) {
				give(fd[i].fd, text, (size_t)got);
				continue;
			}
			close(fd[i].fd);
			fd[i].fd = -1;
		}
		if (fd[0].revents && count < 8)
			fd[count++] =
			    (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
	}
}

/* The server is a process of its own, so that stopping it is what it is on a real host. */
static pid_t serve(void)
{
	struct sockaddr_in address = server_address();
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		die("listen");
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) /* it was killed before it could say so */
			_exit(0);
		echo(fd);
	}
	close(fd);
	return pid;
}

static int dial(int messages, int *kept)
{
	struct sockaddr_in address = server_address();
	char text[] = "Message from a client", answer[sizeof(text)];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int why = errno;
		close(fd);
		return why;
	}
	for (int i = 0; i < messages; i++) {
		give(fd, text, sizeof(text));
		if (!take(fd, answer, sizeof(answer)))
			return EPIPE;
	}
	if (kept)
		*kept = fd;
	else
		close(fd);
	return 0;
}

static void play(int host, int fd)
{
	int capture = wire_open("eth0"), kept = -1, answer = 0;
	pid_t server = 0;
	char order;

	give(fd, &answer, sizeof(answer)); /* captures */
	while (take(fd, &order, 1)) {
		answer = 0;
		if (order == SERVE)
			server = serve();
		if (order == STOP && (kill(server, SIGTERM) < 0 || waitpid(server, NULL, 0) < 0))
			die("stop");
		if (order == TABLE)
			answer = wire_sockets(PORT);
		if (order == TALK)
			answer = dial(MESSAGES, &kept);
		if (order == KNOCK)
			answer = dial(0, NULL);
		if (order != KEEP) {
			give(fd, &answer, sizeof(answer));
			continue;
		}
		char name[32];
		snprintf(name, sizeof(name), "host-%d.pcap", host);
		struct wire_tally tally = wire_write(capture, name);
		give(fd, &tally, sizeof(tally));
	}
}

static int tell(struct star *star, int host, enum order order)
{
	char byte = (char)order;
	int answer;

	give(star->host[host].fd, &byte, 1);
	if (!take(star->host[host].fd, &answer, sizeof(answer)))
		die("a host's process is gone");
	return answer;
}

/* A busy kernel may reset the last connection once more, when its FINs crossed. */
static int keep(struct star *star)
{
	char byte = KEEP;
	int is_right = 1;

	for (int i = 0; i < star->count; i++)
		give(star->host[i].fd, &byte, 1);
	for (int i = 0; i < star->count; i++) {
		struct wire_tally tally;

		if (!take(star->host[i].fd, &tally, sizeof(tally)))
			die("a host's process is gone");
		is_right &= tally.packets > 0 && tally.syn > 0 && (tally.rst > 0) == (i != BOB);
		printf("host-%d packets=%d syn=%d rst=%d\n", i, tally.packets, tally.syn,
		       tally.rst);
	}
	return is_right;
}

int main(int argc, char **argv)
{
	struct star star;
	int answer;

	if (argc != 2 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: refused DIR\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, 0);
	star_make(&star, 3, play);
	for (int i = 0; i < 3; i++)
		if (!take(star.host[i].fd, &answer, sizeof(answer)))
			die("a capture");
	tell(&star, SERVER, SERVE);
	int alice = tell(&star, ALICE, TALK), bob = tell(&star, BOB, TALK);
	int before = tell(&star, SERVER, TABLE);
	tell(&star, SERVER, STOP);
	int after = tell(&star, SERVER, TABLE);
	int carol = tell(&star, ALICE, KNOCK);
	tell(&star, SERVER, SERVE);
	int dave = tell(&star, ALICE, KNOCK);
	int is_right = keep(&star) && !alice && !bob && before == 201 && after == 0 &&
		       carol == ECONNREFUSED && dave == 0;
	printf("verdict=%s before=%d after=%d\n", is_right ? "refused" : "wrong", before, after);
	fflush(stdout);
	star_end(&star);
	printf("gone\n");
	return !is_right;
}
