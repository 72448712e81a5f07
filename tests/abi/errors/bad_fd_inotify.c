/* SPDX-License-Identifier: MIT */
/* The inotify calls say EBADF for a descriptor that is not open. */

#include "bad_fd.h"

static const struct try tries[] = {
	{ "inotify_add_watch", SYS_inotify_add_watch, { 0, (long)".", 1 } },
	{ "inotify_rm_watch", SYS_inotify_rm_watch, { 0, 1 } },
};

TEST
{
	NEED(inotify_rm_watch);
	try_bad_fds(tries, COUNT(tries));
}
