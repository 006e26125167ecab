/* Loads libpcap by its names: Debian's and everybody else's. */
#include "pcaplib.h"

#include "library.h"
#include "util.h"

#define FUNCTION(of_pcap, ours)                                                                    \
	{                                                                                          \
		"pcap_" #of_pcap, offsetof(struct pcaplib, ours)                                   \
	}
static const struct library_function functions[] = {
	FUNCTION(open_dead, open_dead),
	FUNCTION(compile, compile),
	FUNCTION(freecode, freecode),
	FUNCTION(geterr, geterr),
	FUNCTION(fopen_offline_with_tstamp_precision, fopen_offline),
	FUNCTION(datalink, datalink),
	FUNCTION(datalink_val_to_name, datalink_name),
	FUNCTION(snapshot, snapshot),
	FUNCTION(next_ex, next_ex),
	FUNCTION(close, close),
};
static const char *const files[] = { "libpcap.so.0.8", "libpcap.so.1", "libpcap.so", NULL };
static const struct library libpcap = {
	.name = "libpcap",
	.files = files,
	.remedy = "apt-get install -y libpcap0.8",
	.oldest = "1.5",
	.functions = functions,
	.count = COUNT(functions),
};

int pcaplib_open(struct pcaplib *lib, struct err *err)
{
	return library_open(&libpcap, lib, err);
}
