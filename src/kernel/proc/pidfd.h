/* SPDX-License-Identifier: MIT */
#pragma once

#include <proc/process.h>

struct file;

/* A file that stands for the process (or thread) `p`. flags: O_NONBLOCK. -ENOMEM. */
int pidfd_file_new(struct pid *p, int flags, struct file **out);
/* The pid behind a pidfd, referenced; NULL when `f` is none. */
struct pid *pidfd_pid(struct file *f);
