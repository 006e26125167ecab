/* Sources as people look them up: packets by host and number, events by line. */
#include "cite.h"

#include <stdarg.h>
#include <stdio.h>

#include "util.h"

static void add(char *out, size_t len, const char *fmt, ...) PRINTF(3, 4);
static void add(char *out, size_t len, const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, fmt);
	vsnprintf(out + used, len - used, fmt, args);
	va_end(args);
}

static const char *place_of(const struct analysis *analysis, const char *file)
{
	const char *host = NULL;
	size_t count = 0;

	for (size_t i = 0; i < analysis->ncapture; i++)
		if (streq(analysis->capture[i].file, file))
			host = analysis->capture[i].host;
	for (size_t i = 0; host && i < analysis->ncapture; i++)
		count += analysis->capture[i].host && streq(analysis->capture[i].host, host);
	if (count == 1)
		return host;
	const char *slash = strrchr(file, '/'); /* a capture by itself: as it was named, long */
	return slash ? slash + 1 : file;
}

static void add_range(char *out, size_t len, const char *before, const struct source *source)
{
	add(out, len, "%s%u", before, source->first);
	if (source->last > source->first)
		add(out, len, "-%u", source->last);
}

static const char *file_of(const struct source *source)
{
	return source->file ? source->file : "";
}

/* The same place may prove two halves of a claim: it is cited once. */
static bool is_repeated(const struct source *source, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (source[j].kind != source[i].kind || source[j].first != source[i].first ||
		    source[j].last != source[i].last)
			continue;
		if (streq(file_of(&source[j]), file_of(&source[i])))
			return true;
	}
	return false;
}

const char *cite(char *out, size_t len, const struct analysis *analysis,
		 const struct source *source, size_t nsource)
{
	const char *file = NULL;
	bool has_event = false;

	out[0] = '\0';
	for (size_t i = 0; i < nsource; i++) {
		if (source[i].kind != SOURCE_PACKET || is_repeated(source, i))
			continue;
		if (!file || !streq(file, file_of(&source[i])))
			add(out, len, "%s%s", file ? ", " : "",
			    place_of(analysis, file_of(&source[i])));
		file = file_of(&source[i]);
		add_range(out, len, " #", &source[i]);
	}
	for (size_t i = 0; i < nsource; i++) {
		if (source[i].kind != SOURCE_EVENT || is_repeated(source, i))
			continue;
		if (!has_event)
			add(out, len, "%sevent", file ? ", " : "");
		add_range(out, len, has_event ? ", " : " ", &source[i]);
		has_event = true;
	}
	return out;
}
