# lab: see README.md. `make B=dir` builds elsewhere; sources are found by wildcard.
B ?= build
CC = cc
AR = ar
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
VERSION := 0.1.0
PKG_CONFIG ?= pkg-config

WARN = -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -Wformat=2 -Wstrict-prototypes \
       -Wmissing-prototypes -Wswitch-enum -Wwrite-strings
BASE = -std=c17 -D_GNU_SOURCE $(WARN) -include common/banned.h -MMD -MP \
       -DLAB_VERSION='"$(VERSION)"' -DLAB_PREFIX='"$(PREFIX)"'

# Who may include whom: the whole rule. A forbidden include does not build.
LAYERS := common agents analysis report orchestrator
common_MAY :=
agents_MAY := common
analysis_MAY := common
report_MAY := analysis common
orchestrator_MAY := report analysis agents common
quote = -iquote $(1) $(foreach d,$($(1)_MAY),-iquote $(d))

.PHONY: all clean
all: $(B)/lab $(B)/lab-agent

define layer
$(1)_SRC := $$(filter-out $(1)/main.c,$$(wildcard $(1)/*.c))
$(1)_OBJ := $$($(1)_SRC:%.c=$$(B)/%.o)
$$(B)/$(1)/%.o: $(1)/%.c $$(B)/flags.stamp
	@mkdir -p $$(@D)
	$$(CC) $$(BASE) $$(CFLAGS) $(call quote,$(1)) -c $$< -o $$@
$$(B)/lib$(1).a: $$($(1)_OBJ)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(B)/flags.stamp: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(BASE) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(BASE) $(CFLAGS) $(LDFLAGS)' >$@
.PHONY: FORCE
FORCE:

$(B)/lab: $(B)/orchestrator/main.o $(foreach l,orchestrator report analysis agents common,$(B)/lib$(l).a)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpcap -lmnl -ljansson -liniparser

$(B)/lab-agent: $(B)/agents/main.o $(B)/libagents.a $(B)/libcommon.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

.PHONY: clean
clean:
	rm -rf $(B)
-include $(wildcard $(B)/*/*.d)
