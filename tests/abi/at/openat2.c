/* SPDX-License-Identifier: MIT */
/* openat2: resolve flags keep the walk inside; the struct's size is checked. */

#include "../abi.h"
#include <linux/openat2.h>

static long o2(int d, const char *p, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { flags, mode, resolve };
	long r = syscall(SYS_openat2, d, p, &how, sizeof(how));
	return r >= 0 ? 0 : -1;
}

TEST
{
	MUST(mkdir("d", 0755));
	make_file("d/f", "inside");
	make_file("out", "outside");
	MUST(symlink("../out", "d/up"));
	MUST(symlink("/out", "d/abs"));
	MUST(symlink("f", "d/in"));
	int d = MUST(open("d", O_RDONLY | O_DIRECTORY));

	CALL("plain", o2(d, "f", O_RDONLY, 0, 0));
	CALL("beneath", o2(d, "f", O_RDONLY, 0, RESOLVE_BENEATH));
	CALL("beneath dotdot", o2(d, "../out", O_RDONLY, 0, RESOLVE_BENEATH));
	CALL("beneath link up", o2(d, "up", O_RDONLY, 0, RESOLVE_BENEATH));
	CALL("beneath absolute", o2(d, "/out", O_RDONLY, 0, RESOLVE_BENEATH));
	CALL("in root dotdot", o2(d, "../f", O_RDONLY, 0, RESOLVE_IN_ROOT));
	CALL("in root absolute", o2(d, "/f", O_RDONLY, 0, RESOLVE_IN_ROOT));
	CALL("in root abs link", o2(d, "abs", O_RDONLY, 0, RESOLVE_IN_ROOT));
	CALL("no symlinks", o2(d, "in", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));
	CALL("no symlinks plain", o2(d, "f", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));
	CALL("no magic links", o2(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS));
	CALL("no crossing mounts", o2(AT_FDCWD, "/proc/self/stat", O_RDONLY, 0, RESOLVE_NO_XDEV));
	CALL("bad resolve", o2(d, "f", O_RDONLY, 0, 1 << 20));
	CALL("both", o2(d, "f", O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT));
	CALL("bad flags", o2(d, "f", 1ULL << 40, 0, 0));
	CALL("mode without creat", o2(d, "f", O_RDONLY, 0644, 0));
	CALL("creat", o2(d, "new", O_RDWR | O_CREAT, 0644, 0));
	struct { struct open_how how; uint64_t more; } big = { .how.flags = O_RDONLY };
	YES("longer and zero", syscall(SYS_openat2, d, "f", &big, sizeof(big)) >= 0);
	big.more = 1;
	CALL("longer and not zero", syscall(SYS_openat2, d, "f", &big, sizeof(big)));
	CALL("too short", syscall(SYS_openat2, d, "f", &big, 8));
	CALL("bad pointer", syscall(SYS_openat2, d, "f", bad_page(), sizeof(struct open_how)));
}
