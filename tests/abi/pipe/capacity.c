/* SPDX-License-Identifier: MIT */
/* How much a pipe holds, what O_NONBLOCK says when it is full, PIPE_BUF atomicity. */

#include "../abi.h"

TEST
{
	int p[2], n = 0;
	static char block[200000];

	MUST(pipe2(p, O_NONBLOCK));
	while (write(p[1], block, 4096) == 4096)
		n++;
	say("pages %d then %s", n, errname(errno));
	CALL("one byte more", write(p[1], block, 1));
	CALL("read 100", read(p[0], block, 100));
	CALL("still no page free", write(p[1], block, 4096));
	CALL("read a page", read(p[0], block, 4096));
	CALL("4096 is all or nothing", write(p[1], block, 4096));
	while (read(p[0], block, sizeof(block)) > 0)
		;
	CALL("big non-blocking write is partial", write(p[1], block, sizeof(block)));
	CALL("drain", read(p[0], block, sizeof(block)));
	CALL("shrink", fcntl(p[1], F_SETPIPE_SZ, 4096));
	CALL("fits", write(p[1], block, 4096));
	CALL("full", write(p[1], block, 1));
	CALL("grow", fcntl(p[1], F_SETPIPE_SZ, 1 << 20));
	CALL("more room", write(p[1], block, sizeof(block)));
	CALL("shrink below content", fcntl(p[1], F_SETPIPE_SZ, 4096));
	for (int i = 0; i < 10 && read(p[0], block, sizeof(block)) > 0; i++)
		;
	n = 0;
	while (write(p[1], "b", 1) == 1 && n < 100000)
		n++;
	YES("single bytes merge", n >= 65536);
}
