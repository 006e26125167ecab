/* Any bytes as events.ndjson beside a capture of a refused connection: the whole analysis. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "file.h"
#include "finding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/f_events.XXXXXX";

static void scratch_remove(void)
{
	static const char *const names[] = { "capture/client-1.lan.pcap", "capture/server.lan.pcap",
					     "capture", "events.ndjson", "" };
	char path[96];
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)remove(path);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* One SYN and its RST, 10.7.0.2:40200 to 10.7.0.1:1234, on a raw link. */
	static const uint8_t capture[] =
	    "\x4d\x3c\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0"
	    "\0\xf1\x53\x65\0\0\0\0\x28\0\0\0\x28\0\0\0"
	    "\x45\0\0\x28\0\0\x40\0\x40\6\0\0\x0a\7\0\2\x0a\7\0\1"
	    "\x9d\x08\4\xd2\0\0\7\xd0\0\0\0\0\x50\2\xfa\xf0\0\0\0\0"
	    "\0\xf1\x53\x65\xff\0\0\0\x28\0\0\0\x28\0\0\0"
	    "\x45\0\0\x28\0\0\x40\0\x40\6\0\0\x0a\7\0\1\x0a\7\0\2"
	    "\4\xd2\x9d\x08\0\0\0\0\0\0\7\xd1\x50\x14\0\0\0\0\0\0";
	static int fd = -1;
	struct arena arena = { 0 };
	struct analysis analysis;
	struct err err = { 0 };
	if (fd < 0) {
		fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (fd < 0 || mkdirat(fd, "capture", 0700) < 0 ||
		    file_write(fd, "capture/client-1.lan.pcap", capture, sizeof capture - 1, &err) <
			0 ||
		    file_write(fd, "capture/server.lan.pcap", capture, sizeof capture - 1, &err) <
			0)
			abort();
		if (atexit(scratch_remove) != 0)
			abort();
	}
	if (file_write(fd, "events.ndjson", data, size, &err) < 0)
		abort();
	(void)analysis_load(&analysis, dir, &arena, &err);
	arena_close(&arena);
	return 0;
}
