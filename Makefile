# SPDX-License-Identifier: GPL-2.0
#
#   make            build the command, the agent and (where kernel headers are
#                   installed) the module
#   make demo       the main job on a fresh machine, with a commentary
#   make test       all tests; T=name runs one scenario, T=unit the unit tests
#                   (tests/run says what else T may be)
#   make test-long  lockdep, KASAN and KCSAN under stress on two CPUs, 10 minutes;
#                   LONG=seconds for each stress
#   make check      lint
#   make bench      what an I/O costs, beside dm-crypt, in instructions, in guests;
#                   what encrypting a crash dump costs, by the clock;
#                   KERNEL=6.12 for that kernel only; DEV=/dev/... by the clock, on
#                   a disk of this machine that may be overwritten (tests/bench/device)
#   make shell      a guest with everything loaded, to look around in; RIG=qemu-6.12
#                   for the real cipher, KMS=1 for a key server
#   make install    to DESTDIR; DKMS builds the module
#   make clean
#
# HOSTCRYPT_CACHE  where kernels and images are kept (~/.cache/hostcrypt)
# ACCEL=kvm        let QEMU use KVM (a real host; software emulation otherwise)
# KDIR             kernel build folder for the module

VERSION := $(shell sed -n 's/^\#define HOSTCRYPT_RELEASE *"\(.*\)"/\1/p' module/version.h)

