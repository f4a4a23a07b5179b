/* What needs libwebsockets, and nothing above it: sockets, waiting, waking. */
#ifndef HTTP_SOCKET_H
#define HTTP_SOCKET_H

#include <sys/socket.h>

#include "http/listener.h"

/* Binds and listens; errno when it cannot. */
bool socket_open(http_listener *l, const struct sockaddr_storage *address);
/* No new connections, no watched descriptors any more. */
void socket_stop_listening(http_listener *l);
/* Ends everything; connections are closed. */
void socket_close_all(http_listener *l);
/* Waits until something happens, at most `wait_ms` (-1: for ever), and handles it. */
bool socket_service(http_listener *l, int64_t wait_ms);
/* Ends the waiting; from any thread. */
void socket_wake(http_listener *l);

#endif
