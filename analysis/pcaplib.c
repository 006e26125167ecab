/* Loads libpcap by its names: Debian's and everybody else's. */
#include "pcaplib.h"

#include <dlfcn.h>

#include "util.h"

static void *find_library(void)
{
	static const char *const names[] = { "libpcap.so.0.8", "libpcap.so.1", "libpcap.so" };
	void *library = NULL;

	for (size_t i = 0; i < COUNT(names) && !library; i++)
		library = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
	return library;
}

int pcaplib_open(struct pcaplib *lib, struct err *err)
{
	void *library = find_library();

	if (!library)
		return err_set(err, ERR_CANNOT,
			       "libpcap is not there: apt-get install -y libpcap0.8");
	*lib = (struct pcaplib){
		.open_dead = dlsym(library, "pcap_open_dead"),
		.compile = dlsym(library, "pcap_compile"),
		.freecode = dlsym(library, "pcap_freecode"),
		.geterr = dlsym(library, "pcap_geterr"),
		.fopen_offline = dlsym(library, "pcap_fopen_offline_with_tstamp_precision"),
		.datalink = dlsym(library, "pcap_datalink"),
		.datalink_name = dlsym(library, "pcap_datalink_val_to_name"),
		.snapshot = dlsym(library, "pcap_snapshot"),
		.next_ex = dlsym(library, "pcap_next_ex"),
		.close = dlsym(library, "pcap_close"),
	};
	if (lib->open_dead && lib->compile && lib->freecode && lib->geterr && lib->fopen_offline &&
	    lib->datalink && lib->datalink_name && lib->snapshot && lib->next_ex && lib->close)
		return 0;
	return err_set(err, ERR_CANNOT, "libpcap is too old here: version 1.5 or newer is needed");
}
