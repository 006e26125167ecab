/* Filters of captures, in the language of pcap-filter(7), compiled by libpcap. */
#ifndef FILTER_H
#define FILTER_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

/* Adds the program as hex of struct sock_filter[] to `hex`, for a socket that keeps `snaplen` bytes
 * of each packet; hex NULL: it is only checked. -1: ERR_USAGE with what is wrong with the filter,
 * or ERR_CANNOT without libpcap. Words that are names would be looked up: the scenario's reader has
 * refused them. */
int filter_compile(struct buf *hex, const char *filter, int64_t snaplen, struct err *err);

#endif
