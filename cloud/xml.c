/* expat does the reading; this builds the tree and holds the bounds. */
#include "xml.h"

#include <expat.h>
#include <limits.h>

#include "buf.h"
#include "util.h"

struct reading {
	XML_Parser parser;
	struct arena *arena;
	struct xml *open[XML_DEPTH]; /* the elements around the place that is read */
	struct xml *last[XML_DEPTH]; /* the newest child of each */
	size_t depth, count;
	struct xml *root;
	struct buf text;     /* of the innermost element */
	const char *refusal; /* why we stopped; NULL: we did not */
};

static void stop(struct reading *r, const char *why)
{
	r->refusal = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static void begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = context;

	(void)attributes;
	if (r->depth == XML_DEPTH) {
		stop(r, "elements are nested too deep");
		return;
	}
	if (r->count++ == XML_NODES) {
		stop(r, "there are too many elements");
		return;
	}
	struct xml *node = arena_alloc(r->arena, sizeof *node);
	node->name = arena_dup(r->arena, name);
	node->text = "";
	if (r->depth == 0)
		r->root = node;
	else if (!r->last[r->depth - 1])
		r->open[r->depth - 1]->first = node;
	else
		r->last[r->depth - 1]->next = node;
	if (r->depth > 0)
		r->last[r->depth - 1] = node;
	r->open[r->depth] = node;
	r->last[r->depth++] = NULL;
	buf_clear(&r->text);
}

static void end(void *context, const XML_Char *name)
{
	struct reading *r = context;
	struct xml *node = r->open[--r->depth];

	(void)name;
	if (!node->first && r->text.len > 0)
		node->text = arena_ndup(r->arena, r->text.data, r->text.len);
	buf_clear(&r->text);
}

static void characters(void *context, const XML_Char *bytes, int len)
{
	struct reading *r = context;

	buf_add(&r->text, bytes, (size_t)len);
}

static void doctype(void *context, const XML_Char *name, const XML_Char *system_id,
		    const XML_Char *public_id, int has_subset)
{
	(void)name, (void)system_id, (void)public_id, (void)has_subset;
	stop(context, "a document type is not accepted");
}

static const struct xml *complain(const struct reading *r, struct err *err)
{
	err_set(err, ERR_BROKE, "the answer is no XML of AWS: line %lu: %s",
		(unsigned long)XML_GetCurrentLineNumber(r->parser),
		r->refusal ? r->refusal : XML_ErrorString(XML_GetErrorCode(r->parser)));
	return NULL;
}

const struct xml *xml_parse(const char *bytes, size_t len, struct arena *arena, struct err *err)
{
	struct reading r = { .arena = arena };
	const struct xml *root;

	_Static_assert(XML_BYTES <= INT_MAX, "expat takes an int");
	if (len > XML_BYTES) {
		err_set(err, ERR_BROKE, "the answer is longer than %d bytes", XML_BYTES);
		return NULL;
	}
	r.parser = XML_ParserCreate(NULL);
	if (!r.parser) {
		err_set(err, ERR_BROKE, "no memory for reading XML");
		return NULL;
	}
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, begin, end);
	XML_SetCharacterDataHandler(r.parser, characters);
	XML_SetStartDoctypeDeclHandler(r.parser, doctype);
	root = XML_Parse(r.parser, len > 0 ? bytes : "", (int)len, 1) == XML_STATUS_OK
		   ? r.root
		   : complain(&r, err);
	XML_ParserFree(r.parser);
	buf_close(&r.text);
	return root;
}

const struct xml *xml_at(const struct xml *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, "/");

		for (node = node->first; node; node = node->next)
			if (strncmp(node->name, path, len) == 0 && !node->name[len])
				break;
		path += len + (path[len] == '/');
	}
	return node;
}

const char *xml_text(const struct xml *node, const char *path)
{
	const struct xml *found = xml_at(node, path);

	return found && *found->text ? found->text : NULL;
}
