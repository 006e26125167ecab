/* dlopen(3), the first file that is there. */
#include "library.h"

#include <dlfcn.h>
#include <string.h>

int library_open(const struct library *library, void *table, struct err *err)
{
	void *handle = NULL;

	for (size_t i = 0; library->files[i] && !handle; i++)
		handle = dlopen(library->files[i], RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return err_set(err, ERR_CANNOT, "%s is not there: %s", library->name,
			       library->remedy);
	for (size_t i = 0; i < library->count; i++) {
		void *found = dlsym(handle, library->functions[i].name);

		if (!found)
			return err_set(err, ERR_CANNOT, "%s has no %s here: %s or newer is needed",
				       library->name, library->functions[i].name, library->oldest);
		memcpy((char *)table + library->functions[i].offset, &found, sizeof found);
	}
	return 0;
}
