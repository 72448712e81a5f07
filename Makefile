# SPDX-License-Identifier: MIT
# Builds the kernel and its ISO; `make help` lists what else there is.
# Nothing is written outside build/, except where OUT= says so.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all kernel iso help setup run run-uefi run-usb run-bochs debug test test-long bench size \
	clean FORCE
SHELL := /bin/bash -o pipefail
unexport CFLAGS LDFLAGS
export CI WERROR
# As the caller wrote them: dollars stay.
override CMDLINE := $(value CMDLINE)
override QEMU_ARGS := $(value QEMU_ARGS)
export CMDLINE QEMU_ARGS
export PYTHONDONTWRITEBYTECODE := 1

all: iso

# --- The variant: which checks are compiled in -------------------------------------------------

on = $(filter-out 0 n no,$($(1)))
variant := $(strip $(if $(call on,DEBUG),debug) $(if $(call on,KASAN),kasan) \
	$(if $(call on,UBSAN),ubsan))
suffix := $(addprefix -,$(subst $() ,-,$(variant)))
obj := build/obj$(or $(suffix),-release)
kernel := $(obj)/skerry.elf
boot-kernel := $(obj)/skerry.boot.elf
default-iso := build/skerry$(suffix).iso

# The date in the image: the last commit's, so that equal sources give equal images.
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),1767225600)
export SOURCE_DATE_EPOCH

# --- Sources: each folder names its own in sources.mk ------------------------------------------
# kernel-srcs    files, .c or .asm, from the top of the tree
# nosan-srcs     the same, but never instrumented by sanitizers (boot, entry, their run-times)
# vdso-srcs      of the shared object that the kernel maps into programs
# cflags-FILE    more compiler flags for one file

folders := src/boot src/lib src/vdso src/kernel src/kernel/arch/x86_64
folders += $(addprefix src/kernel/,debug sync mm time sched device block \
	fs fs/tmpfs fs/procfs fs/sysfs fs/devfs fs/devpts vm proc tty net userdev syscall)
folders += $(addprefix src/drivers/,acpi pci serial char rtc time input video virtio block net usb)
folders += tests/kernel

kernel-srcs :=
nosan-srcs :=
vdso-srcs :=
-include $(addsuffix /sources.mk,$(folders))

nosan-srcs := $(sort $(nosan-srcs))
kernel-srcs := $(sort $(kernel-srcs) $(nosan-srcs))
kernel-objs := $(patsubst %,$(obj)/%.o,$(kernel-srcs))

# --- Flags -------------------------------------------------------------------------------------

CC := gcc
NASM := nasm
LD := ld

config := $(if $(call on,DEBUG),-DCONFIG_DEBUG=1) $(if $(call on,KASAN),-DCONFIG_KASAN=1) \
	$(if $(call on,UBSAN),-DCONFIG_UBSAN=1)

includes := -nostdinc -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) \
	-isystem build/uapi -Isrc -Isrc/kernel -Ibuild/gen

cflags := -std=gnu11 -O2 -g -ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-pic -fno-pie -fno-strict-aliasing -fno-omit-frame-pointer -fno-common \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-ffile-prefix-map=$(CURDIR)=. -fno-ident \
	-Wall -Wextra -Wshadow -Wno-sign-compare -Wno-unused-parameter \
	-Werror=implicit-function-declaration -Werror=incompatible-pointer-types \
	-Werror=int-conversion -Werror=return-type

ifneq ($(filter 1 true yes,$(CI) $(WERROR)),)
werror := -Werror
endif

# shadow(address) = (address >> 3) + 0xdffff00000000000: see src/kernel/mm/layout.h.
ifneq ($(call on,KASAN),)
sanitize += -fsanitize=kernel-address -fasan-shadow-offset=0xdffff00000000000 \
	--param asan-instrumentation-with-call-threshold=0 --param asan-globals=1 --param asan-stack=0
endif
ifneq ($(call on,UBSAN),)
sanitize += -fsanitize=undefined -fno-sanitize=alignment
endif

nasmflags := -f elf64 -g -Isrc/ -Isrc/kernel/ -I$(obj)/ $(config) -Werror

# Instrumented code hides from GCC that a variable is set.
sanitize := $(if $(sanitize),$(sanitize) -Wno-maybe-uninitialized)

flags-of = $(cflags) $(config) $(if $(filter $(1),$(nosan-srcs)),,$(sanitize)) $(cflags-$(1))

# --- The kernel --------------------------------------------------------------------------------

quiet = $(if $(V),,@printf '  %-7s %s\n' $(1) '$(2)';)

kernel: $(kernel)

# Objects depend on the flags they were built with.
$(obj)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(cflags) $(config) $(sanitize)' | cmp -s - $@ || echo '$(cflags) $(config) $(sanitize)' >$@

