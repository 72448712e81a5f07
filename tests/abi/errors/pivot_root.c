/* SPDX-License-Identifier: MIT */
/* pivot_root: what it refuses. */

#include "../abi.h"

TEST
{
	NEED(pivot_root);
	CALL("not a mount", syscall(SYS_pivot_root, ".", "."));
	CALL("missing", syscall(SYS_pivot_root, "nope", "."));
	make_file("f", "");
	CALL("a file", syscall(SYS_pivot_root, "f", "."));
	CHILD("as nobody") {
		become_nobody();
		CALL("pivot_root", syscall(SYS_pivot_root, ".", "."));
	}
}
