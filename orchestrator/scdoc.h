/* What the tables say as scdoc: the printed regions of the pages in man/. */
#ifndef SCDOC_H
#define SCDOC_H

#include <stdio.h>

#include "topic.h"

/* Every mark is escaped: scdoc would take it for its own. */
void scdoc_text(FILE *out, const char *text);
/* A bold term and, indented, what it means. */
void scdoc_entry(FILE *out, const char *term, const char *text);

void commands_scdoc(FILE *out);
void options_scdoc(FILE *out);
void topic_scdoc(FILE *out, const struct topic *topic);
void byhand_server_scdoc(FILE *out);
void byhand_client_scdoc(FILE *out);
void events_scdoc(FILE *out);
void records_scdoc(FILE *out);
/* The same as tables of docs/protocol.md. */
void events_markdown(FILE *out);
void records_markdown(FILE *out);

#endif
