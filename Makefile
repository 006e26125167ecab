# lab: see README.md; `make help` lists the targets. `make B=dir` builds elsewhere; sources are found
# by wildcard. Nothing is installed but by demo and check (scripts/need) and by install.
B ?= build
CC = cc
AR = ar
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
VERSION := 0.1.0
FUZZ_S ?= 10
BINDIR = $(DESTDIR)$(PREFIX)/bin
LIBEXECDIR = $(DESTDIR)$(PREFIX)/libexec/lab
DATADIR = $(DESTDIR)$(PREFIX)/share/lab
MANDIR = $(DESTDIR)$(PREFIX)/share/man
# One short line a file; V=1 shows the commands.
Q = $(if $(V),,@)
SAY = $(if $(V),,@echo '  $(1)')
# As many jobs as processors, unless the caller said how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

WARN = -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -Wformat=2 -Wstrict-prototypes \
       -Wmissing-prototypes -Wswitch-enum -Wwrite-strings
BASE = -std=c17 -D_GNU_SOURCE $(WARN) -include common/banned.h -MMD -MP \
       -DLAB_VERSION='"$(VERSION)"'
LIBS = -lpcap -lmnl -ljansson -liniparser

# Who may include whom: the whole rule. A forbidden include does not build.
LAYERS := common agents analysis report orchestrator
common_MAY :=
agents_MAY := common
analysis_MAY := common
report_MAY := analysis common
orchestrator_MAY := report analysis agents common
quote = -iquote $(1) $(foreach d,$($(1)_MAY),-iquote $(d))
ARCHIVES := $(foreach l,orchestrator report analysis agents common,$(B)/lib$(l).a)

.PHONY: all
all: $(B)/lab $(B)/lab-agent

