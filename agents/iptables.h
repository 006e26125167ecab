/* Rules of iptables-legacy with their counters, which nft(8) does not see. */
#ifndef IPTABLES_H
#define IPTABLES_H

#include <stdint.h>

#include "sink.h"

/* `iptables` for each family that has such tables; nothing where there are none. */
void iptables_emit(int64_t snapshot, const struct sink *sink);
/* The same for one family, whether it has tables or not. */
void iptables_emit_family(int64_t snapshot, int family, const struct sink *sink);

#endif
