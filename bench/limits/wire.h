/* A packet capture and a reading of the socket table, with nothing around them. */
#ifndef LIMITS_WIRE_H
#define LIMITS_WIRE_H

struct wire_tally {
	int packets, syn, rst; /* syn: without ACK */
};

/* An AF_PACKET socket; it captures from now on. */
int wire_open(const char *iface);
/* Writes what the socket holds as a pcap file (nanoseconds) in the working directory. */
struct wire_tally wire_write(int fd, const char *name);
/* Sockets of a local TCP port: how many listen, + 100 for each that is established. */
int wire_sockets(int port);

#endif
