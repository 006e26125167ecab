/* A build that was not installed has the agent beside lab, an installed one in ../libexec/lab. */
#include "beside.h"

#include <unistd.h>

#include "env.h"

bool beside_folder(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[len > 0 ? len : 0] = 0;
	char *slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = 0;
	return true;
}

int beside_agent(struct arena *arena, const char **path, struct err *err)
{
	static const char *const places[] = { "lab-agent", "../libexec/lab/lab-agent" };
	const char *given = env_get(VAR_LAB_AGENT);
	char folder[PATH_MAX];

	if (given) {
		*path = given;
		return access(given, X_OK) == 0 ? 0 : err_sys(err, "LAB_AGENT=%s", given);
	}
	bool is_known = beside_folder(folder);
	for (size_t i = 0; is_known && i < COUNT(places); i++) {
		*path = arena_printf(arena, "%s/%s", folder, places[i]);
		if (access(*path, X_OK) == 0)
			return 0;
	}
	return err_set(
	    err, ERR_CANNOT,
	    "lab-agent is neither beside lab nor in ../libexec/lab (make, or LAB_AGENT=)");
}
