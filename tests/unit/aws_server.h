/* A server of AWS's API on loopback (moto), in a process of its own, on a port that it chooses;
 * without it a test is skipped. */
#ifndef AWS_SERVER_H
#define AWS_SERVER_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws.h"
#include "unit.h"
#include "util.h"

struct aws_server {
	pid_t pid;
	FILE *said; /* what it prints */
	char url[64];
};

/* Whoever `aws` is; every service is at `url`, which must stay. */
static inline void aws_at(struct aws *aws, const char *url)
{
	*aws = (struct aws){ .key_id = "AKIDEXAMPLE",
			     .secret = "canary",
			     .region = "eu-central-1",
			     .first_delay_ns = 1000000 };
	for (size_t i = 0; i < AWS_SERVICES; i++)
		aws->endpoint[i] = url;
}

static inline void aws_server_open(struct aws_server *server)
{
	char path[4096], line[256];
	const char *at = NULL;
	int ends[2];

	if (proc_find("moto_server", path, sizeof path) < 0)
		SKIP("moto_server is not installed");
	assert_int_equal(pipe(ends), 0);
	server->pid = fork();
	if (server->pid == 0) {
		(void)alarm(240);
		(void)dup2(ends[1], 1);
		(void)dup2(ends[1], 2);
		(void)execl(path, path, "-H", "127.0.0.1", "-p", "0", (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	server->said = fdopen(ends[0], "r");
	while (!at && fgets(line, sizeof line, server->said))
		at = strstr(line, "http://");
	if (!at)
		fail_msg("%s", "the server says no port");
	else
		(void)snprintf(server->url, sizeof server->url, "%.*s", (int)strcspn(at, "\r\n "),
			       at);
}

static inline void aws_server_close(struct aws_server *server)
{
	(void)kill(server->pid, SIGKILL);
	(void)waitpid(server->pid, NULL, 0);
	(void)fclose(server->said);
}

/* One call by hand; the text at a path of its answer. Ends the test when it is refused. */
static inline const char *aws_made(const struct aws *aws, enum aws_service service,
				   const char *action, const char *path,
				   const struct aws_parameter *parameters, size_t count,
				   struct arena *arena)
{
	const struct xml *answer;
	struct aws_refusal refusal;
	struct err err;

	if (aws_query(aws, service, action, parameters, count, arena, &answer, &refusal, &err) < 0)
		fail_msg("%s", err.text);
	return xml_text(answer, path);
}
#define PARAMETERS(...)                                                                            \
	(const struct aws_parameter[]){ __VA_ARGS__ },                                             \
	    COUNT(((const struct aws_parameter[]){ __VA_ARGS__ }))
/* Of a call that makes something: its tag `lab`. */
#define TAGGED(kind, value)                                                                        \
	{ "TagSpecification.1.ResourceType", kind }, { "TagSpecification.1.Tag.1.Key", "lab" },    \
	{                                                                                          \
		"TagSpecification.1.Tag.1.Value", value                                            \
	}

#endif
