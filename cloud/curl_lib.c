/* Loads libcurl by its names. */
#include "curl_lib.h"

#include "library.h"
#include "util.h"

#define FUNCTION(name)                                                                             \
	{                                                                                          \
		"curl_" #name, offsetof(struct curl_lib, name)                                     \
	}
static const struct library_function functions[] = {
	FUNCTION(global_init),      FUNCTION(easy_init),           FUNCTION(easy_setopt),
	FUNCTION(easy_getinfo),     FUNCTION(easy_strerror),       FUNCTION(easy_cleanup),
	FUNCTION(slist_append),     FUNCTION(slist_free_all),      FUNCTION(multi_init),
	FUNCTION(multi_add_handle), FUNCTION(multi_remove_handle), FUNCTION(multi_perform),
	FUNCTION(multi_poll),       FUNCTION(multi_info_read),     FUNCTION(multi_cleanup),
};

/* Either flavour signs and verifies; which one is there is the distribution's choice. */
static const char *const files[] = { "libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so", NULL };
static const struct library libcurl = {
	.name = "libcurl",
	.files = files,
	.remedy = "apt-get install -y libcurl4",
	.oldest = "7.85",
	.functions = functions,
	.count = COUNT(functions),
};

int curl_lib_open(struct curl_lib *lib, struct err *err)
{
	if (library_open(&libcurl, lib, err) < 0)
		return -1;
	if (lib->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_CANNOT, "libcurl cannot be used here");
	return 0;
}
