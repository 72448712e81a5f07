/* SPDX-License-Identifier: MIT */
/* tee duplicates without consuming; vmsplice feeds a pipe from memory. */

#include "../abi.h"

TEST
{
	int a[2], b[2];
	char buf[32] = "";

	NEED(tee);
	NEED(vmsplice);
	NEED(splice);
	MUST(pipe2(a, O_NONBLOCK));
	MUST(pipe2(b, O_NONBLOCK));
	MUST(write(a[1], "payload", 7));
	CALL("tee", tee(a[0], b[1], 100, 0));
	CALL("copy", read(b[0], buf, 31));
	say("text %s", buf);
	CALL("original", read(a[0], buf, 31));
	CALL("tee of empty", tee(a[0], b[1], 100, SPLICE_F_NONBLOCK));
	CALL("tee to itself", tee(a[0], a[1], 100, 0));
	struct iovec v[] = { { "one", 3 }, { "two", 3 } };
	CALL("vmsplice", vmsplice(a[1], v, 2, 0));
	CALL("read", read(a[0], buf, 31));
	say("text %.6s", buf);
	MUST(write(a[1], "moved", 5));
	CALL("splice pipe to pipe", splice(a[0], NULL, b[1], NULL, 3, 0));
	CALL("read", read(b[0], buf, 31));
	CALL("rest", read(a[0], buf, 31));
	CALL("splice of empty", splice(a[0], NULL, b[1], NULL, 3, SPLICE_F_NONBLOCK));
	CALL("splice bad flags", splice(a[0], NULL, b[1], NULL, 3, 0x100));
	make_file("f", "x");
	CALL("vmsplice on a file", vmsplice(MUST(open("f", O_RDWR)), v, 2, 0));
}
