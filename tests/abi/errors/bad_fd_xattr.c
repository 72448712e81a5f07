/* SPDX-License-Identifier: MIT */
/* The xattr calls say EBADF for a descriptor that is not open. */

#include "bad_fd.h"

static char buf[4096];

static const struct try tries[] = {
	{ "fgetxattr", SYS_fgetxattr, { 0, (long)"user.x", (long)buf, 10 } },
	{ "fsetxattr", SYS_fsetxattr, { 0, (long)"user.x", (long)buf, 10, 0 } },
	{ "flistxattr", SYS_flistxattr, { 0, (long)buf, 10 } },
	{ "fremovexattr", SYS_fremovexattr, { 0, (long)"user.x" } },
};

TEST
{
	NEED(fgetxattr);
	try_bad_fds(tries, COUNT(tries));
}
