/* The table of verbs in words. */
#ifndef STEP_TEXT_H
#define STEP_TEXT_H

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "step.h"

void step_usage(struct buf *out, const struct step_kind *kind); /* "HOST tcp.serve PORT [...]" */
const char *step_results(const struct step_kind *kind, struct arena *arena); /* "ok, EOF" */
/* Bits of enum need: "capture firewall"; as the member "needs", a list. */
const char *needs_text(unsigned needs, struct arena *arena);
void needs_json(struct json *json, unsigned needs);

#endif
