/* Capture files, of lab's own form here, others through libpcap. Nothing is allocated by what the
 * file claims beyond the largest packet that libpcap takes. */
#include "pcapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "mem.h"
#include "packet.h"

enum {
	PACKET_USUAL = 2048,
	PACKET_MOST = 256 << 10 /* as libpcap has it for Ethernet */
};

/* The form of classic pcap that lab writes: this machine's byte order, nanoseconds, Ethernet. */
enum {
	OWN_MAGIC,
	OWN_VERSION,
	OWN_SNAPLEN = 4,
	OWN_LINKTYPE,
	OWN_WORDS
};

static FILE *stream_open(int fd, const char *name, off_t *size, struct err *err)
{
	struct stat st;

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

/* Loading libpcap for it would take a twentieth of what a demo takes of the processors. */
static bool open_own(struct pcapfile *file)
{
	uint32_t head[OWN_WORDS];

	if (fread(head, sizeof head, 1, file->stream) == 1 && head[OWN_MAGIC] == 0xa1b23c4d &&
	    head[OWN_VERSION] == (2 | 4 << 16) && head[2] == 0 && head[3] == 0 &&
	    head[OWN_SNAPLEN] > 0 && head[OWN_SNAPLEN] <= PACKET_MOST &&
	    head[OWN_LINKTYPE] == DLT_EN10MB) {
		file->snaplen = head[OWN_SNAPLEN];
		file->linktype = DLT_EN10MB;
		file->cap = PACKET_USUAL;
		file->bytes = mem_resize(NULL, file->cap, 1);
		return true;
	}
	rewind(file->stream);
	return false;
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

static int open_lib(struct pcapfile *file, const char *name, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	unsigned interfaces = count_interfaces(file->stream);

	if (interfaces > 1)
		return err_set(err, ERR_USAGE,
			       "%s: %u interfaces in one file; lab reads one vantage point a file: "
			       "analyze the run directory, or one of its captures",
			       name, interfaces);
	if (pcaplib_open(&file->lib, err) < 0)
		return -1;
	errno = 0;
	file->handle = file->lib.fopen_offline(file->stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!file->handle) {
		bool is_broken =
		    ferror(file->stream) || errno == ENOMEM; /* disk or memory, not the file */
		if (is_broken)
			return err_set(err, ERR_BROKE, "%s: %s", name, why);
		return err_set(err, ERR_USAGE, "%s: not a capture: %s", name, why);
	}
	file->linktype = file->lib.datalink(file->handle);
	file->snaplen = (uint32_t)file->lib.snapshot(file->handle);
	if (packet_has_linktype(file->linktype))
		return 0;
	const char *link = file->lib.datalink_name(file->linktype);
	return err_set(err, ERR_USAGE, "%s: link type %s (%d) is not supported", name,
		       link ? link : "?", file->linktype);
}

int pcapfile_take(struct pcapfile *file, int fd, const char *name, struct err *err)
{
	off_t size = 0;

	*file = (struct pcapfile){ .linktype = DLT_EN10MB };
	file->stream = stream_open(fd, name, &size, err);
	if (!file->stream)
		return -1;
	if (size < PCAPFILE_LEAST) {
		pcapfile_close(file);
		file->is_cut = true;
		return 0;
	}
	if (open_own(file) || open_lib(file, name, err) == 0)
		return 0;
	pcapfile_close(file);
	return -1;
}

int pcapfile_open(struct pcapfile *file, int dirfd, const char *name, struct err *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		*file = (struct pcapfile){ 0 };
		return err_sys(err, "%s", name);
	}
	return pcapfile_take(file, fd, name, err);
}

/* 1: a packet, 0: the end, -1: cut. Its length is checked before it is used. */
static int next_own(struct pcapfile *file, struct frame_seen *out)
{
	uint32_t head[4]; /* seconds, nanoseconds, bytes here, bytes on the wire */
	size_t got = fread(head, 1, sizeof head, file->stream);

	if (got < sizeof head)
		return got == 0 && !ferror(file->stream) ? 0 : -1;
	size_t len = head[2];
	if (len > PACKET_MOST)
		return -1;
	if (len > file->cap) {
		file->cap = len;
		file->bytes = mem_resize(file->bytes, file->cap, 1);
	}
	if (len > 0 && fread(file->bytes, len, 1, file->stream) != 1)
		return -1;
	*out = (struct frame_seen){
		.bytes = file->bytes,
		.caplen = len < file->snaplen ? len : file->snaplen,
		.len = head[3],
		.t_ns = (int64_t)head[0] * 1000000000 + head[1],
	};
	return 1;
}

static int next_lib(struct pcapfile *file, struct frame_seen *out)
{
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	int got = file->lib.next_ex(file->handle, &header, &bytes);

	if (got != 1)
		return got == PCAP_ERROR_BREAK ? 0 : -1;
	*out = (struct frame_seen){
		.bytes = bytes,
		.caplen = header->caplen,
		.len = header->len,
		/* With nanosecond precision libpcap puts ns into tv_usec. */
		.t_ns = (int64_t)((uint64_t)header->ts.tv_sec * 1000000000u +
				  (uint64_t)header->ts.tv_usec),
	};
	return 1;
}

bool pcapfile_next(struct pcapfile *file, struct frame_seen *out)
{
	if (!file->stream || file->is_cut || file->count == UINT32_MAX)
		return false;
	int got = file->handle ? next_lib(file, out) : next_own(file, out);
	if (got == 1) {
		out->number = ++file->count;
		return true;
	}
	file->is_cut = got < 0;
	file->is_broken = ferror(file->stream);
	return false;
}

void pcapfile_close(struct pcapfile *file)
{
	if (file->handle)
		file->lib.close(file->handle); /* and its stream */
	else if (file->stream)
		fclose(file->stream);
	free(file->bytes);
	file->handle = NULL;
	file->stream = NULL;
	file->bytes = NULL;
	file->cap = 0;
}
