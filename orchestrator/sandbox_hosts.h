/* The sandbox's hosts while they come up: their host keys are known before the first SSH, then each
 * is waited for. */
#ifndef SANDBOX_HOSTS_H
#define SANDBOX_HOSTS_H

#include "sandbox_terraform.h"
#include "targets.h"

/* The hosts of outputs.json. */
int sandbox_hosts(const struct sandbox *sandbox, struct targets *out, struct arena *arena,
		  struct err *err);
/* Pins the host keys that each host wrote on its console when it was born, as EC2 tells it over
 * TLS: nothing is taken at first sight. ERR_BROKE: at the deadline some had not. */
int sandbox_pin_hosts(const struct sandbox_work *work, struct targets *targets, struct err *err);
/* Until each answers SSH, and lets lab's survey run. ERR_BROKE: at the deadline one does not. */
int sandbox_await_hosts(const struct sandbox_work *work, struct targets *targets, struct err *err);

#endif
