/* Driving the backends in tests: the hosts run this test program again as their agent (agent_main
 * answers one line with one line) or a shell. The environment carries a mark by which all that was
 * started here is found in /proc. */
#ifndef HOSTTEST_H
#define HOSTTEST_H

#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend.h"
#include "clock.h"
#include "hostplan.h"
#include "step.h"
#include "util.h"

#define MARK "LAB_HOST_TEST"
enum {
	ORDINARY_UID = 12345,
	ANSWER = 4096,
	PORT = 1234
};

/* As the host's agent: one verb per line on stdin, one answer each. */
static inline void agent_connect(const char *ip)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int64_t start = clock_mono_ns();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, ip, &to.sin_addr);
	int sys = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
	close(fd);
	printf("%d %d\n", sys, (int)((clock_mono_ns() - start) / 1000000));
}

static inline void agent_offloads(void)
{
	static const uint32_t ask[] = { ETHTOOL_GTSO, ETHTOOL_GGSO, ETHTOOL_GGRO, ETHTOOL_GTXCSUM,
					ETHTOOL_GRXCSUM };
	struct ethtool_value value = { 0 };
	struct ifreq request = { .ifr_name = "eth0", .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (size_t i = 0; i < COUNT(ask); i++) {
		value = (struct ethtool_value){ .cmd = ask[i], .data = 9 };
		printf("%d", ioctl(fd, SIOCETHTOOL, &request) < 0 ? 8 : (int)value.data);
	}
	printf("\n");
	close(fd);
}

static inline int agent_main(void)
{
	char line[128];
	int open_fds = 0;

	for (int fd = 3; fd < 1024; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (starts_with(line, "connect ")) {
			agent_connect(line + strlen("connect "));
		} else if (streq(line, "listen")) {
			struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
			int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
			int sys = bind(fd, (struct sockaddr *)&any, sizeof any) < 0 ? errno : 0;
			printf("%d\n", sys ? sys : listen(fd, 64) < 0 ? errno : 0);
		} else if (streq(line, "offloads")) {
			agent_offloads();
		} else if (streq(line, "files")) {
			printf("%d\n", open_fds);
		} else if (streq(line, "packet")) {
			int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(3));
			printf("%d\n", fd < 0 ? errno : 0);
			close(fd);
		} else if (streq(line, "session")) {
			printf("%d %d\n", (int)getpid(), (int)getsid(0));
		}
	}
	return 0;
}

/* Lab's side: asks a host and waits for its line. */
static inline const char *ask(struct lab *lab, size_t host, const char *question)
{
	static char answer[ANSWER];
	int64_t deadline = clock_after_ms(10000);
	size_t len = 0;

	assert_int_equal(lab->backend->write(lab, host, question, strlen(question)),
			 (ssize_t)strlen(question));
	assert_int_equal(lab->backend->write(lab, host, "\n", 1), 1);
	while (len < sizeof answer - 1 && !memchr(answer, '\n', len)) {
		struct pollfd wait = { .fd = lab->host[host].read_fd, .events = POLLIN };
		assert_int_equal(poll(&wait, 1, clock_left_ms(deadline)), 1);
		ssize_t got = lab->backend->read(lab, host, answer + len, sizeof answer - 1 - len);
		assert_true(got > 0);
		len += (size_t)got;
	}
	answer[len] = 0;
	answer[strcspn(answer, "\n")] = 0;
	return answer;
}

static inline void two_numbers(const char *text, int *a, int *b)
{
	char *end;

	*a = (int)strtol(text, &end, 10);
	assert_int_equal(*end, ' ');
	*b = (int)strtol(end + 1, &end, 10);
	assert_int_equal(*end, 0);
}

/* Processes with our mark, this one excepted; a zombie has no environment and does not count. */
static inline int count_marked(void)
{
	char want[64], path[300], text[32768];
	DIR *proc = opendir("/proc");
	int count = 0;

	assert_non_null(proc);
	snprintf(want, sizeof want, "%s=%s", MARK, getenv(MARK));
	for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    strtol(entry->d_name, NULL, 10) == getpid())
			continue;
		snprintf(path, sizeof path, "/proc/%s/environ", entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
		if (fd >= 0)
			close(fd);
		count += len > 0 && memmem(text, (size_t)len, want, strlen(want) + 1);
	}
	closedir(proc);
	return count;
}

/* What the kernel still ends is waited for, up to 3 s. */
static inline int count_marked_at_last(void)
{
	int64_t deadline = clock_after_ms(3000);
	int count;

	while ((count = count_marked()) > 0 && clock_left_ms(deadline) > 0)
		poll(NULL, 0, 2);
	return count;
}

static inline void close_clean(struct lab *lab)
{
	struct err err = { 0 };

	assert_int_equal(lab->backend->close(lab, 5000, &err), 0);
	assert_int_equal(lab->backend->close(lab, 5000, &err), 0); /* safe twice */
	assert_int_equal(count_marked(), 0);
}

/* To begin main with: marks, drops to an ordinary user where asked, serves as agent. A fresh exec
 * after each change: /proc shows the environment of the last one, and rights are settled by it. */
static inline void hosttest_main(char **argv, bool is_ordinary)
{
	char mark[32], path[PATH_MAX];

	if (getenv(MARK "_AGENT"))
		exit(agent_main());
	if (getenv(MARK))
		return;
	snprintf(mark, sizeof mark, "%d", (int)getpid());
	setenv(MARK, mark, 1);
	if (is_ordinary && geteuid() == 0 &&
	    (setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0 ||
	     setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0))
		exit(99);
	/* /proc/self/exe itself opens closed folders, the path that it names does not. */
	if (realpath("/proc/self/exe", path) && access(path, X_OK) == 0)
		execv("/proc/self/exe", argv);
	printf("1..0 # SKIP the build folder is closed to ordinary users\n");
	exit(0);
}

#endif
