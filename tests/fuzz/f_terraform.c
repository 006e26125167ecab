/* Bytes as Terraform's outputs: what is accepted is a list of machines that can be reached, no
 * longer than the JSON says; what is not says why, and shows nothing of other outputs, of a
 * sensitive one, or of what is no JSON. */
/* Aims at: orchestrator/terraform.c orchestrator/machine.c */
#include "machines.h"

#include <jansson.h>

#include "terraform.h"

static const char secret[] = "canary";

/* Does the output `lab` say of itself that it may be shown? */
static bool is_open(const json_t *root)
{
	return json_is_false(json_object_get(json_object_get(root, "lab"), "sensitive"));
}

static void law_accepted(const struct machines *machines, const json_t *root)
{
	const json_t *value = json_object_get(json_object_get(root, "lab"), "value");

	LAW(is_open(root));
	LAW(machines->count == json_array_size(json_object_get(value, "hosts")));
	LAW(machines->count <= TERRAFORM_HOSTS);
	law_machines(machines);
	for (size_t i = 0; i < machines->count; i++) {
		const struct machine *m = &machines->at[i];

		LAW(m->address && m->user && m->role && m->lab_address && !m->transport);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = len > 0 ? (const char *)bytes : "";
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct machines machines;
	int status = terraform_parse(&machines, text, len, "f", "/etc", &arena, &complaints);
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	LAW((status == 0) == (complaints.count == 0));
	if (status == 0)
		law_accepted(&machines, root);
	law_complaints(&complaints, is_open(root) ? NULL : secret);
	json_decref(root);
	arena_close(&arena);
	return 0;
}
