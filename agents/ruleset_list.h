/* The listing of all nftables rules as JSON, also where nft(8) cannot write it. */
#ifndef RULESET_LIST_H
#define RULESET_LIST_H

#include "buf.h"
#include "err.h"
#include "proc.h"

/* Appends what `nft -j list ruleset` would print, without a newline. -1: err. Up to nft 1.0.6 and
 * some later ones write freed memory in place of the flag of a table with exactly one, such as
 * `owner`: of such tables the chains and rules are listed, without the table's own line and its
 * sets. */
int ruleset_list(struct buf *out, const struct proc_beside *beside, struct err *err);

#endif
