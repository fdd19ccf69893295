# sonde: `make help` lists what one can do.

VERSION := 0.1.0

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
V       ?= 0# 1: show every command
HOST    ?= 127.0.0.1

CC       ?= cc
PKGS     := libcap libseccomp jansson libcares libmnl libmd libmaxminddb
CFLAGS   ?= -O2 -g
# Floods are bound by the processor: calls between the rooms are worth inlining. gcc's objects serve
# linkers without link-time optimisation as well.
LTO      ?= $(if $(findstring clang,$(shell $(CC) --version)),,-flto=auto -ffat-lto-objects)
WERROR   ?=
VARIANT  ?=

WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith \
        -Wwrite-strings -Wvla $(WERROR)
HARDEN ?= -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2 \
          $(call if_flag,-fcf-protection=full)
if_flag = $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null && echo $(1))

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

# A ping is over in a millisecond, a fifth of which would be the loading of libraries that most runs
# do not call: the program takes them in where static ones are there. Distributions set LINK=dynamic.
LINK ?= static
static_library = $(shell file=$$($(CC) -print-file-name=lib$(1).a) && [ "$$file" != lib$(1).a ] && echo "$$file")
PROGRAM_LIBS := $(foreach name,cap jansson cares mnl md maxminddb,\
                $(or $(if $(filter static,$(LINK)),$(call static_library,$(name))),-l$(name)))

ALL_CFLAGS  = -std=gnu17 -fPIC -pthread -DSONDE_VERSION='"$(VERSION)"' \
              $(WARN) $(HARDEN) $(LTO) $(CFLAGS) $(VARIANT) $(PKG_CFLAGS)
ALL_LDFLAGS = -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(VARIANT)

# The rooms, from the ground up, and what each may see. A room is compiled with an include path that
# holds include/ and the rooms named here, so that an arrow in the wrong direction does not compile.
ROOMS           := base packet stats engine strategy net sim lab privilege report cli
USES_base       :=
USES_packet     := base
USES_stats      := base
USES_engine     := base packet
USES_strategy   := base packet stats engine
USES_net        := base packet
USES_sim        := base packet
USES_lab        := base packet net sim
USES_privilege  := base
USES_report     := base packet stats
USES_cli        := $(filter-out cli,$(ROOMS))
LIBRARY_ROOMS   := base packet stats engine strategy net sim

Q   := $(if $(filter 1,$(V)),,@)
SAY := $(if $(filter 1,$(V)),@:,@printf '%s\n')

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all run check unit sim lab sanitize fuzz bench cover lint format install uninstall clean help \
        rooms-list

all: $(BUILD)/sonde $(BUILD)/ping $(BUILD)/libsonde.a $(BUILD)/libsonde.so man ## program, libraries, man pages

# --- rooms -----------------------------------------------------------------------------------------

