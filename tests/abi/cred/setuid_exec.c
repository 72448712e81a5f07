/* SPDX-License-Identifier: MIT */
/* Set-user-id programs, ids after exec, no_new_privs, AT_SECURE. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"
#include <sys/auxv.h>
#include <sys/prctl.h>

static void exec_hook(int argc, char **argv)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	say("  uid %d %d %d gid %d %d %d secure %ld", r, e, s, gr, ge, gs, getauxval(AT_SECURE));
	exit(0);
}

TEST
{
	static char image[400000];
	int fd = MUST(open(self_path, O_RDONLY));
	long n = read(fd, image, sizeof(image));
	int w = MUST(open("p", O_WRONLY | O_CREAT, 0755));

	MUST(write(w, image, n));
	close(w);
	CHILD("plain, as nobody") {
		become_nobody();
		execl("./p", "p", "x", NULL);
	}
	CHILD("real and effective differ: saved follows") {
		MUST(syscall(SYS_setresuid, 1, 2, 3));
		execl("./p", "p", "x", NULL);
	}
	MUST(chown("p", 100, 200));
	MUST(chmod("p", 06755));
	CHILD("set-id, as root") execl("./p", "p", "x", NULL);
	CHILD("set-id, as nobody") {
		become_nobody();
		execl("./p", "p", "x", NULL);
	}
	CHILD("no new privileges") {
		become_nobody();
		CALL("set", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		CALL("get", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
		CALL("unset", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
		execl("./p", "p", "x", NULL);
	}
	MUST(chmod("p", 02644));
	CHILD("no x bit, as nobody") {
		become_nobody();
		CALL("exec", execl("./p", "p", "x", NULL));
	}
	MUST(chmod("p", 0711));
	CHILD("x without r, as nobody") {
		become_nobody();
		execl("./p", "p", "x", NULL);
	}
}
