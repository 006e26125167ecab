/* Bytes as a scenario file: what the scan accepts iniparser must read the same, the whole reader
 * must survive any bytes, and the flat form of a good file must read back as itself. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "plan.h"
#include "scenario_ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int load(struct scenario *out, const void *bytes, size_t len, struct arena *arena,
		struct complaints *complaints)
{
	struct err err;
	int fd = memfd_create("fuzz", MFD_CLOEXEC), status;

	if (fd < 0 || write_all(fd, bytes, len) < 0)
		abort();
	status = scenario_load(out, arena_printf(arena, "/proc/self/fd/%d", fd), NULL, arena,
			       complaints, &err);
	close(fd);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct scenario first, again;
	struct plan plan;
	struct ini ini;
	struct err err;

	ini_scan(&ini, "f", (const char *)bytes, len, &arena, &complaints);
	if (complaints.count == 0 && ini_agrees(&ini, (const char *)bytes, len, &err) < 0)
		abort();
	complaints.count = 0;
	if (load(&first, bytes, len, &arena, &complaints) == 0) {
		if (load(&again, first.source, strlen(first.source), &arena, &complaints) < 0)
			abort();
		if (again.nstep != first.nstep || again.nhost != first.nhost)
			abort();
		if (plan_make(&plan, &first, "netns", &arena, &err) == 0)
			plan_make(&plan, &again, "loopback", &arena, &err);
	}
	arena_close(&arena);
	return 0;
}
