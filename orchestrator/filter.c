/* libpcap is loaded here, not before: a run without a filter pays nothing. */
#include "filter.h"

#include "pcaplib.h"

int filter_compile(struct buf *hex, const char *filter, int64_t snaplen, struct err *err)
{
	struct bpf_program program;
	struct pcaplib lib;

	if (pcaplib_open(&lib, err) < 0)
		return -1;
	pcap_t *pcap = lib.open_dead(DLT_EN10MB, (int)snaplen);
	if (!pcap)
		return err_set(err, ERR_BROKE, "out of memory");
	if (lib.compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		err_set(err, ERR_USAGE, "filter \"%s\": %s", filter, lib.geterr(pcap));
		lib.close(pcap);
		return -1;
	}
	const uint8_t *bytes = (const uint8_t *)program.bf_insns;
	for (size_t i = 0; hex && i < program.bf_len * sizeof(*program.bf_insns); i++)
		buf_printf(hex, "%02x", bytes[i]);
	lib.freecode(&program);
	lib.close(pcap);
	return 0;
}