# The ABI's headers without libc's.
build/uapi/linux:
	@mkdir -p build/uapi
	@ln -sfn /usr/include/asm-generic build/uapi/asm-generic
	@ln -sfn /usr/include/x86_64-linux-gnu/asm build/uapi/asm
	@ln -sfn /usr/include/linux build/uapi/linux

# <linux/input.h> wants three of libc's headers; of what is in them it uses what is here.
build/uapi/sys:
	@mkdir -p $@
	@echo '#include <linux/time.h>' >$@/time.h
	@echo '#include <linux/ioctl.h>' >$@/ioctl.h
	@: >$@/types.h

# The names of Linux's calls: [number] = "name", for syscall/names.c.
build/gen/syscall_names.inc: build/uapi/linux
	@mkdir -p $(@D)
	@sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' build/uapi/asm/unistd_64.h >$@

$(obj)/src/kernel/syscall/names.c.o: build/gen/syscall_names.inc

# Glyphs from Debian's console fonts, for video/font.c.
build/gen/console_font.inc: tools/mkfont.py
	@mkdir -p $(@D)
	@tools/mkfont.py >$@

$(obj)/src/drivers/video/font.c.o: build/gen/console_font.inc

$(obj)/%.c.o: %.c $(obj)/flags | build/uapi/linux build/uapi/sys
	@mkdir -p $(@D)
	$(call quiet,CC,$<) $(CC) $(call flags-of,$<) $(werror) $(includes) -MMD -MP -c -o $@ $<

$(obj)/%.asm.o: %.asm $(obj)/flags
	@mkdir -p $(@D)
	$(call quiet,NASM,$<) $(NASM) $(nasmflags) -MD $(@:.o=.d) -MP -o $@ $<

# The vDSO runs in user mode, anywhere: flags of its own, none of the kernel's checks.
vdso-objs := $(patsubst %,$(obj)/%.o,$(vdso-srcs))
vdso-cflags := -std=gnu11 -O2 -ffreestanding -fpic -fvisibility=hidden -mgeneral-regs-only \
	-fomit-frame-pointer -fasynchronous-unwind-tables -fno-stack-protector -fcf-protection=none \
	-ffile-prefix-map=$(CURDIR)=. -fno-ident -Wall -Wextra -Wshadow -Wno-sign-compare

$(vdso-objs): $(obj)/%.c.o: %.c $(obj)/flags Makefile | build/uapi/linux
	@mkdir -p $(@D)
	$(call quiet,CC,$<) $(CC) $(vdso-cflags) $(werror) $(includes) -MMD -MP -c -o $@ $<

$(obj)/vdso.so: $(vdso-objs) src/vdso/vdso.ld
	$(call quiet,LD,$@) $(LD) -shared -Bsymbolic -z defs -z max-page-size=4096 -z noexecstack \
		--hash-style=both --build-id=none --eh-frame-hdr -soname linux-vdso.so.1 --strip-all \
		-T src/vdso/vdso.ld -o $@ $(vdso-objs)

$(obj)/src/vdso/image.asm.o: $(obj)/vdso.so

-include $(kernel-objs:.o=.d) $(vdso-objs:.o=.d)

