/* Bytes as an inventory: what is accepted is a list of machines that can be reached; what is not
 * has a complaint with its place. */
/* Aims at: orchestrator/inventory.c orchestrator/scenario_item.c */
#include "machines.h"

#include "inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct machines machines;
	struct err err = { 0 };
	int status =
	    inventory_read(&machines, fuzz_file(bytes, len), "/etc", &arena, &complaints, &err);

	LAW((status == 0) == (complaints.count == 0));
	if (status == 0)
		law_machines(&machines);
	for (size_t i = 0; i < complaints.count; i++)
		LAW(complaints.at[i].line > 0 && complaints.at[i].column > 0);
	law_complaints(&complaints, NULL);
	arena_close(&arena);
	return 0;
}
