/* SPDX-License-Identifier: MIT */
/* Vector state of user tasks (theory in fpu.c). */
#pragma once

#include <lib/compiler.h>

struct task;

/* Gives `child` a copy of the current task's vector state. -ENOMEM. */
int fpu_fork(struct task *child);
/* Puts the current task's registers into their initial state, as exec wants; panics if it has no
 * save area yet and there is no memory for one. */
void fpu_reset(void);
void fpu_free(struct task *t);

/* Bytes that a signal frame's vector state takes, the closing magic included; a multiple of 4. */
size_t fpu_frame_size(void);
/* Writes the current task's registers to user memory at `p`, 64-byte aligned. -EFAULT. */
int fpu_frame_save(u64 p);
/* Loads them from there; 0: initial state. -EFAULT, which leaves the initial state, too. */
int fpu_frame_load(u64 p);
/* Does the frame have an XSAVE image (else FXSAVE only)? */
bool fpu_frame_extended(void);
