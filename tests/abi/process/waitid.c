/* SPDX-License-Identifier: MIT */
/* waitid: siginfo, WNOWAIT, WEXITED needed, id types, P_PIDFD. */

#include "../abi.h"

static pid_t child;

static void show(const char *name, const siginfo_t *si)
{
	static const char *const codes[] = {
		"?", "EXITED", "KILLED", "DUMPED", "TRAPPED", "STOPPED", "CONTINUED",
	};
	say("%s: signo %d code %s status %d pid %s uid %d", name, si->si_signo,
	    codes[si->si_code > 0 && si->si_code < 7 ? si->si_code : 0], si->si_status,
	    si->si_pid == child ? "child" : si->si_pid ? "other" : "0", si->si_uid);
}

TEST
{
	siginfo_t si;
	int st;

	CALL("no child", waitid(P_ALL, 0, &si, WEXITED));
	if ((child = MUST(fork())) == 0)
		_exit(42);
	await_state(child, 'Z');
	memset(&si, 0, sizeof(si));
	CALL("WNOWAIT", waitid(P_PID, child, &si, WEXITED | WNOWAIT));
	show("peek", &si);
	CALL("no WEXITED", waitid(P_PID, child, &si, 0));
	CALL("only WSTOPPED", waitid(P_PID, child, &si, WSTOPPED | WNOHANG));
	CALL("take", waitid(P_ALL, 0, &si, WEXITED));
	show("take", &si);
	CALL("gone", waitid(P_PID, child, &si, WEXITED));
	if ((child = MUST(fork())) == 0) {
		raise(SIGSTOP);
		pause();
	}
	CALL("stopped", waitid(P_PID, child, &si, WSTOPPED));
	show("stopped", &si);
	memset(&si, 0x11, sizeof(si));
	CALL("WNOHANG nothing", waitid(P_PID, child, &si, WEXITED | WNOHANG));
	say("signo %d pid %d", si.si_signo, si.si_pid);
	kill(child, SIGCONT);
	CALL("continued", waitid(P_PID, child, &si, WCONTINUED));
	show("continued", &si);
	kill(child, SIGKILL);
	CALL("killed", waitid(P_PGID, getpgrp(), &si, WEXITED));
	show("killed", &si);
	CALL("bad type", waitid(99, 1, &si, WEXITED));
	CALL("negative pid", waitid(P_PID, -1, &si, WEXITED));
	if ((child = MUST(fork())) == 0)
		_exit(1);
	CALL("null siginfo", syscall(SYS_waitid, P_PID, child, NULL, WEXITED, NULL));
	if ((child = MUST(fork())) == 0)
		_exit(6);
	int pfd = syscall(SYS_pidfd_open, child, 0);
	if (pfd < 0)
		say("pidfd_open: %s", errname(errno));
	CALL("P_PIDFD", waitid(3, pfd, &si, WEXITED));
	show("by pidfd", &si);
	CALL("nothing left", waitpid(-1, &st, 0));
}
