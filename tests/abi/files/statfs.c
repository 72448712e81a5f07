/* SPDX-License-Identifier: MIT */
/* statfs and fstatfs of tmpfs and proc. */

#include "../abi.h"
#include <sys/vfs.h>
#include <linux/magic.h>

TEST
{
	struct statfs a, b;

	make_file("f", "x");
	CALL("statfs", statfs("f", &a));
	YES("tmpfs", a.f_type == TMPFS_MAGIC);
	say("bsize %ld namelen %ld", (long)a.f_bsize, (long)a.f_namelen);
	YES("free is not more than all", a.f_bfree <= a.f_blocks && a.f_bavail <= a.f_bfree);
	CALL("fstatfs", fstatfs(MUST(open("f", O_RDONLY)), &b));
	YES("same", a.f_type == b.f_type && a.f_blocks == b.f_blocks);
	CALL("proc", statfs("/proc/self", &a));
	YES("is proc", a.f_type == PROC_SUPER_MAGIC);
	CALL("missing", statfs("nope", &a));
	CALL("bad fd", fstatfs(99, &a));
	CALL("bad buffer", syscall(SYS_statfs, "f", bad_page()));
}
