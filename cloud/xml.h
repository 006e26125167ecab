/* What AWS answers: XML as a tree in an arena. Refused are a DOCTYPE (entities are how XML
 * explodes), what is too deep, too long or too much, and half a document. */
#ifndef XML_H
#define XML_H

#include "arena.h"
#include "err.h"

enum {
	XML_BYTES = 8 << 20,
	XML_DEPTH = 64,
	XML_NODES = 1 << 18
};

struct xml {
	const char
	    *name; /* of the element, with its prefix if it has one; attributes are not kept */
	const char *text; /* UTF-8; "" where it has elements inside */
	struct xml *first, *next;
};

/* Untrusted bytes. NULL (ERR_BROKE): why, with the line. The tree is the arena's. */
const struct xml *xml_parse(const char *bytes, size_t len, struct arena *arena, struct err *err);
/* The first element at a path of names below `node`, as "instanceState/name"; NULL: there is none,
 * or `node` is NULL. */
const struct xml *xml_at(const struct xml *node, const char *path);
/* Its text; NULL: there is none, or it is empty. */
const char *xml_text(const struct xml *node, const char *path);

#endif
