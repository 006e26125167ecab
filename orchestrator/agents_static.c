/* Read whole and hashed once a run: their digests stand in the command line of each machine. */
#include "agents_static.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

#include "beside.h"
#include "file.h"
#include "sha256.h"

enum {
	AGENT_MAX = 4 << 20
};

static const char *const machines[AGENTS_STATIC] = { "x86_64", "aarch64" };

static int read_one(struct boot_agent *agent, const char *path, struct arena *arena,
		    struct err *err)
{
	struct buf file = { 0 };
	struct sha256 sha;
	void *bytes;

	if (file_read(AT_FDCWD, path, AGENT_MAX, &file, err) < 0) {
		buf_close(&file);
		return -1;
	}
	bytes = arena_alloc(arena, file.len + 1);
	if (file.len > 0)
		memcpy(bytes, file.data, file.len);
	agent->bytes = bytes;
	agent->len = file.len;
	sha256_init(&sha);
	sha256_add(&sha, bytes, file.len);
	sha256_hex(&sha, agent->sha256);
	buf_close(&file);
	return 0;
}

int agents_static_from(struct agents_static *out, const char *folder, struct arena *arena,
		       struct err *err)
{
	out->count = 0;
	for (size_t i = 0; i < COUNT(machines); i++) {
		const char *path = arena_printf(arena, "%s/lab-agent-%s", folder, machines[i]);

		if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		out->agent[out->count].machine = machines[i];
		if (read_one(&out->agent[out->count], path, arena, err) < 0)
			return -1;
		out->count++;
	}
	return 0;
}

int agents_static_read(struct agents_static *out, struct arena *arena, struct err *err)
{
	static const char *const places[] = { "agents", "../libexec/lab" };
	char folder[PATH_MAX];
	bool is_known = beside_folder(folder);

	out->count = 0;
	for (size_t i = 0; is_known && out->count == 0 && i < COUNT(places); i++)
		if (agents_static_from(out, arena_printf(arena, "%s/%s", folder, places[i]), arena,
				       err) < 0)
			return -1;
	if (out->count > 0)
		return 0;
	return err_set(err, ERR_CANNOT,
		       "the agents for other machines (lab-agent-x86_64, lab-agent-aarch64) are "
		       "neither in agents/ beside lab nor in ../libexec/lab: make agents");
}

int agents_static_own(struct agents_static *out, struct arena *arena, struct err *err)
{
	struct utsname name;
	const char *path;

	out->count = 0;
	if (uname(&name) < 0)
		return err_sys(err, "uname");
	out->agent[0].machine = arena_dup(arena, name.machine);
	if (beside_agent(arena, &path, err) < 0 || read_one(&out->agent[0], path, arena, err) < 0)
		return -1;
	out->count = 1;
	return 0;
}