define room_rules
SRC_$(1) := $$(sort $$(wildcard src/$(1)/*.c))
OBJ_$(1) := $$(SRC_$(1):src/%.c=$(BUILD)/obj/%.o)
-include $$(OBJ_$(1):.o=.d)

$(BUILD)/rooms/$(1)/.made: Makefile
	@mkdir -p $$(@D) && for room in $(1) $$(USES_$(1)); do ln -sfn $$(CURDIR)/src/$$$$room $$(@D)/$$$$room; done
	@touch $$@

$(BUILD)/obj/$(1)/%.o: src/$(1)/%.c $(BUILD)/rooms/$(1)/.made
	@mkdir -p $$(@D)
	$$(SAY) "  CC  $$@"
	$$(Q)$$(CC) $$(ALL_CFLAGS) -Iinclude -I$(BUILD)/rooms/$(1) -MMD -MP -c -o $$@ $$<

room-$(1): $$(OBJ_$(1))
.PHONY: room-$(1)
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))

# The system-call filters are assembled by libseccomp while building, for the machine that CC compiles
# for: the tool runs through EMULATOR where that is another one (EMULATOR=qemu-aarch64).
EMULATOR ?=
PROGRAMS  := $(BUILD)/rooms/privilege/generated/programs.h
ASSEMBLER := $(BUILD)/rooms/privilege/generated/assemble
$(ASSEMBLER): $(wildcard src/privilege/assemble/*.[ch] src/privilege/*.h) Makefile
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) -pie $(ALL_CFLAGS) -Isrc $(ALL_LDFLAGS) -o $@ $(filter %.c,$^) $(PKG_LIBS)
$(PROGRAMS): $(ASSEMBLER)
	$(EMULATOR) $< > $@
$(BUILD)/obj/privilege/filter.o: $(PROGRAMS)

LIBRARY_OBJ := $(foreach room,$(LIBRARY_ROOMS),$(OBJ_$(room)))
PROGRAM_OBJ := $(foreach room,lab privilege report cli,$(OBJ_$(room)))

$(BUILD)/libsonde.a: $(LIBRARY_OBJ)
	@rm -f $@
	$(SAY) "  AR  $@"
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libsonde.so.0: $(LIBRARY_OBJ) packaging/libsonde.map
	$(SAY) "  LD  $@"
	$(Q)$(CC) -shared $(ALL_LDFLAGS) -Wl,-soname,libsonde.so.0 -Wl,--version-script=packaging/libsonde.map \
		-o $@ $(LIBRARY_OBJ) $(PKG_LIBS) -lm
$(BUILD)/libsonde.so: $(BUILD)/libsonde.so.0
	ln -sf $(<F) $@

$(BUILD)/sonde: $(PROGRAM_OBJ) $(BUILD)/libsonde.a
	$(SAY) "  LD  $@"
	$(Q)$(CC) -pie $(LTO) $(CFLAGS) $(HARDEN) $(ALL_LDFLAGS) -o $@ $^ $(PROGRAM_LIBS) -lm
$(BUILD)/ping: | $(BUILD)/sonde
	ln -sf sonde $@

run: $(BUILD)/sonde ## build and ping HOST (default 127.0.0.1), four probes
	packaging/run.sh $(BUILD)/sonde $(HOST)

# --- man pages: text in docs/man, the options from the program's own tables ------------------------

MAN_SRC := $(wildcard docs/man/*.scd)
MAN     := $(MAN_SRC:docs/man/%.scd=$(BUILD)/man/%)
.PHONY: man
man: $(MAN)
$(BUILD)/man/%: docs/man/%.scd $(BUILD)/sonde packaging/man.sh
	@mkdir -p $(@D)
	packaging/man.sh $(BUILD)/sonde $< > $@

# --- tests -----------------------------------------------------------------------------------------

TEST_CFLAGS = $(filter-out -Wmissing-prototypes $(LTO),$(ALL_CFLAGS)) -Iinclude -I$(BUILD)/rooms/cli
UNIT_SRC := $(sort $(wildcard tests/unit/*/*.c))
UNIT_OBJ := $(UNIT_SRC:tests/%.c=$(BUILD)/tests/%.o)
SIM_SRC  := $(sort $(wildcard tests/sim/*.c))
SIM_OBJ  := $(SIM_SRC:tests/%.c=$(BUILD)/tests/%.o)
-include $(UNIT_OBJ:.o=.d) $(SIM_OBJ:.o=.d)

$(BUILD)/tests/%.o: tests/%.c $(BUILD)/rooms/cli/.made
	@mkdir -p $(@D)
	$(SAY) "  CC  $@"
	$(Q)$(CC) $(TEST_CFLAGS) -DTESTS_DIR='"$(CURDIR)/tests"' -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/run: $(UNIT_OBJ) $(filter-out $(BUILD)/obj/cli/main.o,$(PROGRAM_OBJ)) $(BUILD)/libsonde.a
	$(SAY) "  LD  $@"
	$(Q)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcriterion -lm
$(BUILD)/tests/sim/run: $(SIM_OBJ) $(filter-out $(BUILD)/obj/cli/main.o,$(PROGRAM_OBJ)) $(BUILD)/libsonde.a
	$(SAY) "  LD  $@"
	$(Q)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcriterion -lm

LAB := $(patsubst tests/lab/%.c,$(BUILD)/tests/lab/%,$(wildcard tests/lab/net_*.c))
$(BUILD)/tests/lab/%: tests/lab/%.c $(wildcard tests/lab/*.h) $(BUILD)/libsonde.a
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) -pie $(TEST_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libsonde.a $(PKG_LIBS) -lm

TESTS := $(BUILD)/tests/unit/run $(BUILD)/tests/sim/run $(LAB) $(BUILD)/sonde $(BUILD)/ping

unit: $(BUILD)/tests/unit/run ## unit tests
	tests/run.sh $(BUILD) unit
sim: $(BUILD)/tests/sim/run $(BUILD)/sonde ## scenarios in the simulated network
	tests/run.sh $(BUILD) sim
lab: $(LAB) $(BUILD)/sonde $(BUILD)/ping ## real sockets in private network namespaces
	tests/run.sh $(BUILD) lab

.PHONY: tests
tests: $(TESTS)

check: ## everything that must pass: warnings are errors; unit, sim, lab, lint
	+$(MAKE) WERROR=-Werror all tests
	+$(MAKE) lint
	tests/run.sh $(BUILD) unit sim lab

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
sanitize: ## unit, sim and lab under AddressSanitizer and UndefinedBehaviorSanitizer
	+$(MAKE) BUILD=$(BUILD)/sanitize VARIANT='$(SANITIZE)' CFLAGS='-O1 -g' HARDEN= LTO= WERROR=-Werror \
		tests
	tests/run.sh $(BUILD)/sanitize unit sim lab

FUZZ_SECONDS ?= 600
FUZZERS := $(notdir $(basename $(wildcard tests/fuzz/*.c)))
.PHONY: fuzzers
fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/bin/%)
$(BUILD)/fuzz/bin/%: tests/fuzz/%.c $(BUILD)/fuzz/libsonde.a $(BUILD)/rooms/cli/.made
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)clang $(filter-out -fcf-protection=full,$(TEST_CFLAGS)) -O1 -g -fsanitize=fuzzer,address,undefined -Wno-missing-prototypes \
		-o $@ $< $(BUILD)/fuzz/libsonde.a $(PKG_LIBS) -lm
ifneq ($(BUILD:%/fuzz=%),$(BUILD))
else
$(BUILD)/fuzz/libsonde.a: $(foreach room,$(LIBRARY_ROOMS),$(SRC_$(room)))
	+$(MAKE) CC=clang BUILD=$(BUILD)/fuzz HARDEN= LTO= CFLAGS='-O1 -g' \
		VARIANT='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' $@
endif
fuzz: fuzzers ## every parser under libFuzzer, FUZZ_SECONDS in all (600)
	tests/run.sh $(BUILD) fuzz $(FUZZ_SECONDS)

bench: $(BUILD)/sonde $(BUILD)/ping ## figures beside the peers, as ratios, and who told the truth
	tests/bench/run.sh $(BUILD)

cover: ## line coverage of packet, engine and stats; fails under 90 %
	+$(MAKE) BUILD=$(BUILD)/cover VARIANT='--coverage' CFLAGS='-O0 -g' HARDEN= LTO= \
		tests
	tests/run.sh $(BUILD)/cover unit sim
	for room in packet engine stats; do \
		gcovr --root . --filter "src/$$room/" --print-summary --fail-under-line 90 $(BUILD)/cover || exit 1; done

lint: $(PROGRAMS) ## formatting, layering, static analysis
	packaging/lint.sh $(BUILD)

format: ## let clang-format write the layout
	git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# --- installation ----------------------------------------------------------------------------------

install: all ## install below $(DESTDIR)$(PREFIX)
	packaging/install.sh install $(BUILD) "$(DESTDIR)" "$(PREFIX)" "$(VERSION)"
uninstall: ## remove what install put there
	packaging/install.sh uninstall $(BUILD) "$(DESTDIR)" "$(PREFIX)" "$(VERSION)"

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
