/* SPDX-License-Identifier: MIT */
/* renameat2 with RENAME_NOREPLACE and RENAME_EXCHANGE. */

#include "../abi.h"
#include <linux/fs.h>

static long renameat2_raw(const char *a, const char *b, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

TEST
{
	make_file("a", "A");
	make_file("b", "B");
	MUST(mkdir("d", 0755));
	make_file("d/in", "");
	CALL("noreplace on existing", renameat2_raw("a", "b", RENAME_NOREPLACE));
	CALL("noreplace on new", renameat2_raw("a", "c", RENAME_NOREPLACE));
	CALL("exchange", renameat2_raw("b", "c", RENAME_EXCHANGE));
	say("b %s", file_text("b"));
	say("c %s", file_text("c"));
	CALL("exchange file and dir", renameat2_raw("b", "d", RENAME_EXCHANGE));
	CALL("b is the directory", access("b/in", F_OK));
	CALL("exchange with missing", renameat2_raw("c", "nope", RENAME_EXCHANGE));
	CALL("both flags", renameat2_raw("c", "d", RENAME_EXCHANGE | RENAME_NOREPLACE));
	CALL("unknown flag", renameat2_raw("c", "d", 0x80));
	CALL("plain", renameat2_raw("c", "x", 0));
}
