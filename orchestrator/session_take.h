/* What an agent sent, for the poll loop of session.c alone. */
#ifndef SESSION_TAKE_H
#define SESSION_TAKE_H

#include "session.h"

/* Reads what the host's stream has now, and takes every whole frame of it. -1: the host is lost, or
 * nothing more can be written; err says which. */
int session_take(struct session *session, size_t host, struct err *err);
/* It is lost: the event is written, and err says so. Always -1. */
int session_lose(struct session *session, size_t host, const char *why, struct err *err);
/* A ping that waits to be sent. */
void session_ping(struct session_host *host, int64_t now_ns);

#endif
