/* SPDX-License-Identifier: MIT */
/* setuid family: what each id becomes, going back, giving up for good. */

#include "../abi.h"

static void show(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	say("  uid %d %d %d gid %d %d %d", r, e, s, gr, ge, gs);
}

TEST
{
	show();
	say("%d %d %d %d", getuid(), geteuid(), getgid(), getegid());
	CHILD("setuid as root drops all") {
		CALL("setgid", syscall(SYS_setgid, 20));
		CALL("setuid", syscall(SYS_setuid, 10));
		show();
		CALL("back", syscall(SYS_setuid, 0));
		CALL("seteuid", syscall(SYS_setresuid, -1, 0, -1));
		CALL("setgid", syscall(SYS_setgid, 0));
	}
	CHILD("seteuid and back") {
		CALL("down", syscall(SYS_setresuid, -1, 1000, -1));
		show();
		CALL("up", syscall(SYS_setresuid, -1, 0, -1));
		show();
	}
	CHILD("setreuid") {
		CALL("swap in", syscall(SYS_setreuid, 5, 6));
		show();
		CALL("swap", syscall(SYS_setreuid, 6, 5));
		show();
		CALL("other", syscall(SYS_setreuid, 7, -1));
	}
	CHILD("setresuid as user") {
		MUST(syscall(SYS_setresuid, 1, 2, 3));
		show();
		CALL("permute", syscall(SYS_setresuid, 3, 1, 2));
		show();
		CALL("foreign", syscall(SYS_setresuid, 9, -1, -1));
		CALL("setuid to real", syscall(SYS_setuid, 3));
		show();
	}
	CHILD("groups") {
		gid_t g[4] = { 30, 10, 20, 10 };
		CALL("set", syscall(SYS_setgroups, 4, g));
		CALL("count", syscall(SYS_getgroups, 0, NULL));
		memset(g, 0, sizeof(g));
		CALL("get", syscall(SYS_getgroups, 4, g));
		say("%d %d %d %d", g[0], g[1], g[2], g[3]);
		CALL("too small", syscall(SYS_getgroups, 2, g));
		make_file("grp", "");
		chown("grp", 0, 20);
		chmod("grp", 0060);
		become_nobody();
		CALL("not in the group any more", access("grp", R_OK));
		CALL("setgroups as nobody", syscall(SYS_setgroups, 0, NULL));
	}
	CHILD("supplementary group opens") {
		gid_t g = 20;
		syscall(SYS_setgroups, 1, &g);
		make_file("grp", "");
		chown("grp", 0, 20);
		chmod("grp", 0060);
		MUST(syscall(SYS_setresgid, 77, 77, 77));
		MUST(syscall(SYS_setresuid, 77, 77, 77));
		OK("open", open("grp", O_RDWR));
		chmod("grp", 0);
	}
	CHILD("fsuid") {
		CALL("setfsuid", syscall(SYS_setfsuid, 55));
		CALL("ask", syscall(SYS_setfsuid, -1));
	}
}
