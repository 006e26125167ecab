/* lab's own .tf files, beside lab or installed, copied into the sandbox's folder. */
#include "sandbox_terraform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "file.h"
#include "json.h"

enum {
	BYTES = 256 * 1024 /* of one file */
};

/* build/../infra/terraform, PREFIX/bin/../share/lab/terraform. */
const char *sandbox_module_path(struct arena *arena, struct err *err)
{
	static const char *const places[] = { "../infra/terraform", "../share/lab/terraform" };
	char self[PATH_MAX];
	bool is_known = beside_folder(self);

	for (size_t i = 0; is_known && i < COUNT(places); i++) {
		const char *path = arena_printf(arena, "%s/%s", self, places[i]);
		if (access(arena_printf(arena, "%s/versions.tf", path), R_OK) == 0)
			return path;
	}
	err_set(err, ERR_CANNOT,
		"lab's Terraform files are neither in ../infra/terraform nor in "
		"../share/lab/terraform beside lab (make install puts them there)");
	return NULL;
}

static bool is_module_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name &&
	       (streq(dot, ".tf") || streq(dot, ".tftpl") || streq(name, "prices.ini"));
}

static int copy_file(int from, int to, const char *name, struct err *err)
{
	struct buf text = { 0 };
	int status = file_read(from, name, BYTES, &text, err);

	if (status == 0)
		status = file_write(to, name, text.data ? text.data : "", text.len, err);
	buf_close(&text);
	return status;
}

static int copy_files(DIR *from, int to, struct err *err)
{
	const struct dirent *entry;
	int status = 0;

	while (status == 0 && (entry = readdir(from)))
		if (is_module_file(entry->d_name))
			status = copy_file(dirfd(from), to, entry->d_name, err);
	return status;
}

static int copy_module(int to, struct arena *arena, struct err *err)
{
	if (faccessat(to, "terraform.tfstate", F_OK, 0) == 0)
		return 0;
	const char *path = sandbox_module_path(arena, err);
	if (!path)
		return -1;
	DIR *from = opendir(path);
	if (!from)
		return err_sys(err, "%s", path);
	int status = copy_files(from, to, err);
	closedir(from);
	return status;
}

static int write_variables(int to, const struct sandbox *sandbox, const char *public_key,
			   struct arena *arena, struct err *err)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "lab_id", sandbox->id);
	json_text(&json, "controller_cidr", sandbox->from);
	json_text(&json, "public_key", public_key);
	json_text(&json, "expires_at", sandbox->expires_at);
	json_text(&json, "region", sandbox->region);
	json_int(&json, "client_count", sandbox->clients);
	json_text(&json, "identity", sandbox_path(sandbox, "key", arena));
	json_object_end(&json);
	buf_str(&out, "\n");
	int status = file_write(to, "lab.auto.tfvars.json", out.data, out.len, err);
	buf_close(&out);
	return status;
}

int sandbox_module(const struct sandbox *sandbox, const char *public_key, struct arena *arena,
		   struct err *err)
{
	const char *folder = sandbox_path(sandbox, "terraform", arena);

	if (file_folder(folder, err) < 0)
		return -1;
	int to = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (to < 0)
		return err_sys(err, "%s", folder);
	int status = copy_module(to, arena, err);
	if (status == 0)
		status = write_variables(to, sandbox, public_key, arena, err);
	close(to);
	return status;
}
