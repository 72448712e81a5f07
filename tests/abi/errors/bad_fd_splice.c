/* SPDX-License-Identifier: MIT */
/* splice, tee and vmsplice say EBADF for a descriptor that is not open. */

#include "bad_fd.h"

static char buf[4096];

static const struct try tries[] = {
	{ "splice", SYS_splice, { 0, 0, 0, 0, 10 } }, { "tee", SYS_tee, { 0, 0, 10 } },
	{ "tee to", SYS_tee, { 0, 0, 10 }, 1 }, { "vmsplice", SYS_vmsplice, { 0, (long)buf, 1 } },
};

TEST
{
	NEED(splice);
	NEED(tee);
	NEED(vmsplice);
	try_bad_fds(tries, COUNT(tries));
}
