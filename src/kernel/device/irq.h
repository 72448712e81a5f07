/* SPDX-License-Identifier: MIT */
/* Interrupts for drivers. */
#pragma once

#include <arch/irq.h>

struct regs;

enum irq_result { IRQ_NONE, IRQ_HANDLED };

/* Interrupt context, interrupts off.  IRQ_NONE: not my device (shared lines). */
typedef enum irq_result (*irq_handler)(void *arg);

/* Serves `gsi`; handlers of a level line are chained.  May sleep.  -ENXIO, -EBUSY, -ENOMEM, -ENOSPC. */
int irq_request(unsigned gsi, enum irq_trigger trigger, const char *name, irq_handler fn, void *arg);
/* The same for an ISA line, overrides applied. */
int irq_request_isa(unsigned isa, const char *name, irq_handler fn, void *arg);
void irq_release(unsigned gsi, void *arg);

/* A vector of its own (MSI, MSI-X): *vector and the CPU are for irq_msi_message. */
int irq_vector_alloc(const char *name, irq_handler fn, void *arg, unsigned *vector);
void irq_vector_free(unsigned vector);

void irq_init(void);
/* /proc/interrupts: text of line i; false past the end. */
bool irq_describe(unsigned i, char *buf, size_t size);
u64 irq_count_total(void);
/* A number that depends on when interrupts came, for the random-number generator's seed. */
u64 irq_entropy(void);