B      ?= build
CC     ?= cc
KVER   ?= $(shell uname -r)
KDIR   ?= $(firstword $(wildcard /lib/modules/$(KVER)/build) \
	$(wildcard /lib/modules/*/build))

PKGS   := libcryptsetup devmapper json-c libsystemd libssl libcrypto blkid inih
CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wundef -Wpointer-arith -Wcast-align -Wwrite-strings -Wvla
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
CPPFLAGS += -D_GNU_SOURCE -DHC_VERSION='"$(VERSION)"' -Iuserspace -Imodule
ALLCFLAGS = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) $(CPPFLAGS) \
	$(shell pkg-config --cflags $(PKGS))
ALLLDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS    = $(shell pkg-config --libs $(PKGS))

LIB_SRC   := $(wildcard $(addprefix userspace/,base/*.c kmip/*.c provider/*.c kernel/*.c \
	dump/*.c volume/*.c))
CMD_SRC   := $(wildcard userspace/cmd/*.c)
CAPTURE_SRC := $(wildcard userspace/capture/*.c)
AGENT_SRC := $(wildcard userspace/agent/*.c)
UNIT_SRC  := $(wildcard tests/unit/*.c)
UNIT_HELP := tests/unit/unit.c

obj = $(patsubst %.c,$(B)/%.o,$(1))
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(filter-out $(UNIT_HELP),$(UNIT_SRC)))

.PHONY: all user module test test-long bench demo check shell install uninstall clean unit tools \
	bench-tools

all: user module

user: $(B)/hostcrypt $(B)/hostcryptd $(B)/capture/hostcrypt-capture

$(B)/libhostcrypt.a: $(call obj,$(LIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/hostcrypt: $(call obj,$(CMD_SRC)) $(B)/libhostcrypt.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(LIBS)

$(B)/hostcryptd: $(call obj,$(AGENT_SRC)) $(B)/libhostcrypt.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(LIBS)

# The capture environment as mkinitramfs finds it, for installing and for running out of
# the build folder: its program, hook and boot script.
IN_CAPTURE := initramfs.conf hooks/hostcrypt scripts/hostcrypt

$(B)/capture/hostcrypt-capture: $(call obj,$(CAPTURE_SRC)) $(B)/libhostcrypt.a \
		$(addprefix $(B)/capture/,$(IN_CAPTURE))
	$(CC) $(ALLLDFLAGS) -Wl,--as-needed -o $@ $(filter %.o %.a,$^) $(LIBS)

$(B)/capture/%: userspace/capture/initramfs/%
	@mkdir -p $(@D)
	cp -p $< $@

# The agent without its main(), for the unit tests.
$(B)/libagent.a: $(call obj,$(filter-out %/main.c,$(AGENT_SRC)))
	@rm -f $@
	$(AR) rcs $@ $^

unit: $(UNIT_BIN)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(call obj,$(UNIT_HELP)) $(B)/libagent.a \
		$(B)/libhostcrypt.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(LIBS)

# What tests/host/kmip.sh asks key servers with.
$(B)/tests/rig/kms/probe: $(B)/tests/rig/kms/probe.o $(B)/libhostcrypt.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(LIBS)

# The module for the kernel whose build folder KDIR is, out of a copy of the
# sources for each kernel, so that several can be built one after another.
MODULE_B = $(B)/module/$(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' \
	$(KDIR)/include/generated/utsrelease.h)

module:
	@[ -d "$(KDIR)" ] || { echo "no kernel headers: install linux-headers-$(KVER)," \
		"or name a kernel's build folder with KDIR=" >&2; exit 1; }
	@mkdir -p $(MODULE_B)/tests
	cp -pru Kbuild module $(MODULE_B)
	cp -pru tests/kunit $(MODULE_B)/tests
	$(MAKE) -C $(KDIR) M=$(abspath $(MODULE_B)) modules

# Small programs that scenarios call; in their PATH.
tools: $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c)) \
	$(patsubst %.c,$(B)/%.so,$(wildcard tests/tools/preload/*.c))

$(B)/tests/tools/%: $(B)/tests/tools/%.o $(call obj,$(wildcard tests/tools/lib/*.c)) \
		$(B)/libhostcrypt.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(LIBS)

# What tests/bench calls beside these: a plugin of QEMU, and in the guest its mark.
bench-tools: $(B)/tests/bench/profile.so $(B)/tests/bench/mark $(B)/tests/bench/dump_write

$(B)/tests/bench/dump_write: $(B)/tests/bench/dump_write.o $(B)/libhostcrypt.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(LIBS)

$(B)/tests/tools/preload/%.so: tests/tools/preload/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CFLAGS) $(WARN) -D_GNU_SOURCE -fPIC -shared -o $@ $<

$(B)/tests/bench/%.so: tests/bench/%.c tests/bench/mark.h
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CFLAGS) $(WARN) -D_GNU_SOURCE -fPIC -fvisibility=hidden -shared -o $@ $<

$(B)/tests/bench/mark: tests/bench/mark.c tests/bench/mark.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CFLAGS) $(WARN) -static -o $@ $<

# What is missing is installed before make looks for libraries.
test:
	tests/rig/install
	$(MAKE) -j$(shell nproc) user unit tools
	B=$(B) tests/run $(T)

# What takes its time: kernels that look on while everything happens at once.
test-long:
	tests/rig/install
	$(MAKE) -j$(shell nproc) user tools
	B=$(B) tests/run --long $(T)

demo:
	@tests/demo/run

bench:
ifdef DEV
	$(MAKE) user
	B=$(B) tests/bench/device $(if $(YES),--yes) $(if $(FORCE),--force) \
		$(if $(SIZE),--size $(SIZE)) $(if $(UNITS),--units "$(UNITS)") \
		$(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(LOADS),--loads "$(LOADS)") $(if $(JOBS),--jobs "$(JOBS)") \
		$(if $(DEPTHS),--depths "$(DEPTHS)") $(DEV)
else
	tests/rig/install
	B=$(B) tests/bench/run $(foreach kernel,$(KERNEL),--kernel $(kernel))
	B=$(B) tests/bench/dump
endif

check:
	tests/rig/install
	tests/check/run

shell:
	$(MAKE) user
	B=$(B) tests/rig/shell $(RIG)

# Programs and units go under PREFIX, settings to /etc/hostcrypt (what is there
# stays), the module's source to /usr/src, from where "dkms add" takes it.
PREFIX  ?= /usr/local
SBINDIR := $(PREFIX)/sbin
UNITDIR := $(PREFIX)/lib/systemd/system
LOADDIR := $(PREFIX)/lib/modules-load.d
UDEVDIR := $(PREFIX)/lib/udev/rules.d
CAPDIR  := $(PREFIX)/lib/hostcrypt/capture
CONFDIR := /etc/hostcrypt
HOOKDIR := /etc/kernel
DKMSDIR := /usr/src/hostcrypt-$(VERSION)
AGENT   := userspace/agent
CAPTURE := userspace/capture
IN_DKMS  = Kbuild dkms.conf $(wildcard module/*.[ch] module/uapi/*.h)

install: user
	install -d $(addprefix $(DESTDIR),$(SBINDIR) $(UNITDIR) $(LOADDIR) $(CONFDIR))
	install -m 755 $(B)/hostcrypt $(B)/hostcryptd $(DESTDIR)$(SBINDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|' $(AGENT)/hostcryptd.service.in \
		>$(DESTDIR)$(UNITDIR)/hostcryptd.service
	chmod 644 $(DESTDIR)$(UNITDIR)/hostcryptd.service
	install -m 644 $(AGENT)/hostcrypt-volumes.target $(DESTDIR)$(UNITDIR)
	install -m 644 $(AGENT)/hostcrypt.modules-load $(DESTDIR)$(LOADDIR)/hostcrypt.conf
	install -d $(addprefix $(DESTDIR),$(CAPDIR)/hooks $(CAPDIR)/scripts $(UDEVDIR) \
		$(HOOKDIR)/postinst.d $(HOOKDIR)/postrm.d)
	install -m 755 $(B)/capture/hostcrypt-capture $(DESTDIR)$(CAPDIR)
	install -m 755 $(B)/capture/hooks/hostcrypt $(DESTDIR)$(CAPDIR)/hooks
	install -m 644 $(B)/capture/scripts/hostcrypt $(DESTDIR)$(CAPDIR)/scripts
	install -m 644 $(B)/capture/initramfs.conf $(DESTDIR)$(CAPDIR)
	install -m 644 $(CAPTURE)/hostcrypt-dump.rules $(DESTDIR)$(UDEVDIR)/90-hostcrypt-dump.rules
	install -m 755 $(CAPTURE)/kernel-postrm $(DESTDIR)$(HOOKDIR)/postrm.d/hostcrypt-dump
	sed 's|@SBINDIR@|$(SBINDIR)|' $(CAPTURE)/hostcrypt-dump.service.in \
		>$(DESTDIR)$(UNITDIR)/hostcrypt-dump.service
	chmod 644 $(DESTDIR)$(UNITDIR)/hostcrypt-dump.service
	sed 's|@SBINDIR@|$(SBINDIR)|' $(CAPTURE)/kernel-postinst.in \
		>$(DESTDIR)$(HOOKDIR)/postinst.d/hostcrypt-dump
	chmod 755 $(DESTDIR)$(HOOKDIR)/postinst.d/hostcrypt-dump
	for file in hostcrypt.conf volumes; do \
		[ -e $(DESTDIR)$(CONFDIR)/$$file ] || \
		install -m 644 $(AGENT)/$$file $(DESTDIR)$(CONFDIR) || exit; done
	rm -rf $(DESTDIR)$(DKMSDIR)
	install -d $(addprefix $(DESTDIR)$(DKMSDIR)/,module/uapi)
	for file in $(IN_DKMS); do \
		install -m 644 $$file $(DESTDIR)$(DKMSDIR)/$$file || exit; done
	[ -n "$(DESTDIR)" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload

# Settings, local keys, RAM disks, dumps and what DKMS has built stay ("dkms remove" first).
uninstall:
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,hostcrypt hostcryptd)
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,hostcryptd.service hostcrypt-volumes.target \
		hostcrypt-dump.service)
	rm -f $(DESTDIR)$(LOADDIR)/hostcrypt.conf $(DESTDIR)$(UDEVDIR)/90-hostcrypt-dump.rules
	rm -f $(addprefix $(DESTDIR)$(HOOKDIR)/,postinst.d/hostcrypt-dump postrm.d/hostcrypt-dump)
	rm -rf $(DESTDIR)$(CAPDIR)
	[ ! -d $(DESTDIR)$(dir $(CAPDIR)) ] || \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)$(dir $(CAPDIR))
	rm -rf $(DESTDIR)$(DKMSDIR)
	[ -n "$(DESTDIR)" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload

clean:
	rm -rf $(B)

$(B)/%.o: %.c | module/version.h
	@mkdir -p $(@D)
	$(CC) $(ALLCFLAGS) -MMD -MP -c -o $@ $<

-include $(shell [ -d $(B) ] && find $(B) -name '*.d' 2>/dev/null)

.PRECIOUS: $(B)/%.o
