/* SPDX-License-Identifier: MIT */
/* Copying text from one place of a terminal to another's input (TIOCLINUX 2, 3 and 5): for gpm(8). */
#pragma once

#include <tty/vt_internal.h>

/* A struct tiocl_selection. -EINVAL: no such mode. */
s64 vt_selection_set(uptr_t arg, struct tty *t);
/* What was selected becomes input of `t`. Sleeps while that is full. -ERESTARTSYS */
s64 vt_selection_paste(struct tty *t);
/* Which characters make a word: 256 bits behind four bytes. */
s64 vt_selection_words(uptr_t arg);
/* `v` is being given up. vt_mutex held. */
void vt_selection_forget(struct vt *v);
