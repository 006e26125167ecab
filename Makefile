# lab: see README.md; `make help` lists the targets. `make B=dir` builds elsewhere; sources are found
# by wildcard. Nothing is installed but by demo and check (scripts/need) and by install.
B ?= build
# One name for one folder: in the tree by its relative name, or what objects depend on is not found.
override B := $(patsubst $(CURDIR)/%,%,$(abspath $(B)))
CC = cc
AR = ar
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
VERSION := 0.1.0
FUZZ_S ?= 60
BINDIR = $(DESTDIR)$(PREFIX)/bin
LIBEXECDIR = $(DESTDIR)$(PREFIX)/libexec/lab
DATADIR = $(DESTDIR)$(PREFIX)/share/lab
MANDIR = $(DESTDIR)$(PREFIX)/share/man
# Where bash, zsh and fish look for completion.
COMPLETION = bash:bash-completion/completions/lab zsh:zsh/site-functions/_lab \
             fish:fish/vendor_completions.d/lab.fish
SHARE = $(DESTDIR)$(PREFIX)/share
# One short line a file; V=1 shows the commands.
Q = $(if $(V),,@)
SAY = $(if $(V),,@echo '  $(1)')
# Where tests/run keeps what each test program said, and the counts.
OUT ?= $(B)/tests.out
# As many jobs as processors, unless the caller said how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

WARN = -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -Wformat=2 -Wstrict-prototypes \
       -Wmissing-prototypes -Wswitch-enum -Wwrite-strings -Wdate-time
# No name of a folder in the programs: the same bytes wherever they are built.
BASE = -std=c17 -D_GNU_SOURCE $(WARN) -include common/banned.h -MMD -MP \
       -DLAB_VERSION='"$(VERSION)"' "-ffile-prefix-map=$(CURDIR)=."
LIBS = -Wl,--as-needed -lpcap -lmnl -ljansson -liniparser -lexpat
# Names are bound once, at the start: else each of a run's ten processes finds them for itself.
NOW = -Wl,-z,now

# Who may include whom: the whole rule. A forbidden include does not build.
LAYERS := common agents analysis report remote cloud orchestrator
common_MAY :=
agents_MAY := common
analysis_MAY := common
report_MAY := analysis common
remote_MAY := common
cloud_MAY := common
orchestrator_MAY := report analysis agents remote cloud common
quote = -iquote $(1) $(foreach d,$($(1)_MAY),-iquote $(d))
ARCHIVES := $(foreach l,orchestrator cloud remote report analysis agents common,$(B)/lib$(l).a)

.PHONY: all
all: $(B)/lab $(B)/lab-agent

