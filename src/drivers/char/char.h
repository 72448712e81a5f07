/* SPDX-License-Identifier: MIT */
/* The memory-like character devices, the random numbers and the log's device. */
#pragma once

#include <lib/types.h>

/* Registers null, zero, full, random, urandom, kmsg. */
void char_devices_init(void);
void random_devices_init(void);
void kmsg_init(void);

/* Seeds the generator with what there is at boot. Before the first address space. */
void random_init(void);
/* Bytes that nobody can predict, as far as the seed goes. Any context but NMI. */
void random_bytes(void *buf, size_t n);
/* Mixes data in that may hold entropy; none is counted. Any context but NMI. */
void random_mix(const void *data, size_t n);
/* Called with the cycle count at an interrupt: cheap. Interrupts off. */
void random_add_interrupt(u64 cycles);
/* Has enough entropy been seen? */
bool random_is_seeded(void);
