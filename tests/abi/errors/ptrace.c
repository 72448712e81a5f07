/* SPDX-License-Identifier: MIT */
/* ptrace: a process that is not there, not traced, or the caller itself. */

#include "../abi.h"

#define PTRACE_CONT 7
#define PTRACE_ATTACH 16

TEST
{
	NEED(ptrace);
	CALL("nobody", syscall(SYS_ptrace, 9999, 999999, 0, 0));
	CALL("continue nobody", syscall(SYS_ptrace, PTRACE_CONT, 999999, 0, 0));
	CALL("attach to itself", syscall(SYS_ptrace, PTRACE_ATTACH, getpid(), 0, 0));
	CALL("continue the parent", syscall(SYS_ptrace, PTRACE_CONT, getppid(), 0, 0));
}
