/* Capture files through libpcap. Nothing is allocated by what the file claims. */
#include "pcapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/stat.h>

#include "packet.h"

enum {
	HEADER_LEN = 24
}; /* of a classic pcap file; the least of a pcapng is more */

static FILE *stream_open(int dirfd, const char *name, off_t *size, struct err *err)
{
	struct stat st;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err_sys(err, "%s", name);
		return NULL;
	}
	if (fstat(fd, &st) < 0) {
		err_sys(err, "%s", name);
	} else if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_USAGE, "%s: not a regular file", name);
	} else {
		*size = st.st_size;
		FILE *stream = fdopen(fd, "rb");
		if (stream)
			return stream;
		err_sys(err, "%s", name);
	}
	close(fd);
	return NULL;
}

int pcapfile_open(struct pcapfile *file, int dirfd, const char *name, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	off_t size = 0;
	*file = (struct pcapfile){ 0 };
	FILE *stream = stream_open(dirfd, name, &size, err);
	if (!stream)
		return -1;
	if (size < HEADER_LEN) {
		fclose(stream);
		file->is_cut = true;
		return 0;
	}
	file->handle =
	    pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!file->handle) {
		fclose(stream);
		return err_set(err, ERR_USAGE, "%s: not a capture: %s", name, why);
	}
	file->linktype = pcap_datalink(file->handle);
	if (packet_has_linktype(file->linktype))
		return 0;
	const char *link = pcap_datalink_val_to_name(file->linktype);
	err_set(err, ERR_USAGE, "%s: link type %s (%d) is not supported", name, link ? link : "?",
		file->linktype);
	pcapfile_close(file);
	return -1;
}

bool pcapfile_next(struct pcapfile *file, struct frame_seen *out)
{
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	if (!file->handle || file->is_cut || file->count == UINT32_MAX)
		return false;
	int got = pcap_next_ex(file->handle, &header, &bytes);
	if (got != 1) {
		file->is_cut = got != PCAP_ERROR_BREAK;
		return false;
	}
	*out = (struct frame_seen){
		.bytes = bytes,
		.caplen = header->caplen,
		.len = header->len,
		/* With nanosecond precision libpcap puts ns into tv_usec. */
		.t_ns = (int64_t)((uint64_t)header->ts.tv_sec * 1000000000u +
				  (uint64_t)header->ts.tv_usec),
		.number = ++file->count,
	};
	return true;
}

void pcapfile_close(struct pcapfile *file)
{
	if (file->handle)
		pcap_close(file->handle);
	file->handle = NULL;
}