define layer
$(1)_SRC := $$(sort $$(filter-out $(1)/main.c,$$(wildcard $(1)/*.c)))
$(1)_OBJ := $$($(1)_SRC:%.c=$$(B)/%.o)
$$(B)/$(1)/%.o: $(1)/%.c $$(B)/flags.stamp | $$(B)/libs.stamp
	@mkdir -p $$(@D)
	$$(call SAY,CC $$<)
	$$(Q)$$(CC) $$(BASE) $$(CFLAGS) $(call quote,$(1)) -c $$< -o $$@
$$(B)/lib$(1).a: $$($(1)_OBJ) $$(B)/list.stamp
	@rm -f $$@
	$$(Q)$$(AR) rcsD $$@ $$(filter %.o,$$^)
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
	$(Q)$(CC) $(CFLAGS) $(NOW) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/lab-agent: $(B)/agents/main.o $(B)/libagents.a $(B)/libcommon.a
	$(call SAY,LD $@)
	$(Q)$(CC) $(CFLAGS) $(NOW) $(LDFLAGS) -o $@ $^

## demo: installs what is missing, builds, plays `lab run refused`
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

# The sweep's own programs: tests/sweep/.
.PHONY: sweepers sweep
sweepers: $(B)/tests/inject $(B)/tests/failalloc.so
$(B)/tests/syscalls.h: $(B)/flags.stamp
	@mkdir -p $(@D)
	@{ echo 'static const struct { long number; const char *name; } syscall_names[] = {'; \
		echo '#include <sys/syscall.h>' | $(CC) -E -dM - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\t{ __NR_\1, "\1" },/p' | sort; echo '};'; } >$@
$(B)/tests/inject: tests/sweep/inject.c $(B)/tests/syscalls.h
	$(call SAY,LD $@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(BASE)) $(CFLAGS) -iquote $(B)/tests -o $@ $<
$(B)/tests/failalloc.so: tests/sweep/failalloc.c $(B)/flags.stamp
	$(call SAY,LD $@)
	$(Q)mkdir -p $(@D) && $(CC) $(filter-out -MMD -MP,$(BASE)) -O2 -fPIC -shared -o $@ $<

## sweep: ends a run, fails its calls, at every point; 15 minutes
SWEEP = kill error alloc
sweep: all sweepers
	@B=$(abspath $(B)) tests/sweep/sweep.sh -o $(B)/sweep.ndjson $(SWEEP) >$(B)/sweep.txt; \
		status=$$?; cat $(B)/sweep.txt; exit $$status

.PHONY: tests unit test check
tests: $(TESTS) bench-tools sweepers agents

## test: installs what is needed, builds, plays every test
test:
	@scripts/need test
	@$(MAKE) --no-print-directory $(JOBS) all tests
	@B=$(abspath $(B)) tests/run -o $(OUT) $(TESTS) -- $(SCRIPTS)

## check: all, in stages; STAGES='test lint' for some
STAGES = test lint clang repro valgrind asan coverage fuzz
# What only reads and compiles goes on beside the tests, which wait most of their time.
BESIDE = lint clang repro
.PHONY: shared
shared:
	@$(MAKE) --no-print-directory $(JOBS) all tests
check:
	@scripts/need check
	+@B=$(abspath $(B)) MAKE='$(MAKE)' BESIDE='$(BESIDE)' tests/check.sh $(STAGES)

## unit: the unit tests alone; T=name for one of them (t_name.c)
T ?= *
UNIT = $(filter $(B)/tests/t_$(subst *,%,$(patsubst t_%,%,$(T))),$(TESTS))
unit: $(UNIT) agents
	@B=$(abspath $(B)) tests/run $(UNIT)

## cli: the black-box tests alone; T=name for one of them
.PHONY: cli
cli: all sweepers agents
	@B=$(abspath $(B)) tests/run -- $(wildcard tests/cli/$(T).sh)

## golden: writes anew what tests compare with; read the diff like code
GOLDEN_TESTS = $(shell grep -l golden_anew tests/unit/t_*.c tests/cli/*.sh)
.PHONY: golden
golden: all $(filter $(GOLDEN_TESTS:tests/unit/%.c=$(B)/tests/%),$(TESTS))
	@B=$(abspath $(B)) GOLDEN=write tests/run $(filter $(B)/tests/%,$^) -- $(filter %.sh,$(GOLDEN_TESTS))

## asan: every test with address and undefined-behaviour checks
# But what is of the Makefile or of Terraform and not of our programs.
ONCE = $(addprefix tests/cli/,build.sh terraform.sh aws_byhand.sh aws_kill.sh aws_timer.sh)
# gcc's guesses at lengths differ under sanitizers: warnings are the plain build's matter.
SANITIZE = -Wno-error -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
.PHONY: asan
asan:
	@$(MAKE) --no-print-directory B=build-asan CFLAGS='$(SANITIZE)' \
		SCRIPTS='$(filter-out $(ONCE),$(SCRIPTS))' test

## clang: builds everything with clang too, without a warning
clang: all
## repro: builds twice in two folders: the same bytes
repro: all
## valgrind: plays the demo under valgrind, every process followed
valgrind: all
.PHONY: clang repro valgrind
clang repro valgrind:
	@B=$(abspath $(B)) tests/run -t 600 -o $(OUT) -- tests/check/$@.sh

## coverage: what unit tests reach, under 90 % fails; WHOLE=1: all tests
# Processes that end by _exit write what they reached too: tests/check/flush.c.
.PHONY: coverage covered
coverage:
	@$(MAKE) --no-print-directory $(JOBS) B=build-coverage CFLAGS='-O0 -g --coverage' \
		LDFLAGS='-Wl,--wrap=_exit build-coverage/flush.o' covered
covered: $(B)/flush.o
	@$(MAKE) --no-print-directory all tests
	@B=$(B) bash tests/check/coverage.sh zero
	@B=$(abspath $(B)) tests/run -o $(OUT) $(TESTS) -- \
		$(if $(WHOLE),$(SCRIPTS)) tests/check/coverage.sh
$(B)/flush.o: tests/check/flush.c $(B)/flags.stamp
	$(Q)$(CC) $(BASE) $(CFLAGS) -c $< -o $@

## fuzz: tests/fuzz/f_*.c for FUZZ_S seconds (60) or a quarter
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/f_*.c))
# What every run reads, whatever the backend, has the whole time.
FUZZ_WHOLE = f_capture f_event f_frame f_ini f_packet f_rules f_scenario
.PHONY: fuzz fuzzers
fuzz:
	+@MAKE='$(MAKE) $(JOBS)' SANITIZE='$(SANITIZE)' OUT=$(abspath $(OUT)) FUZZ_S=$(FUZZ_S) \
		FUZZ_WHOLE='$(FUZZ_WHOLE)' tests/fuzz/fuzz.sh $(FUZZERS)
fuzzers: $(FUZZERS:%=$(B)/%)
$(B)/f_%: tests/fuzz/f_%.c tests/fuzz/fuzz.h $(ARCHIVES)
	$(call SAY,LD $@)
	$(Q)$(CC) $(BASE) $(CFLAGS) -fsanitize=fuzzer $(LAYERS:%=-iquote %) -o $@ $< $(ARCHIVES) $(LIBS)

## agents: the static agents for other machines, in B/agents
# Built small, whatever this build is; a machine without a compiler here is named and left out.
MACHINES = x86_64 aarch64
.PHONY: agents $(MACHINES:%=agent-%)
agents: $(MACHINES:%=agent-%)
$(MACHINES:%=agent-%): agent-%:
	@cc=$$(scripts/static-cc $*) || exit 0; agent=$(B)/agents/lab-agent-$*; mkdir -p $(B)/agents; \
	$(MAKE) --no-print-directory B=$(B)/static/$* CC="$$cc" AR=ar LOOK= CFLAGS=-Os \
		LDFLAGS='-static -s' $(B)/static/$*/lab-agent && \
	{ cmp -s $(B)/static/$*/lab-agent $$agent || install -m 755 $(B)/static/$*/lab-agent $$agent; }

## bench: speed beside rivals and bare programs; BENCH=quick: a try
# bench/limits are the bare programs: they share nothing with lab.
BENCH_TOOLS := $(patsubst %,$(B)/bench/%,pair table flood hosts_lab limits/refused limits/hosts limits/ssh)
.PHONY: bench bench-tools
bench: all agents bench-tools
	@B=$(abspath $(B)) bench/run.sh
bench-tools: $(BENCH_TOOLS)
$(B)/bench/%.o: bench/%.c $(B)/flags.stamp | $(B)/libs.stamp
	@mkdir -p $(@D)
	$(call SAY,CC $<)
	$(Q)$(CC) $(BASE) $(CFLAGS) -iquote bench -iquote bench/limits \
		$(if $(findstring limits/,$<),,$(LAYERS:%=-iquote %)) -c $< -o $@
STAR = $(patsubst %,$(B)/bench/limits/%.o,star nl)
$(B)/bench/pair: $(patsubst %,$(B)/bench/%.o,side child answer pcaps settle limits/nl)
$(B)/bench/limits/refused: $(B)/bench/limits/wire.o $(STAR)
$(B)/bench/limits/hosts: $(STAR)
$(B)/bench/flood: $(STAR) $(B)/libcommon.a
$(B)/bench/hosts_lab: $(ARCHIVES)
$(BENCH_TOOLS): %: %.o
	$(call SAY,LD $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(if $(findstring limits/,$@),,$(LIBS)) \
		$(if $(findstring limits/ssh,$@),-lssh2)

## fmt: clang-format over every C file
C_FILES = $(sort $(wildcard $(LAYERS:%=%/*.[ch]) tests/*/*.[ch] bench/*.[ch] bench/*/*.[ch]))
SH_FILES = $(sort $(wildcard tests/*.sh tests/*/*.sh bench/*.sh bench/*/*.sh scripts/*)) \
	   tests/run .ci/run
.PHONY: fmt lint
fmt:
	clang-format -i $(C_FILES)

## lint: clang-format, clang-tidy, cppcheck, shellcheck, if there
lint: export C_FILES := $(C_FILES)
lint: export SH_FILES := $(SH_FILES)
lint: export INCLUDES := $(LAYERS) tests/unit bench/limits $(B)/tests
lint: export TIDY_FLAGS = $(filter-out -MMD -MP -Werror,$(BASE)) $(INCLUDES:%=-iquote %)
lint: $(B)/tests/syscalls.h
	@B=$(abspath $(B)) tests/run -t 1800 -o $(OUT) -- tests/check/lint.sh

## man: the manual pages, with scdoc
MAN := $(patsubst man/%.scd,$(B)/man/%,$(wildcard man/*.scd))
.PHONY: man
man: $(MAN)
$(B)/man/%: man/%.scd
	@mkdir -p $(@D)
	scdoc <$< >$@.tmp && mv $@.tmp $@

## install: to PREFIX (/usr/local), below DESTDIR; pages by scdoc
.PHONY: install uninstall
install: all agents $(if $(shell command -v scdoc),man)
	install -d $(BINDIR) $(LIBEXECDIR) $(DATADIR)/scenarios $(DATADIR)/terraform
	install -m 755 $(B)/lab $(BINDIR)/lab
	@for agent in $(B)/lab-agent $(B)/agents/lab-agent-*; do \
		[ ! -f $$agent ] || install -m 755 $$agent $(LIBEXECDIR) || exit 1; \
	done
	install -m 644 $(wildcard scenarios/*.ini) $(DATADIR)/scenarios/
	install -m 644 $(wildcard infra/terraform/*.tf infra/terraform/*.tftpl infra/terraform/prices.ini) \
		$(DATADIR)/terraform/
	@for page in $(if $(shell command -v scdoc),$(MAN)); do \
		install -D -m 644 $$page $(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	@for file in $(COMPLETION); do \
		$(B)/lab completion $${file%%:*} >$(B)/completion && \
		install -D -m 644 $(B)/completion $(SHARE)/$${file#*:} || exit 1; \
	done

## uninstall: removes what install put there
uninstall:
	rm -f $(BINDIR)/lab $(patsubst man/%.scd,$(MANDIR)/man*/%,$(wildcard man/*.scd))
	rm -f $(foreach file,$(COMPLETION),$(SHARE)/$(lastword $(subst :, ,$(file))))
	rm -rf $(LIBEXECDIR) $(DATADIR)

## clean: removes the build folder B (build)
.PHONY: clean help
clean:
	rm -rf $(B)

## help: this list
help:
	@sed -n 's/^## \([^:]*\): /  make \1	/p' Makefile | expand -t18
	@echo '  make            builds lab and lab-agent in B (build), installs nothing'

-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d)
