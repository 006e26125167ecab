/* Prices are looked up by "SECTION:REGION"; one that is missing makes the sum unknown. */
#include "sandbox_price.h"

#include <iniparser/iniparser.h>

enum {
	VOLUME_GB = 8, /* hosts.tf */
	MONTH_H = 730
};

static int be_silent(const char *format, ...)
{
	(void)format;
	return 0;
}

static double price_of(const dictionary *prices, const char *section, const char *region,
		       struct arena *arena)
{
	return iniparser_getdouble(prices, arena_printf(arena, "%s:%s", section, region), -1);
}

bool sandbox_price(struct sandbox_price *out, const char *file, const char *region,
		   const char *type, int64_t clients, struct arena *arena)
{
	iniparser_set_error_callback(be_silent);
	dictionary *prices = iniparser_load(file);
	iniparser_set_error_callback(NULL);
	if (!prices)
		return false;
	double host = price_of(prices, type, region, arena);
	double volume = price_of(prices, "volume", region, arena);
	double address = price_of(prices, "address", "public", arena);
	const char *as_of = iniparser_getstring(prices, "prices:as-of", NULL);
	bool is_known = host >= 0 && volume >= 0 && address >= 0 && as_of;

	if (is_known)
		*out = (struct sandbox_price){
			.dollars = (double)(clients + 1) * (host + volume * VOLUME_GB / MONTH_H) +
				   (double)clients * address,
			.as_of = arena_dup(arena, as_of),
		};
	iniparser_freedict(prices);
	return is_known;
}
