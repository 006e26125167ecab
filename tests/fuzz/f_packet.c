/* Any bytes as a frame of any link type: two bytes choose it and the claimed length. */
/* Aims at: analysis/packet.c analysis/flow.c analysis/fold.c */
#include "fuzz.h"

#include "arena.h"
#include "flow.h"
#include "fold.h"
#include "packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int linktypes[] = { 1, 113, 276, 12, 0, 108, 228, 229 };
	struct arena arena = { 0 };
	struct flow_table table;
	flow_table_init(&table, &arena);
	for (uint32_t number = 1; size >= 3; number++) { /* frames of data[2] bytes each */
		size_t caplen = data[2] < size - 3 ? data[2] : size - 3;
		struct packet packet;
		if (packet_parse(&packet, linktypes[data[0] % 8], data + 3, caplen, data[1] * 8u)) {
			LAW(packet.noption <= PACKET_OPTIONS);
			flow_add(&table, &packet, number, number);
		}
		data += 3 + caplen;
		size -= 3 + caplen;
	}
	for (size_t i = 0; i < table.nflow; i++)
		fold_flow(table.flow[i], INT64_MAX, &arena);
	arena_close(&arena);
	return 0;
}
