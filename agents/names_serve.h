/* The request `names.serve` (docs/protocol.md): played like a step with an actor, yet no verb. */
#ifndef NAMES_SERVE_H
#define NAMES_SERVE_H

#include "step.h"

extern const struct step_kind names_serve;

#endif