define layer
$(1)_SRC := $$(filter-out $(1)/main.c,$$(wildcard $(1)/*.c))
$(1)_OBJ := $$($(1)_SRC:%.c=$$(B)/%.o)
$$(B)/$(1)/%.o: $(1)/%.c $$(B)/flags.stamp | $$(B)/libs.stamp
	@mkdir -p $$(@D)
	$$(call SAY,CC $$<)
	$$(Q)$$(CC) $$(BASE) $$(CFLAGS) $(call quote,$(1)) -c $$< -o $$@
$$(B)/lib$(1).a: $$($(1)_OBJ) $$(B)/list.stamp
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

# Stamps that change when what they say changes: the flags, and which sources there are.
keep = @mkdir -p $(B); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
$(B)/flags.stamp: FORCE
	$(call keep,$(CC) $(BASE) $(CFLAGS) $(LDFLAGS))
$(B)/list.stamp: FORCE
	$(call keep,$(foreach l,$(LAYERS),$($(l)_SRC)))
.PHONY: FORCE
FORCE:

# Before anything is compiled: are the libraries there? (LOOK= for the agent alone: it needs none.)
LOOK = scripts/need headers $(CC)
$(B)/libs.stamp:
	@$(LOOK)
	@mkdir -p $(B) && touch $@

$(B)/lab: $(B)/orchestrator/main.o $(ARCHIVES)
	$(call SAY,LD $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/lab-agent: $(B)/agents/main.o $(B)/libagents.a $(B)/libcommon.a
	$(call SAY,LD $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

## demo: install what is missing, build, play `lab run refused`
.PHONY: demo
demo:
	@scripts/need demo
	@$(MAKE) --no-print-directory $(JOBS) all
	$(B)/lab run refused

# Tests. A unit test may include the headers of every layer.
TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/t_*.c))
SCRIPTS = $(sort $(wildcard tests/cli/*.sh)) $(wildcard tests/scenarios.sh)
.SECONDARY: $(TESTS:%=%.o)
$(B)/tests/%.o: tests/unit/%.c $(B)/flags.stamp | $(B)/libs.stamp
	@mkdir -p $(@D)
	$(call SAY,CC $<)
	$(Q)$(CC) $(BASE) $(CFLAGS) -iquote tests/unit $(LAYERS:%=-iquote %) -c $< -o $@
$(B)/tests/%: $(B)/tests/%.o $(ARCHIVES)
	$(call SAY,LD $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(ARCHIVES) -lcmocka $(LIBS)

.PHONY: tests unit check
tests: $(TESTS)

## check: install what the tests need, build, run every test
check:
	@scripts/need check
	@$(MAKE) --no-print-directory $(JOBS) all tests
	@B=$(abspath $(B)) tests/run -o $(B)/tests.out $(TESTS) -- $(SCRIPTS)

## unit: the unit tests alone; T=name for one of them (t_name.c)
T ?= *
unit: $(filter $(B)/tests/t_$(subst *,%,$(T)),$(TESTS))
	@B=$(abspath $(B)) tests/run $^

## cli: the black-box tests alone; T=name for one of them
.PHONY: cli
cli: all
	@B=$(abspath $(B)) tests/run -- $(wildcard tests/cli/$(T).sh)

## golden: makes the files that tests compare with anew; read their diff like code
GOLDEN_TESTS = $(shell grep -l golden_anew tests/unit/t_*.c tests/cli/*.sh)
.PHONY: golden
golden: all $(filter $(GOLDEN_TESTS:tests/unit/%.c=$(B)/tests/%),$(TESTS))
	@B=$(abspath $(B)) GOLDEN=write tests/run $(filter $(B)/tests/%,$^) -- $(filter %.sh,$(GOLDEN_TESTS))

## asan: every test with address and undefined-behaviour checks, in build-asan
# gcc's guesses at lengths differ under sanitizers: warnings are the plain build's matter.
SANITIZE = -Wno-error -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
.PHONY: asan
asan:
	@$(MAKE) --no-print-directory B=build-asan CFLAGS='$(SANITIZE)' check

## fuzz: each tests/fuzz/f_*.c for FUZZ_S seconds (10), with clang, in build-fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/f_*.c))
.PHONY: fuzz fuzzers
fuzz:
	@$(MAKE) --no-print-directory $(JOBS) B=build-fuzz CC=clang \
		CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' fuzzers
	@set -e; for f in $(FUZZERS); do \
		mkdir -p build-fuzz/corpus/$$f; \
		seeds=tests/fuzz/seeds/$$f; [ -d $$seeds ] || seeds=; \
		echo "== $$f"; \
		build-fuzz/$$f -max_total_time=$(FUZZ_S) -timeout=5 -rss_limit_mb=1024 -close_fd_mask=1 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=build-fuzz/$$f- \
			build-fuzz/corpus/$$f $$seeds; \
	done
fuzzers: $(FUZZERS:%=$(B)/%)
$(B)/f_%: tests/fuzz/f_%.c $(ARCHIVES)
	$(call SAY,LD $@)
	$(Q)$(CC) $(BASE) $(CFLAGS) -fsanitize=fuzzer $(LAYERS:%=-iquote %) -o $@ $< $(ARCHIVES) $(LIBS)

## agent-static: build-static/lab-agent, one static program with musl
MULTIARCH = $(shell cc -dumpmachine)
.PHONY: agent-static
agent-static:
	@command -v musl-gcc >/dev/null || { echo 'musl-gcc: apt-get install musl-tools' >&2; exit 1; }
	@$(MAKE) --no-print-directory $(JOBS) B=build-static CC=musl-gcc LOOK= LDFLAGS='-static -s' \
		CFLAGS='-Os -idirafter /usr/include -idirafter /usr/include/$(MULTIARCH)' \
		build-static/lab-agent

## fmt: clang-format over every C file
C_FILES = $(wildcard $(LAYERS:%=%/*.[ch]) tests/unit/*.[ch] tests/fuzz/*.c bench/*.c bench/limits/*.c)
SH_FILES = $(wildcard tests/*.sh tests/cli/*.sh bench/*.sh) tests/run scripts/need .ci/run
.PHONY: fmt lint
fmt:
	clang-format -i $(C_FILES)

## lint: clang-format, clang-tidy, cppcheck, shellcheck; those that are not installed are named
TIDY_FLAGS = $(filter-out -MMD -MP -Werror,$(BASE)) -iquote tests/unit $(LAYERS:%=-iquote %)
has = command -v $(1) >/dev/null || { echo 'lint: $(1) is not installed, skipped'; exit 0; }
lint:
	@$(call has,clang-format); clang-format --dry-run -Werror $(C_FILES)
	@$(call has,clang-tidy); printf '%s\n' $(filter %.c,$(C_FILES)) | \
		xargs -P$$(nproc) -n4 sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- \
		$(subst ",\",$(subst ',,$(TIDY_FLAGS))) 2>/dev/null' tidy
	@$(call has,cppcheck); cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,portability,performance --suppress=missingIncludeSystem \
		--suppress=duplicateAssignExpression \
		-D_GNU_SOURCE $(LAYERS:%=-I %) $(LAYERS)
	@$(call has,shellcheck); shellcheck -S warning $(SH_FILES)

## man: the manual pages, with scdoc
MAN := $(patsubst man/%.scd,$(B)/man/%,$(wildcard man/*.scd))
.PHONY: man
man: $(MAN)
$(B)/man/%: man/%.scd
	@mkdir -p $(@D)
	scdoc <$< >$@.tmp && mv $@.tmp $@

## install: to PREFIX (/usr/local), below DESTDIR; manual pages where scdoc is there
.PHONY: install uninstall
install: all $(if $(shell command -v scdoc),man)
	install -d $(BINDIR) $(LIBEXECDIR) $(DATADIR)/scenarios
	install -m 755 $(B)/lab $(BINDIR)/lab
	install -m 755 $(B)/lab-agent $(LIBEXECDIR)/lab-agent
	install -m 644 $(wildcard scenarios/*.ini) $(DATADIR)/scenarios/
	@for page in $(if $(shell command -v scdoc),$(MAN)); do \
		install -D -m 644 $$page $(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; \
	done

## uninstall: removes what install put there
uninstall:
	rm -f $(BINDIR)/lab $(patsubst man/%.scd,$(MANDIR)/man*/%,$(wildcard man/*.scd))
	rm -rf $(LIBEXECDIR) $(DATADIR)

## clean: removes the build folder B (build)
.PHONY: clean help
clean:
	rm -rf $(B)

## help: this list
help:
	@sed -n 's/^## \([^:]*\): /  make \1	/p' Makefile | expand -t22
	@echo '  make                builds $(B)/lab and $(B)/lab-agent, installs nothing'

-include $(wildcard $(B)/*.d $(B)/*/*.d)
