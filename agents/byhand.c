/* What the server and the client by hand share: how people write addresses and times. */
#include "byhand.h"

#include "clock.h"
#include "parse.h"
#include "resolve.h"

int byhand_seconds(const char *text, int64_t *ns)
{
	char with_unit[64];

	if (*text == '\0' || text[strspn(text, "0123456789.")] != '\0' ||
	    strlen(text) + 2 > sizeof with_unit)
		return -1;
	snprintf(with_unit, sizeof with_unit, "%ss", text);
	return parse_duration_ns(with_unit, ns);
}

int byhand_address(struct addr *out, const char *address, const char *port, const char **by,
		   struct err *err)
{
	struct resolver resolver = { .deadline_ns = clock_after_ms(20000) };
	struct resolved resolved;
	int64_t number;

	if (parse_int(port, 0, 65535, &number) < 0)
		return err_set(err, ERR_USAGE, "%.60s: not a port", port);
	if (resolve_name(&resolved, address, &resolver, err) < 0)
		return -1;
	*out = resolved.addr;
	out->port = (uint16_t)number;
	*by = resolved.by;
	return 0;
}
