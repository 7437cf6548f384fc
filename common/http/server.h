/* common/http/server.h - the listener: ulfius on libmicrohttpd, one thread a connection, capped
 * (style D.1, D.2). Turns what arrives into a struct request, and a finished one into an answer.
 * All decisions are the engine's (http/lifecycle.h). */
#ifndef ZEREN_HTTP_SERVER_H
#define ZEREN_HTTP_SERVER_H

#include "core/err.h"
#include "http/lifecycle.h"

struct server;

/* Listens on listen:port. The engine outlives the server. NULL with ERR_INTERNAL and the cause. One
 * a process. */
struct server *server_start(struct engine *e, struct err *err);

/* Takes no new connections; answers on open ones say "Connection: close". */
void server_quiesce(struct server *s);

/* Waits until no request runs, at most that long. False when some still do. */
bool server_drain(struct server *s, int64_t wait_ms);

/* Closes all connections, waiting for requests that run. Accepts NULL, nulls the pointer. */
void server_stop(struct server **s);

/* The address that the engine takes a request for: the peer's, or the last of X-Forwarded-For when
 * the peer is `proxy`, an IPv4 address or network ("127.0.0.1", "172.20.0.0/16"). */
bool server_is_proxy(const char *proxy, const char *peer);

#endif
