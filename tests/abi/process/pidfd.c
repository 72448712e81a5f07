/* SPDX-License-Identifier: MIT */
/* pidfd_open, pidfd_send_signal, poll on a pidfd. */

#include "../abi.h"

TEST
{
	pid_t pid = MUST(fork());
	if (pid == 0)
		for (;;)
			pause();
	int fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		skip("pidfd_open: %s", errname(errno));
	CALL("cloexec", fcntl(fd, F_GETFD));
	struct pollfd p = { fd, POLLIN, 0 };
	CALL("alive", poll(&p, 1, 0));
	CALL("signal 0", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	CALL("flags", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0x100));
	CALL("bad signal", syscall(SYS_pidfd_send_signal, fd, 999, NULL, 0));
	CALL("kill", syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	CALL("ended", poll(&p, 1, 20000));
	YES("readable", p.revents & POLLIN);
	waitpid(pid, NULL, 0);
	CALL("after reaping", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	CALL("no such process", syscall(SYS_pidfd_open, pid, 0));
	CALL("bad pid", syscall(SYS_pidfd_open, -1, 0));
	CALL("bad flags", syscall(SYS_pidfd_open, getpid(), 0x40));
	CALL("not a pidfd", syscall(SYS_pidfd_send_signal, 1, 0, NULL, 0));
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	CALL("read", read(fd, &p, 1));
}