link = $(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
	--build-id=none -T src/boot/kernel.ld
ksyms = $(NASM) -f elf64 -o

# The symbol table holds addresses of the kernel it is part of: see tools/mksymbols.py.
$(kernel): $(kernel-objs) src/boot/kernel.ld tools/mksymbols.py $(obj)/list
	$(call quiet,LD,$@)
	@tools/mksymbols.py --empty >$(obj)/ksyms.asm && $(ksyms) $(obj)/ksyms.o $(obj)/ksyms.asm
	@$(link) -o $(obj)/pass.elf $(kernel-objs) $(obj)/ksyms.o
	@nm -n $(obj)/pass.elf | tools/mksymbols.py >$(obj)/ksyms.asm
	@for pass in 2 3 4; do \
		$(ksyms) $(obj)/ksyms.o $(obj)/ksyms.asm && \
		$(link) -Map=$(obj)/skerry.map -o $(obj)/pass.elf $(kernel-objs) $(obj)/ksyms.o && \
		nm -n $(obj)/pass.elf | tools/mksymbols.py >$(obj)/ksyms.new && \
		cmp -s $(obj)/ksyms.new $(obj)/ksyms.asm && exec mv $(obj)/pass.elf $@; \
		mv $(obj)/ksyms.new $(obj)/ksyms.asm; \
	done; echo "link: the symbol table does not settle" >&2; exit 1

# Relink when a file leaves the list.
$(obj)/list: FORCE
	@mkdir -p $(@D)
	@echo '$(kernel-objs)' | cmp -s - $@ || echo '$(kernel-objs)' >$@

# GRUB would load every section, debug information too.
$(boot-kernel): $(kernel)
	@objcopy --strip-all $< $@

size: $(kernel)
	@size -A -d $(kernel) | awk '$$2 > 0 { print } \
		$$3 > 0 && $$1 !~ /^\.(bss|percpu)/ { n += $$2 } END { print "loaded, without bss:", n }'

# --- The ISO -----------------------------------------------------------------------------------
# Paths that the caller gives are relative to where make was called (`make -C` included).

ifndef SKERRY_CALLER
export SKERRY_CALLER := $(if $(shell tr '\0' '\n' </proc/$$PPID/cmdline | \
	grep -E '^(-[a-zA-Z]*C|--directory)'),$(or $(PWD),$(CURDIR)),$(CURDIR))
endif
from-caller = $(if $(1),$(if $(filter /%,$(1)),$(1),$(SKERRY_CALLER)/$(1)))

# A name of a built-in list, or a file.
userland := $(or $(if $(wildcard iso/userland/$(USERLAND).list),$(USERLAND)),\
	$(wildcard $(call from-caller,$(USERLAND))),$(USERLAND),small)
iso-out := $(or $(call from-caller,$(OUT)),$(default-iso))

iso: $(boot-kernel)
	$(call quiet,ISO,$(iso-out)) tools/mkiso.py --kernel $(boot-kernel) --out '$(iso-out)' \
		--userland '$(userland)' \
		$(if $(OVERLAY),--overlay '$(call from-caller,$(OVERLAY))') \
		$(if $(ROOTFS),--rootfs '$(call from-caller,$(ROOTFS))') \
		$(if $(OWNERS),--owners '$(call from-caller,$(OWNERS))') \
		$(if $(ENTRY),--entry '$(ENTRY)') $(if $(MENU),--menu '$(MENU)')

# --- Running -----------------------------------------------------------------------------------

run-flags = --iso '$(default-iso)' $(if $(SMP),--smp $(SMP)) $(if $(MEM),--mem $(MEM)) \
	$(if $(DISPLAY)$(WAYLAND_DISPLAY),--window) --append-qemu="$$QEMU_ARGS"
# First what is missing is installed, then make starts anew, with the tools there.
prepared = @tools/setup && $(MAKE) --no-print-directory iso OUT=

setup:
	@tools/setup

run:
	$(prepared) && tools/run.py $(run-flags) --machine pc --reboot

run-uefi:
	$(prepared) && tools/run.py $(run-flags) --firmware uefi --reboot

run-usb:
	$(prepared) && tools/run.py $(run-flags) --media usb --reboot

run-bochs:
	$(prepared) && tools/run.py $(run-flags) --emulator bochs

debug:
	@tools/setup && $(MAKE) --no-print-directory iso DEBUG=1 OUT=
	@tools/debug build/obj-debug/skerry.elf build/skerry-debug.iso \
		$(if $(SMP),--smp $(SMP)) $(if $(MEM),--mem $(MEM)) --append-qemu="$$QEMU_ARGS"

test:
	@tools/setup && tools/run-tests $(SUITES)

test-long:
	@tools/setup && tools/run-tests --long

bench:
	@tools/setup && tests/bench/run.py $(if $(SMP),--smp $(SMP)) $(BENCH_ARGS)

clean:
	rm -rf build

help:
	@sed -n '/^#=/s/^#= \{0,1\}//p' Makefile
#= make                 build/skerry.iso: BIOS and UEFI, for CD, disk and USB stick
#= make run             boot it in QEMU (BIOS): the serial line here, and a window if there is a display
#= make run-uefi        the same under UEFI
#= make run-usb         the same from a USB stick (xHCI)
#= make run-bochs       the same in Bochs; the serial line is shown, not typed on
#= make debug           wait for gdb, with symbols (a DEBUG=1 build)
#=     with SMP=n MEM=mib QEMU_ARGS='...'
#= make test            all that CI runs; SUITES='unit boot ...' picks some; WERROR=1 as CI
#= make test-long       what takes hours: 100 boots in a row, a root of 600 MB
#= make bench           Skerry beside Debian's Linux in the same QEMU, by instruction counts;
#=     with SMP=n by wall time, and how both scale; BENCH_ARGS='--only pipe_* ...'
#= make iso             an ISO of your own:
#=     OUT=file         where to put it (build/skerry.iso)
#=     OVERLAY=dir      files laid over the root file system
#=     CMDLINE='...'    appended to the kernel command line of the default entry
#=     USERLAND=name    small, default, or a file with a Debian package a line
#=     ROOTFS=dir       this directory is the whole root file system
#=     OWNERS=file      lines `uid:gid path`; all else belongs to 0:0
#=     ENTRY=name       the default entry: normal, verbose, text, single or selftest
#=     MENU=seconds     show the boot menu that long
#= make kernel          only the kernel, build/obj-release/skerry.elf
#= make size            its sections
#= make setup           install by apt what the above need
#= make clean           remove build/
#= V=1 shows the commands
#= DEBUG=1 KASAN=1 UBSAN=1 combine with all of these: assertions, memory and behaviour checks
