/* libpcap, loaded when a foreign capture is read or a filter compiled: with what it pulls in (a
 * dozen libraries on Debian) it would double the start of every lab, and each fork would copy it.
 */
#ifndef PCAPLIB_H
#define PCAPLIB_H

#include <pcap/pcap.h>

#include "err.h"

struct pcaplib { /* its functions, under their own names without pcap_ */
	__typeof__(pcap_open_dead) *open_dead;
	__typeof__(pcap_compile) *compile;
	__typeof__(pcap_freecode) *freecode;
	__typeof__(pcap_geterr) *geterr;
	__typeof__(pcap_fopen_offline_with_tstamp_precision) *fopen_offline;
	__typeof__(pcap_datalink) *datalink;
	__typeof__(pcap_datalink_val_to_name) *datalink_name;
	__typeof__(pcap_snapshot) *snapshot;
	__typeof__(pcap_next_ex) *next_ex;
	__typeof__(pcap_close) *close;
};

/* Loads it, or finds it loaded: it stays so. -1: it is not there, or too old. */
int pcaplib_open(struct pcaplib *lib, struct err *err);

#endif
