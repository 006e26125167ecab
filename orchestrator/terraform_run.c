/* Terraform's outputs from a file, or from terraform itself. */
#include "terraform.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "file.h"
#include "proc.h"
#include "terraform_child.h"

enum {
	OUTPUT_MS = 60000 /* the state may be far away */
};

/* The line that says why: Terraform draws a frame around it. */
static const char *first_error(const struct buf *said, struct arena *arena)
{
	const char *text = said->data ? said->data : "", *error = strstr(text, "Error: ");

	text = error ? error + strlen("Error: ") : text;
	return *text && *text != '\n' ? arena_ndup(arena, text, strcspn(text, "\n")) : "it failed";
}

/* By env(1), which becomes Terraform: it asks nothing, and tells no advice for people. */
static int run_terraform(struct proc_result *result, const char *folder, struct arena *arena,
			 struct err *err)
{
	const char *path;

	if (terraform_find(&path, arena, err) < 0) {
		size_t len = strlen(err->text);
		snprintf(err->text + len, sizeof err->text - len,
			 "; where it is, `terraform output -json` writes a file that --terraform "
			 "takes");
		return -1;
	}
	const char *const argv[] = { "env",        "TF_IN_AUTOMATION=1",
				     "TF_INPUT=0", "CHECKPOINT_DISABLE=1",
				     path,         arena_printf(arena, "-chdir=%s", folder),
				     "output",     "-json",
				     "-no-color",  NULL };
	if (proc_run(argv, NULL, OUTPUT_MS, result, err) < 0)
		return err_in(err, "terraform output");
	if (result->status == 0)
		return 0;
	return err_set(err, ERR_CANNOT, "terraform output: %s", first_error(&result->err, arena));
}

static int read_folder(struct machines *out, const char *path, const char *home,
		       struct arena *arena, struct complaints *complaints, struct err *err)
{
	struct proc_result result = { 0 };
	int status = run_terraform(&result, path, arena, err);

	if (status < 0)
		err_in(err, "%s", path);
	else
		status = terraform_parse(out, result.out.data ? result.out.data : "",
					 result.out.len, path, home, arena, complaints);
	proc_result_close(&result);
	return status;
}

int terraform_read(struct machines *out, const char *path, const char *home, struct arena *arena,
		   struct complaints *complaints, struct err *err)
{
	struct buf text = { 0 };
	struct stat st;
	int status;

	*out = (struct machines){ 0 };
	path = arena_dup(arena, path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(out, path, home, arena, complaints, err);
	status = file_read(AT_FDCWD, path, TERRAFORM_BYTES, &text, err);
	if (status < 0)
		err->kind = ERR_USAGE; /* the person named it */
	else
		status = terraform_parse(out, text.data ? text.data : "", text.len, path, home,
					 arena, complaints);
	buf_close(&text);
	return status;
}
