/* Loads libssh2 by its names. */
#include "ssh_lib.h"

#include "library.h"
#include "util.h"

#define WANTED 0x010900

#define FUNCTION(name)                                                                             \
	{                                                                                          \
		"libssh2_" #name, offsetof(struct ssh_lib, name)                                   \
	}
static const struct library_function functions[] = {
	FUNCTION(init),
	FUNCTION(version),
	FUNCTION(free),
	FUNCTION(session_init_ex),
	FUNCTION(session_callback_set),
	FUNCTION(session_set_blocking),
	FUNCTION(session_method_pref),
	FUNCTION(session_handshake),
	FUNCTION(session_hostkey),
	FUNCTION(session_last_error),
	FUNCTION(session_disconnect_ex),
	FUNCTION(session_free),
	FUNCTION(userauth_publickey),
	FUNCTION(userauth_publickey_fromfile_ex),
	FUNCTION(channel_open_ex),
	FUNCTION(channel_direct_tcpip_ex),
	FUNCTION(channel_process_startup),
	FUNCTION(channel_read_ex),
	FUNCTION(channel_write_ex),
	FUNCTION(channel_send_eof),
	FUNCTION(channel_eof),
	FUNCTION(channel_wait_closed),
	FUNCTION(channel_get_exit_status),
	FUNCTION(channel_get_exit_signal),
	FUNCTION(channel_free),
	FUNCTION(knownhost_init),
	FUNCTION(knownhost_readline),
	FUNCTION(knownhost_checkp),
	FUNCTION(knownhost_free),
};

static const char *const files[] = { "libssh2.so.1", "libssh2.so", NULL };
static const struct library libssh2 = {
	.name = "libssh2",
	.files = files,
	.remedy = "apt-get install -y libssh2-1, or --transport openssh",
	.oldest = "1.9",
	.functions = functions,
	.count = COUNT(functions),
};

const struct ssh_lib *ssh_lib_open(struct ssh_lib *lib, struct err *err)
{
	if (library_open(&libssh2, lib, err) < 0)
		return NULL;
	if (lib->init(0) != 0 || !lib->version(WANTED)) {
		err_set(err, ERR_CANNOT, "libssh2 is too old here: 1.9 or newer is needed");
		return NULL;
	}
	lib->has_rsa_sha2 = lib->version(0x010b00) != NULL;
	return lib;
}
