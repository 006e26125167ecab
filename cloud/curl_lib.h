/* libcurl, loaded when something is asked of AWS: with what it pulls in it would be paid for by
 * every lab. */
#ifndef CURL_LIB_H
#define CURL_LIB_H

#include <curl/curl.h>

#include "err.h"

struct curl_lib { /* its functions, under their own names without curl_ */
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
};

/* Loads it, or finds it loaded: it stays so. -1 (ERR_CANNOT): it is not there, or too old. */
int curl_lib_open(struct curl_lib *lib, struct err *err);

#endif
