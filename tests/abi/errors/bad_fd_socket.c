/* SPDX-License-Identifier: MIT */
/* The socket calls say EBADF for a descriptor that is not open. */

#include "bad_fd.h"

static char buf[4096];

static const struct try tries[] = {
	{ "bind", SYS_bind, { 0, (long)buf, 16 } }, { "listen", SYS_listen, { 0, 1 } },
	{ "accept", SYS_accept, { 0, 0, 0 } }, { "connect", SYS_connect, { 0, (long)buf, 16 } },
	{ "shutdown", SYS_shutdown, { 0, 0 } }, { "sendto", SYS_sendto, { 0, (long)buf, 1 } },
	{ "recvfrom", SYS_recvfrom, { 0, (long)buf, 1 } },
};

TEST
{
	NEED(bind);
	try_bad_fds(tries, COUNT(tries));
}
