/* Bytes as an answer of AWS: a tree within its bounds that is whole, or a reason. */
/* Aims at: cloud/xml.c */
#include "fuzz.h"

#include "xml.h"

static size_t law_tree(const struct xml *node, size_t depth)
{
	size_t count = 1;

	LAW(depth <= XML_DEPTH && node->name && *node->name && node->text);
	LAW(!node->first || !*node->text);
	for (const struct xml *child = node->first; child; child = child->next)
		count += law_tree(child, depth + 1);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct xml *root = xml_parse((const char *)bytes, len, &arena, &err);

	LAW(!root == (err.kind != ERR_NONE));
	if (root) {
		LAW(law_tree(root, 1) <= XML_NODES);
		LAW(xml_at(root, "") == root);
		LAW(!root->first || xml_at(root, root->first->name));
	}
	arena_close(&arena);
	return 0;
}
