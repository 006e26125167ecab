/* Capture files through libpcap. Nothing is allocated by what the file claims. */
#include "pcapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "packet.h"

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

static uint32_t in_order(uint32_t value, bool is_swapped)
{
	return is_swapped ? __builtin_bswap32(value) : value;
}

/* How many interfaces a pcapng file names before its first packet (0: no pcapng). libpcap mixes
 * them up: a packet seen at two vantage points would count as its own repetition. */
static unsigned count_interfaces(FILE *stream)
{
	enum {
		SECTION = 0x0a0d0d0a,
		INTERFACE = 1,
		SIMPLE_PACKET = 3,
		ENHANCED_PACKET = 6,
		BLOCKS = 4096
	};
	uint32_t head[3]; /* type, length, and the byte order where a section begins */
	bool is_swapped = false;
	unsigned count = 0;

	for (int i = 0; i < BLOCKS && fread(head, sizeof head, 1, stream) == 1; i++) {
		uint32_t type = in_order(head[0], is_swapped);
		if (head[0] == SECTION)
			is_swapped = head[2] != 0x1a2b3c4d;
		else if (i == 0 || type == SIMPLE_PACKET || type == ENHANCED_PACKET)
			break;
		uint32_t len = in_order(head[1], is_swapped);
		count += type == INTERFACE;
		if (len < sizeof head || len % 4 != 0 ||
		    fseek(stream, (long)(len - sizeof head), SEEK_CUR) < 0)
			break;
	}
	rewind(stream);
	return count;
}

int pcapfile_open(struct pcapfile *file, int dirfd, const char *name, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	off_t size = 0;
	*file = (struct pcapfile){ 0 };
	FILE *stream = stream_open(dirfd, name, &size, err);
	if (!stream)
		return -1;
	if (size < PCAPFILE_LEAST) {
		fclose(stream);
		file->is_cut = true;
		return 0;
	}
	unsigned interfaces = count_interfaces(stream);
	if (interfaces > 1) {
		fclose(stream);
		return err_set(err, ERR_USAGE,
			       "%s: %u interfaces in one file; lab reads one vantage point a file: "
			       "analyze the run directory, or one of its captures",
			       name, interfaces);
	}
	if (pcaplib_open(&file->lib, err) < 0) {
		fclose(stream);
		return -1;
	}
	errno = 0;
	file->handle = file->lib.fopen_offline(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!file->handle) {
		bool is_broken =
		    ferror(stream) || errno == ENOMEM; /* disk or memory, not the file */
		fclose(stream);
		if (is_broken)
			return err_set(err, ERR_BROKE, "%s: %s", name, why);
		return err_set(err, ERR_USAGE, "%s: not a capture: %s", name, why);
	}
	file->linktype = file->lib.datalink(file->handle);
	if (packet_has_linktype(file->linktype))
		return 0;
	const char *link = file->lib.datalink_name(file->linktype);
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
	int got = file->lib.next_ex(file->handle, &header, &bytes);
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
		file->lib.close(file->handle);
	file->handle = NULL;
}
