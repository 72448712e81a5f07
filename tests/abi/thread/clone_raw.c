/* SPDX-License-Identifier: MIT */
/* Raw clone: shared memory, files, TLS, tid words, exit wakes the futex; bad flags. */

#include "../abi.h"
#include <linux/futex.h>

static volatile int shared, child_tid = -1, parent_tid = -1;

static int body(void *arg)
{
	shared = 42;
	close((int)(intptr_t)arg);
	return 9;
}

static long raw_clone(unsigned long flags)
{
	long r = syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
	if (r == 0)
		syscall(SYS_exit_group, 0);
	return r < 0 ? -1 : 0;
}

TEST
{
	char *stack = map_anon(65536, PROT_READ | PROT_WRITE);
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644)), st;

	pid_t pid = clone(body, stack + 65536, SIGCHLD, (void *)(intptr_t)fd);
	waitpid(pid, &st, 0);
	say_status("like fork", st);
	say("shared %d fd %d", shared, fcntl(fd, F_GETFD));
	pid = clone(body, stack + 65536, CLONE_VM | SIGCHLD, (void *)(intptr_t)fd);
	waitpid(pid, &st, 0);
	say("CLONE_VM: shared %d fd %d", shared, fcntl(fd, F_GETFD));
	shared = 0;
	pid = clone(body, stack + 65536, CLONE_FILES | SIGCHLD, (void *)(intptr_t)fd);
	waitpid(pid, &st, 0);
	say("CLONE_FILES: shared %d fd %d", shared, fcntl(fd, F_GETFD));
	pid = clone(body, stack + 65536, CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD,
	    (void *)(intptr_t)fd, &parent_tid, NULL, &child_tid);
	waitpid(pid, &st, 0);
	YES("parent tid set", parent_tid == pid);
	say("child tid cleared %d", child_tid);
	pid = clone(body, stack + 65536, CLONE_VM, (void *)(intptr_t)fd);
	CALL("no exit signal: plain wait does not see it", waitpid(pid, &st, 0));
	CALL("__WCLONE does", waitpid(pid, &st, __WCLONE) == pid);
	pid = clone(body, stack + 65536, 254, (void *)(intptr_t)fd);
	CALL("exit signal that is none", waitpid(pid, &st, __WALL) == pid);
	CALL("__WALL with none", waitpid(-1, &st, __WALL));
	CALL("THREAD without SIGHAND", raw_clone(CLONE_THREAD));
	CALL("SIGHAND without VM", raw_clone(CLONE_SIGHAND | SIGCHLD));
	CALL("FS and NEWNS", raw_clone(CLONE_FS | CLONE_NEWNS | SIGCHLD));
	CALL("plain", raw_clone(SIGCHLD));
	wait(&st);
	YES("gettid is getpid", syscall(SYS_gettid) == getpid());
	CALL("set_tid_address", syscall(SYS_set_tid_address, &child_tid) == getpid());
	struct { uint64_t flags, pidfd, ctid, ptid, sig, stack, size, tls; } args = { .sig = SIGCHLD };
	long r = syscall(SYS_clone3, &args, sizeof(args));
	if (r == 0)
		_exit(21);
	waitpid(r, &st, 0);
	say_status("clone3", st);
	CALL("clone3 small", syscall(SYS_clone3, &args, 8));
	args.sig = 999;
	CALL("clone3 bad signal", syscall(SYS_clone3, &args, sizeof(args)));
}
