/* SPDX-License-Identifier: MIT */
#pragma once

#include <proc/process.h>

/* Registers the killer with the frame allocator. */
void oom_init(void);
/* How much killing `p` would help, in pages; 0: it must live. tree_lock held. */
u64 oom_badness(struct process *p, u64 total_pages);
