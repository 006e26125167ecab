/* lab new: a commented scenario that passes `lab check`, to be changed line by line. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "file.h"

static const char skeleton[] =
    "# %s: say here what happens and how it differs from its neighbours.\n"
    "# `lab steps` lists the verbs, `lab show --schema` the keys; then: lab check %s, lab run %s\n"
    "[lab]\n"
    "format = 1\n"
    "title  = One line: what fails, and why\n"
    "about  = What is seen, what causes it, and what it is mistaken for.\n"
    "family = connect\n"
    "\n"
    "# Used as ${port}; lab run %s --set port=8080 gives another value.\n"
    "[params]\n"
    "port = 1234\n"
    "\n"
    "# One line a host. Empty: the address is chosen.\n"
    "[hosts]\n"
    "server =\n"
    "client =\n"
    "\n"
    "# The exchange works. NAME = HOST VERB WORD... -> RESULT\n"
    "[control]\n"
    "serve = server tcp.serve ${port}\n"
    "alice = client tcp.connect server:${port} messages=3  -> ok\n"
    "\n"
    "# What breaks it, the proof that it is broken, and how it then fails.\n"
    "[fault]\n"
    "stop  = server tcp.stop serve\n"
    "after = server sockets ${port}                        -> LISTEN 0\n"
    "carol = client tcp.connect server:${port}             -> ECONNREFUSED within 50ms\n"
    "\n"
    "# The fault is healed, and it works again.\n"
    "[recovery]\n"
    "again = server tcp.serve ${port}\n"
    "dave  = client tcp.connect server:${port}             -> ok\n"
    "\n"
    "# What the diagnosis must find by itself. C is the client of the step that is judged.\n"
    "[expect]\n"
    "verdict = refused.no-listener on carol\n"
    "wire    = C>S [S], S>C [R.]\n"
    "not     = refused.bound-elsewhere refused.firewall-reset\n";

static const char derived[] =
    "# %s: what %s does, changed. A phase that stands here replaces the one of %s whole;\n"
    "# in other sections equal names replace, new ones are added, NAME = - removes.\n"
    "# lab show %s --resolved prints all of it; then: lab check %s, lab run %s\n"
    "[lab]\n"
    "format  = 1\n"
    "title   = One line: what fails, and why\n"
    "extends = %s\n";

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= 63 && name[len] == 0 && name[0] != '-' && name[len - 1] != '-';
}

/* A name goes to ./scenarios where there is one, a path to where it says. */
static int find_place(const struct cli *cli, const char **name, const char **path, struct err *err)
{
	const char *arg = cli->arg[0], *slash = strrchr(arg, '/'), *base = slash ? slash + 1 : arg;
	size_t len = strlen(base);
	bool has_end = len > 4 && streq(base + len - 4, ".ini");
	struct stat st;

	*name = has_end ? arena_ndup(cli->arena, base, len - 4) : base;
	if (!is_name(*name))
		return err_set(err, ERR_USAGE, "%s: a name is made of a to z, 0 to 9 and -", *name);
	if (slash || has_end)
		*path = arena_printf(cli->arena, "%s%s", arg, has_end ? "" : ".ini");
	else if (stat("scenarios", &st) == 0 && S_ISDIR(st.st_mode))
		*path = arena_printf(cli->arena, "scenarios/%s.ini", *name);
	else
		*path = arena_printf(cli->arena, "%s.ini", *name);
	return 0;
}

int cmd_new(const struct cli *cli, struct err *err)
{
	const char *name = "", *path = "", *parent;
	struct buf text = { 0 };
	int fd, status = 0;

	if (find_place(cli, &name, &path, err) < 0)
		return -1;
	if (cli->from) {
		if (scenario_find(cli->from, &parent, cli->arena, err) < 0)
			return -1;
		if (access(parent, R_OK) < 0) {
			err_sys(err, "%s", parent);
			err->kind = ERR_USAGE;
			return -1;
		}
		buf_printf(&text, derived, name, cli->from, cli->from, path, path, path, cli->from);
	} else {
		buf_printf(&text, skeleton, name, path, path, path);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 && errno == EEXIST) {
		status = err_set(err, ERR_USAGE,
				 "%s: File exists: give another name, or remove it first", path);
	} else if (fd < 0) {
		status = err_sys(err, "%s", path);
		err->kind = ERR_CANNOT;
	} else if (write_all(fd, text.data, text.len) < 0) {
		status = err_sys(err, "%s", path);
		unlink(path);
	}
	if (fd >= 0)
		close(fd);
	if (status == 0)
		cli_print_named(cli->result, "", path, "");
	buf_close(&text);
	return status;
}
