/* What a step `cloud` says, as a kind of fault: one place for the check of scenarios and the run.
 */
#include "addr.h"
#include "cloud_fault.h"
#include "util.h"

static const struct {
	const char *what, *how; /* how NULL: an address */
	enum cloud_kind kind;
} words[] = {
	{ "security-group", "closed", CLOUD_GROUP },
	{ "network-acl", "no-return", CLOUD_ACL },
	{ "record", NULL, CLOUD_RECORD },
};

static bool is_address(const char *text)
{
	struct addr address;

	return addr_parse(&address, text, 0) == 0 && address.family == 4;
}

int cloud_kind_of(const char *what, const char *how, enum cloud_kind *kind, struct err *err)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (!streq(words[i].what, what))
			continue;
		*kind = words[i].kind;
		if (words[i].how ? streq(words[i].how, how) : is_address(how))
			return 0;
		return err_set(err, ERR_USAGE, "cloud %s %s: it can be %s", what, how,
			       words[i].how ? words[i].how : "an IPv4 address");
	}
	return err_set(err, ERR_USAGE, "cloud %s is unknown", what);
}
