/* Names, addresses and users end as words of ssh's command line and as text on a terminal: plain
 * characters alone, and never what could be read as an option. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "addr.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
	NAME_LEN = 63,
	ADDRESS_LEN = 253,
	USER_LEN = 64,
	JUMP_LEN = 255
};

static bool is_word(const char *word, const char *plain, const char *more, size_t most)
{
	size_t len = strlen(word);

	if (len == 0 || len > most || !strchr(LOWER UPPER DIGITS "_:[", *word))
		return false;
	for (const char *c = word; *c; c++)
		if (!strchr(plain, *c) && !strchr(more, *c))
			return false;
	return true;
}

static const char *wrong_file(const char *path)
{
	if (*path != '/')
		return "is no path that begins with / or ~/";
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "holds a control byte";
	if (access(path, F_OK) == 0)
		return NULL;
	return errno == EACCES ? "is in a folder that may not be entered" : "is not there";
}

static const char *wrong_ipv4(const char *word)
{
	struct addr addr;

	return addr_parse(&addr, word, 0) == 0 && addr.family == 4 && !addr_is_any(&addr)
		   ? NULL
		   : "is no IPv4 address";
}

/* What has but digits and dots was meant as IPv4. */
static const char *wrong_address(const char *word)
{
	if (!is_word(word, LOWER UPPER DIGITS, "-_.:%", ADDRESS_LEN))
		return "is no address: an IP address or a name of DNS";
	return word[strspn(word, DIGITS ".")] ? NULL : wrong_ipv4(word);
}

const char *machine_wrong(enum machine_word kind, const char *word)
{
	switch (kind) {
	case MACHINE_NAME:
		return is_word(word, LOWER DIGITS, "-_.", NAME_LEN)
			   ? NULL
			   : "is no name: a to z and 0 to 9, then also - _ and ., at most 63";
	case MACHINE_ADDRESS:
		return wrong_address(word);
	case MACHINE_USER:
		return is_word(word, LOWER UPPER DIGITS, "-_.@+", USER_LEN) ? NULL
									    : "is no user name";
	case MACHINE_ROLE:
		return is_word(word, LOWER DIGITS, "-", NAME_LEN)
			   ? NULL
			   : "is no role: a to z, 0 to 9 and -, as hosts of scenarios are named";
	case MACHINE_JUMP:
		return is_word(word, LOWER UPPER DIGITS, "-_.:@[]%", JUMP_LEN)
			   ? NULL
			   : "is no machine: a name, or user@host:port";
	case MACHINE_FILE:
		return wrong_file(word);
	case MACHINE_IPV4:
		return wrong_ipv4(word);
	}
	return NULL;
}

size_t machine_find(const struct machines *machines, const char *name)
{
	for (size_t i = 0; i < machines->count; i++)
		if (streq(machines->at[i].name, name))
			return i;
	return SIZE_MAX;
}

size_t machine_circle(const struct machines *machines)
{
	struct arena arena = { 0 };
	size_t *next = arena_array(&arena, machines->count + 1, sizeof *next), found = SIZE_MAX;

	for (size_t i = 0; i < machines->count; i++)
		next[i] =
		    machines->at[i].jump ? machine_find(machines, machines->at[i].jump) : SIZE_MAX;
	for (size_t i = 0; i < machines->count && found == SIZE_MAX; i++) {
		size_t at = next[i];
		for (size_t steps = 0; at < machines->count && at != i; steps++)
			at = steps < machines->count ? next[at] : SIZE_MAX;
		found = at == i ? i : SIZE_MAX;
	}
	arena_close(&arena);
	return found;
}
