/* Strict parsers. No signs but '-', no blanks, no leading zeros (is 010 ten or eight?), no
 * exponents; what does not fit is an error. */
#include "parse.h"

#include "util.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t parse_digits(const char *text, int64_t *out)
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
		len = parse_digits(text, &value);
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

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{ "us", 1000 },       { "ms", 1000000 },      { "s", 1000000000 },
	{ "m", 60000000000 }, { "h", 3600000000000 },
};

static int64_t unit_of(const char *text)
{
	while (is_digit(*text) || *text == '.')
		text++;
	for (size_t i = 0; i < COUNT(durations); i++)
		if (streq(text, durations[i].name))
			return durations[i].factor;
	return 0;
}

int parse_duration_ns(const char *text, int64_t *out)
{
	int64_t unit = unit_of(text), whole, part = 0;
	size_t len = parse_digits(text, &whole);

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

/* A whole number and one of the units. */
static int parse_in(const struct unit *units, size_t count, const char *text, int64_t *out)
{
	int64_t value;
	size_t len = parse_digits(text, &value);

	if (len == 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!streq(text + len, units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, &value))
			return -1;
		*out = value;
		return 0;
	}
	return -1;
}

int parse_size(const char *text, int64_t *out)
{
	static const struct unit sizes[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	};

	return parse_in(sizes, COUNT(sizes), text, out);
}

int parse_rate(const char *text, int64_t *out)
{
	static const struct unit rates[] = {
		{ "kbit", 1000 },
		{ "mbit", 1000000 },
		{ "gbit", 1000000000 },
	};

	return parse_in(rates, COUNT(rates), text, out);
}

int parse_permille(const char *text, int64_t *out)
{
	int64_t whole, tenth = 0;
	size_t len = parse_digits(text, &whole);

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
