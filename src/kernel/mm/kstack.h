/* SPDX-License-Identifier: MIT */
/* The part of the kmap region that holds kernel stacks: see kstack.c. */
#pragma once

#include <arch/thread.h>

#define KSTACK_SLOT (2 * KSTACK_SIZE)
#define KSTACK_SLOTS 65536UL
#define KSTACK_ARENA_SIZE (KSTACK_SLOT * KSTACK_SLOTS)
