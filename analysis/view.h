/* One connection as all witnesses saw it: what the application said, its flow in the client's and
 * in the server's capture, and when it was. Facts are read from here. */
#ifndef VIEW_H
#define VIEW_H

#include "finding.h"
#include "trace.h"

struct view {
	const struct trace *trace;
	struct connection connection; /* for the report */
	bool has_server, has_client;  /* the addresses below are known */
	struct addr client, server;
	int client_host, server_host; /* NO_HOST: unknown */
	int64_t start_ns, end_ns;     /* of connect(), or of what the captures hold */
	const struct event *way;      /* what the client's kernel told of it as it failed; NULL */
	/* The captures of the two hosts: the one that holds the flow, else their first; NULL: none.
	 * One file may be both (a capture file by itself is read as the client's). */
	const struct capture_seen *client_capture, *server_capture;
	struct flow *client_flow, *server_flow; /* NULL: not in that capture */
};

/* Connections that applications reported, by step and time, then flows that nobody reported.
 * Strings and views are in the trace's arena. */
size_t view_all(struct trace *trace, struct view **out);

/* rung.c: fills the ladders and folded traces of the connection. */
void view_draw(struct view *view);

#endif
