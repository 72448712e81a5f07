/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables.  `PERCPU u64 nr_switches;` reserves a zero-initialised
 * slot in section .percpu; each CPU reaches its own copy through its GS base,
 * which holds the distance from the section to that CPU's copy (0 on CPU 0,
 * whose copy is the section itself, so per-CPU variables work from the first
 * C line on).
 *
 *   this_cpu_read(v) this_cpu_write(v, x) this_cpu_add(v, n)   one instruction each
 *   this_cpu_ptr(v)    address of this CPU's copy; the caller stays on this CPU
 *   per_cpu_ptr(v, c)  address of CPU c's copy
 */
#pragma once

#include <lib/compiler.h>

#define MAX_CPUS 64

#define PERCPU __attribute__((section(".percpu"), aligned(8)))

#include <arch/x86_64/percpu.h>

#define per_cpu_ptr(var, cpu) \
	((__typeof__(var) *)((u64)&(var) + percpu_offset[cpu]))
#define this_cpu_ptr(var) ((__typeof__(var) *)((u64)&(var) + percpu_this_offset()))

extern u64 percpu_offset[MAX_CPUS]; /* immutable once the CPU is online */
