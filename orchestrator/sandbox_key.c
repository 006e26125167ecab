/* ssh-keygen, once. */
#include "sandbox_key.h"

#include <fcntl.h>
#include <unistd.h>

#include "file.h"
#include "proc.h"

enum {
	MAKE_MS = 20000,
	BYTES = 4096
};

static int make_key(const char *path, const char *name, struct err *err)
{
	/* By env(1), which becomes it: it has no use for the keys of an account. */
	const char *const argv[] = { "env",
				     "-u",
				     "AWS_ACCESS_KEY_ID",
				     "-u",
				     "AWS_SECRET_ACCESS_KEY",
				     "-u",
				     "AWS_SESSION_TOKEN",
				     "ssh-keygen",
				     "-q",
				     "-t",
				     "ed25519",
				     "-N",
				     "",
				     "-C",
				     name,
				     "-f",
				     path,
				     NULL };
	struct proc_result result = { 0 };
	char found[PATH_MAX];

	if (proc_find("ssh-keygen", found, sizeof found) < 0)
		return err_set(err, ERR_CANNOT, "no ssh-keygen: apt-get install -y openssh-client");
	int status = proc_run(argv, NULL, MAKE_MS, &result, err);
	const char *said = result.err.len > 0 ? result.err.data : "it failed";

	if (status == 0 && result.status != 0)
		status =
		    err_set(err, ERR_BROKE, "ssh-keygen: %.*s", (int)strcspn(said, "\r\n"), said);
	proc_result_close(&result);
	return status;
}

int sandbox_key(const struct sandbox *sandbox, const char **public_key, struct arena *arena,
		struct err *err)
{
	const char *path = sandbox_path(sandbox, "key", arena);
	const char *public_path = sandbox_path(sandbox, "key.pub", arena);
	struct buf text = { 0 };

	/* Half a key is none: ssh-keygen writes the public half last. */
	if (access(public_path, F_OK) < 0) {
		(void)unlink(path);
		if (make_key(path, sandbox->name, err) < 0)
			return -1;
	}
	if (file_read(AT_FDCWD, public_path, BYTES, &text, err) < 0)
		return -1;
	*public_key = arena_ndup(arena, text.data ? text.data : "",
				 text.data ? strcspn(text.data, "\r\n") : 0);
	buf_close(&text);
	return 0;
}
