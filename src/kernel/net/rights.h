/* SPDX-License-Identifier: MIT */
/* Open files on their way in a message (SCM_RIGHTS), and the other control messages. */
#pragma once

#include <net/socket.h>

struct user;

struct rights {
	struct list link;       /* while it is being dropped */
	u32 count;
	bool counted;           /* the files are in flight: collect.c knows of them */
	struct user *user;      /* who sent them, referenced: for the limit */
	struct file *files[];   /* referenced */
};

/* Reads the control messages of a sendmsg into *t. -EINVAL, -EBADF, -EPERM, -ETOOMANYREFS, ... */
int control_get(struct transfer *t, uptr_t control, size_t length);
/* Writes what came with a message; *h gets the new controllen and flags. Descriptors are installed. */
void control_put(struct transfer *t, struct msghdr *h);

/* Another set of references to the same files; NULL. Not counted. */
struct rights *rights_copy(const struct rights *r);
/* Closes the files.  Never recursive, however deep the sockets in them are nested. */
void rights_drop(struct rights *r);
