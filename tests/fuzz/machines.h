/* The laws of a list of machines, wherever it was read. */
#ifndef FUZZ_MACHINES_H
#define FUZZ_MACHINES_H

#include "fuzz.h"

#include "cli.h"
#include "machine.h"

/* What ends as a word of ssh's command line is one word, and never an option. */
static inline void law_word(const char *word, enum machine_word kind)
{
	if (!word)
		return;
	LAW(*word && *word != '-' && !strpbrk(word, " \t\r\n'\"\\`$;|&<>()"));
	LAW(machine_wrong(kind, word) == NULL);
	fuzz_terminal(word, strlen(word), false);
}

static inline void law_machines(const struct machines *machines)
{
	LAW(machines->count > 0);
	LAW(machine_circle(machines) == SIZE_MAX);
	for (size_t i = 0; i < machines->count; i++) {
		const struct machine *m = &machines->at[i];

		LAW(m->name && machine_find(machines, m->name) == i);
		LAW(m->port >= 0 && m->port <= 65535);
		LAW(!m->jump || !m->has_no_jump);
		law_word(m->name, MACHINE_NAME);
		law_word(m->address, MACHINE_ADDRESS);
		law_word(m->user, MACHINE_USER);
		law_word(m->role, MACHINE_ROLE);
		law_word(m->jump, MACHINE_JUMP);
		law_word(m->lab_address, MACHINE_IPV4);
		for (size_t n = 0; n < m->nidentity; n++)
			LAW(m->identity[n][0] == '/');
	}
}

/* As the person sees them; `secret` is in none of the texts. */
static inline void law_complaints(const struct complaints *complaints, const char *secret)
{
	struct cli cli = { .is_ascii = false };
	char *text = NULL;
	size_t len = 0;

	cli.progress = open_memstream(&text, &len);
	LAW(cli.progress);
	cli_complain(&cli, complaints);
	LAW(fclose(cli.progress) == 0);
	fuzz_terminal(text, len, false);
	free(text);
	for (size_t i = 0; i < complaints->count; i++)
		LAW(!secret || !strstr(complaints->at[i].text, secret));
}

#endif
