/* libssh2, loaded when a machine is reached with it: with what it pulls in (a crypto library) it
 * would be paid for by every lab. */
#ifndef SSH_LIB_H
#define SSH_LIB_H

#include <libssh2.h>
#include <stdbool.h>

#include "err.h"

struct ssh_lib { /* its functions, under their own names without libssh2_ */
	__typeof__(libssh2_init) *init;
	__typeof__(libssh2_version) *version;
	__typeof__(libssh2_free) *free;
	__typeof__(libssh2_session_init_ex) *session_init_ex;
	__typeof__(libssh2_session_callback_set) *session_callback_set;
	__typeof__(libssh2_session_set_blocking) *session_set_blocking;
	__typeof__(libssh2_session_method_pref) *session_method_pref;
	__typeof__(libssh2_session_handshake) *session_handshake;
	__typeof__(libssh2_session_hostkey) *session_hostkey;
	__typeof__(libssh2_session_last_error) *session_last_error;
	__typeof__(libssh2_session_disconnect_ex) *session_disconnect_ex;
	__typeof__(libssh2_session_free) *session_free;
	__typeof__(libssh2_userauth_publickey) *userauth_publickey;
	__typeof__(libssh2_userauth_publickey_fromfile_ex) *userauth_publickey_fromfile_ex;
	__typeof__(libssh2_channel_open_ex) *channel_open_ex;
	__typeof__(libssh2_channel_direct_tcpip_ex) *channel_direct_tcpip_ex;
	__typeof__(libssh2_channel_process_startup) *channel_process_startup;
	__typeof__(libssh2_channel_read_ex) *channel_read_ex;
	__typeof__(libssh2_channel_write_ex) *channel_write_ex;
	__typeof__(libssh2_channel_send_eof) *channel_send_eof;
	__typeof__(libssh2_channel_eof) *channel_eof;
	__typeof__(libssh2_channel_wait_closed) *channel_wait_closed;
	__typeof__(libssh2_channel_get_exit_status) *channel_get_exit_status;
	__typeof__(libssh2_channel_get_exit_signal) *channel_get_exit_signal;
	__typeof__(libssh2_channel_free) *channel_free;
	__typeof__(libssh2_knownhost_init) *knownhost_init;
	__typeof__(libssh2_knownhost_readline) *knownhost_readline;
	__typeof__(libssh2_knownhost_checkp) *knownhost_checkp;
	__typeof__(libssh2_knownhost_free) *knownhost_free;
	bool has_rsa_sha2; /* it can sign with RSA as servers want it today: 1.11 */
};

/* Loads it, or finds it loaded: it stays so. NULL (ERR_CANNOT): it is not there, or too old. */
const struct ssh_lib *ssh_lib_open(struct ssh_lib *lib, struct err *err);

#endif
