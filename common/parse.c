/* Strict parsers. No signs but '-', no blanks, no leading zeros (is 010 ten or eight?), no
 * exponents; what does not fit is an error. */
#include "parse.h"

#include <stddef.h>

#include "util.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at text as a number that is not negative; their count, 0 when there is none. */
static size_t digits(const char *text, int64_t *out)
{
	size_t len = 0;

	*out = 0;
	for (; is_digit(text[len]); len++)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, text[len] - '0', out))
			return 0;
	return len > 1 && text[0] == '0' ? 0 : len;
}

int parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool is_negative = text[0] == '-';
	int64_t value;
	size_t len;

	if (streq(text, "-9223372036854775808")) { /* its absolute value has no int64_t */
		value = INT64_MIN;
	} else {
		text += is_negative;
		len = digits(text, &value);
		if (len == 0 || text[len] != '\0' || (is_negative && value == 0))
			return -1;
		if (is_negative)
			value = -value;
	}
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

/* The digits behind a point, in units of which `unit` make one; they must come out whole. */
static int fraction(const char **text, int64_t unit, int64_t *out)
{
	const char *at = *text;

	*out = 0;
	if (!is_digit(*at))
		return -1;
	for (; is_digit(*at); at++) {
		if (unit % 10 != 0) {
			if (*at != '0')
				return -1;
			continue;
		}
		unit /= 10;
		*out += unit * (*at - '0');
	}
	*text = at;
	return 0;
}

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60000000000 },
};

static int64_t unit_of(const char *text)
{
	while (is_digit(*text) || *text == '.')
		text++;
	for (size_t i = 0; i < COUNT(units); i++)
		if (streq(text, units[i].name))
			return units[i].ns;
	return 0;
}

int parse_duration_ns(const char *text, int64_t *out)
{
	int64_t unit = unit_of(text), whole, part = 0;
	size_t len = digits(text, &whole);

	if (unit == 0 || len == 0)
		return -1;
	text += len;
	if (*text == '.') {
		text++;
		if (fraction(&text, unit, &part) < 0)
			return -1;
	}
	if (is_digit(*text) || *text == '.')
		return -1;
	if (__builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, part, &whole))
		return -1;
	*out = whole;
	return 0;
}

int parse_size(const char *text, int64_t *out)
{
	static const struct unit sizes[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	};
	int64_t value;
	size_t len = digits(text, &value);

	if (len == 0)
		return -1;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		if (!streq(text + len, sizes[i].name))
			continue;
		if (__builtin_mul_overflow(value, sizes[i].ns, &value))
			return -1;
		*out = value;
		return 0;
	}
	return -1;
}

int parse_rate(const char *text, int64_t *out)
{
	static const struct unit rates[] = {
		{ "kbit", 1000 },
		{ "mbit", 1000000 },
		{ "gbit", 1000000000 },
	};
	int64_t value;
	size_t len = digits(text, &value);

	if (len == 0)
		return -1;
	for (size_t i = 0; i < COUNT(rates); i++) {
		if (!streq(text + len, rates[i].name))
			continue;
		if (__builtin_mul_overflow(value, rates[i].ns, &value))
			return -1;
		*out = value;
		return 0;
	}
	return -1;
}

int parse_permille(const char *text, int64_t *out)
{
	int64_t whole, tenth = 0;
	size_t len = digits(text, &whole);

	if (len == 0 || whole > 100)
		return -1;
	text += len;
	if (text[0] == '.' && is_digit(text[1])) {
		tenth = text[1] - '0';
		text += 2;
	}
	if (!streq(text, "%") || whole * 10 + tenth > 1000)
		return -1;
	*out = whole * 10 + tenth;
	return 0;
}
