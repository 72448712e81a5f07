/* SPDX-License-Identifier: MIT */
/* Pseudo terminals and their file system. */
#pragma once

#include <tty/tty.h>

enum { PTY_MAX = 4096 };

/* pty.c */
void pty_init(void);
extern const struct file_ops ptmx_ops;

/* devpts.c: one instance, which all mounts show. */
int devpts_init(void);
/* The node of slave `t`, owned by the current task. -ENOMEM. */
int devpts_add(struct tty *t);
void devpts_remove(struct tty *t);
