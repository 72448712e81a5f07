/* SPDX-License-Identifier: MIT */
/* What the family-independent files of net/ share. */
#pragma once

#include <fs/files.h>
#include <fs/procfs/procfs.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <net/local/local.h>
#include <net/rights.h>
#include <net/socket.h>
#include <proc/cred.h>
#include <sched/task.h>
#include <sync/atomic.h>

extern u64 socket_default_limit, socket_send_max, socket_receive_max, socket_backlog_max;

const struct socket_family *socket_family_find(int family);

/* An address from user space. -EINVAL (too long), -EFAULT */
int address_get(struct address *a, uptr_t p, u32 length) must_check;
/* The address to `p`, cut to *length, which gets the full length. -EFAULT, -EINVAL */
int address_put(const struct address *a, uptr_t p, uptr_t length) must_check;

/*
 * The socket behind `fd` for the length of a call.
 *
 *   SOCKET_GUARD(s, fd);       if (!s) return s_error;
 */
#define SOCKET_GUARD(s, fd)                                                    \
	FD_GUARD(s##_file, fd);                                                \
	struct socket *s = likely(s##_file) ? file_socket(s##_file) : NULL;    \
	int s##_error = s##_file ? -ENOTSOCK : -EBADF
