/* Any bytes as a capture file by itself: the whole way from libpcap to findings. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "file.h"
#include "finding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char path[64];
	struct arena arena = { 0 };
	struct analysis analysis;
	struct err err = { 0 };
	if (fd < 0)
		fd = memfd_create("capture", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    write_all(fd, data, size) < 0)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (analysis_load(&analysis, path, &arena, &err) == 0)
		for (size_t i = 0; i < analysis.nfinding; i++)
			if (analysis.finding[i].confidence == PROVEN)
				abort(); /* one file proves nothing */
	arena_close(&arena);
	return 0;
}
