/* SPDX-License-Identifier: MIT */
/* SA_SIGINFO: who sent it, codes and values; the context has the instruction pointer. */

#include "../abi.h"
#include <ucontext.h>

static siginfo_t last;
static int good_context;

static void handler(int s, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	last = *si;
	good_context = uc->uc_mcontext.gregs[REG_RIP] > 0x1000 && uc->uc_mcontext.gregs[REG_RSP] != 0 &&
	    (char *)uc->uc_mcontext.gregs[REG_RSP] > (char *)&uc - 100000;
}

static void show(const char *name, pid_t from)
{
	say("%s: signo %d code %d errno %d from %s uid %d context %d", name, last.si_signo, last.si_code,
	    last.si_errno, last.si_pid == from ? "right" : "wrong", last.si_uid, good_context);
	memset(&last, 0, sizeof(last));
}

TEST
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	int st;

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	kill(getpid(), SIGUSR1);
	show("kill", getpid());
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	show("tgkill", getpid());
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 1234 });
	say("value %d", last.si_value.sival_int);
	show("sigqueue", getpid());
	pid_t pid = MUST(fork());
	if (pid == 0) {
		setresuid(5, 5, 5);
		_exit(9);
	}
	waitpid(pid, &st, 0);
	YES("status", last.si_status == 9 && last.si_code == CLD_EXITED);
	show("SIGCHLD", pid);
	pid = MUST(fork());
	if (pid == 0) {
		kill(getppid(), SIGUSR1);
		raise(SIGTERM);
	}
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR) /* by SIGUSR1, while the child still runs */
		;
	YES("killed", last.si_signo == SIGUSR1 || (last.si_code == CLD_KILLED && last.si_status == SIGTERM));
	siginfo_t fake = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	fake.si_pid = 42;
	CALL("rt_sigqueueinfo to oneself", syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &fake));
	say("forged pid %d", last.si_pid);
	fake.si_code = SI_USER;
	CALL("kernel code to another", syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &fake));
}
