/* What a machine writes before its agent runs: any bytes, in pieces of any size. The first byte
 * says how long the pieces are. */
/* Aims at: remote/boot.c remote/said.c */
#include "fuzz.h"

#include "boot.h"
#include "said.h"

static const struct boot_agent agents[] = {
	{ .machine = "x86_64", .bytes = "program", .len = 7 },
	{ .machine = "aarch64", .bytes = "programs", .len = 8 },
};

static void is_text(const char *text, size_t size)
{
	LAW(memchr(text, '\0', size));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct boot boot = { .agent = agents, .nagent = COUNT(agents) };
	struct err err = { 0 };
	struct buf out = { 0 };
	char words[SAID_WORDS];
	size_t piece, at;
	int got = 0;

	if (len == 0)
		return 0;
	piece = bytes[0] ? bytes[0] : len;
	for (at = 1; at < len && got == 0; at += piece)
		got = boot_take(&boot, bytes + at, len - at < piece ? len - at : piece, &out, &err);
	LAW(got == 0 || got == 1 || got == -1);
	LAW((got == 1) == boot.is_up);
	LAW(got != -1 || (err.text[0] && err.kind));
	LAW(out.len <= 4 * 8 && (out.len == 0 || boot.wanted));
	LAW(got != 1 || boot.said.dir[0] == '/');
	is_text(boot.said.machine, sizeof boot.said.machine);
	is_text(boot.said.dir, sizeof boot.said.dir);
	is_text(boot.heard, sizeof boot.heard);
	if (got == 0) {
		LAW(boot_ended(&boot, boot.line.data, &err) == -1 && err.text[0]);
		/* Bounded, however long it goes on. */
		LAW(boot.line.len <= (1 << 16) && boot.skipped.len < 2000);
	}
	said_words(boot.line.len > 0 ? boot.line.data : NULL, words);
	LAW(!strpbrk(words, "\r\n"));
	boot_close(&boot);
	buf_close(&out);
	return 0;
}
