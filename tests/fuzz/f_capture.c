/* Any bytes as a capture file by itself: the whole way from its reader to findings as text; and
 * what lab reads itself must be what libpcap reads. */
/* Aims at: analysis/pcapfile.c */
#include "fuzz.h"

#include "../unit/pcap_twin.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct style style = { 0 };
	struct arena arena = { 0 };
	struct analysis analysis;
	struct err err = { 0 };
	char *text = NULL;
	size_t text_len = 0;
	FILE *out;

	LAW(pcap_twin(fuzz_file(bytes, len)) == NULL);
	if (analysis_load(&analysis, fuzz_file(bytes, len), &arena, &err) < 0) {
		fuzz_terminal(err.text, strlen(err.text), false);
		arena_close(&arena);
		return 0;
	}
	for (size_t i = 0; i < analysis.nfinding; i++)
		LAW(analysis.finding[i].confidence != PROVEN); /* one file proves nothing */
	out = open_memstream(&text, &text_len);
	LAW(out);
	findings_text(out, &style, &analysis);
	LAW(fclose(out) == 0);
	fuzz_terminal(text, text_len, false);
	free(text);
	arena_close(&arena);
	return 0;
}
