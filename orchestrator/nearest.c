/* Edit distance with transpositions (optimal string alignment), three rows of a small table. */
#include "nearest.h"

#include <string.h>

#include "util.h"

enum {
	LONGEST = 63
};

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t row[3][LONGEST + 1];
	size_t *older = row[0], *old = row[1], *now = row[2];

	for (size_t j = 0; j <= nb; j++)
		old[j] = j;
	for (size_t i = 1; i <= na; i++) {
		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t change = old[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = min3(old[j] + 1, now[j - 1] + 1, change);
			bool is_swap =
			    i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			if (is_swap && older[j - 2] + 1 < now[j])
				now[j] = older[j - 2] + 1;
		}
		size_t *spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[nb];
}

const char *nearest(const char *name, const char *const *names, size_t count)
{
	size_t len = strlen(name), best = len / 3 ? len / 3 : len > 1;
	const char *found = NULL;

	if (len == 0 || len > LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(names[i]);
		if (other > LONGEST)
			continue;
		size_t d = distance(name, len, names[i], other);
		if (d < best || (d == best && !found)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
