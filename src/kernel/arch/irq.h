/* SPDX-License-Identifier: MIT */
/*
 * Interrupt vectors of the CPU and the chips that raise them (local APIC, I/O
 * APIC).  Generic code deals in GSIs (global system interrupts) and vectors;
 * device/irq.h is what drivers use.
 */
#pragma once

#include <lib/compiler.h>

#define IRQ_VECTOR_FIRST 0x30
#define IRQ_VECTOR_LAST 0xdf

enum irq_trigger { IRQ_EDGE_HIGH, IRQ_EDGE_LOW, IRQ_LEVEL_HIGH, IRQ_LEVEL_LOW };

/* ISA line (0..15) to GSI with the MADT's overrides applied; *trigger as firmware says. */
unsigned irq_isa_to_gsi(unsigned isa, enum irq_trigger *trigger);

/* Number of GSIs that the I/O APICs have; 0 without any. */
unsigned irq_gsi_count(void);

/* Routes `gsi` to `vector` on `cpu`, masked.  -ENXIO: no such GSI. */
int irq_chip_route(unsigned gsi, unsigned vector, unsigned cpu, enum irq_trigger trigger);
void irq_chip_mask(unsigned gsi);
void irq_chip_unmask(unsigned gsi);

/* Message that raises `vector` on `cpu`, for MSI and MSI-X. */
void irq_msi_message(unsigned vector, unsigned cpu, u64 *address, u32 *data);

/* Acknowledges the interrupt being served. */
void irq_eoi(void);

/*
 * The interrupt that runs irq_work_run(): to this CPU (any context, NMI included; before the local
 * APIC is up nothing happens, and irq_chips_init sends it then), and to another.
 */
void ipi_self_work(void);
void ipi_work(unsigned cpu);

/* Makes another CPU look at need_resched and its task's work. Any context. */
void ipi_reschedule(unsigned cpu);

/*
 * Calls to other CPUs.  ipi_call_cpus calls fn(arg), interrupts off there, on each CPU of the mask that is online and not this
 * one, and returns when all have returned.  Interrupts on, no spinlock held that any CPU waits for with interrupts off
 * (theory in ipi.c).  fn must not do the like.
 */
void ipi_call_cpus(u64 cpus, void (*fn)(void *), void *arg);
void ipi_call_others(void (*fn)(void *), void *arg);

/* A call that is not waited for: the struct, zero at first, is in use until `busy` is 0. */
struct ipi_call {
	struct ipi_call *next;
	void (*fn)(void *arg);
	void *arg;
	u32 busy; /* atomic */
};
/* Any context but NMI. False: the struct's last call has not been made yet. */
bool ipi_call_async(unsigned cpu, struct ipi_call *c, void (*fn)(void *), void *arg);

/* For /proc/interrupts: how many of each CPU `cpu` has got. */
u64 nmi_count(unsigned cpu);
u64 ipi_reschedules(unsigned cpu);
u64 ipi_calls(unsigned cpu);

/*
 * Makes another CPU log its registers' place and backtrace, by an NMI: whatever it does. Not in NMIs.
 * False: it did not within a while.
 */
bool ipi_dump(unsigned cpu);

/* Stops all other CPUs (panic, power off). */
void ipi_stop_others(void);
/* Where that caught CPU `cpu`; NULL: it has not stopped. */
struct regs;
const struct regs *ipi_stopped_at(unsigned cpu);
