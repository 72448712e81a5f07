/* SPDX-License-Identifier: MIT */
/* What fork copies and what it does not: memory, offsets, signals, timers, ids. */

#include "../abi.h"

static int global = 1;

static void handler(int s)
{
	global += 100;
}

TEST
{
	int local = 2;
	int *priv = map_anon(PAGE, PROT_READ | PROT_WRITE);
	int *shared = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	sigset_t set, pend;
	struct itimerval it;
	pid_t me = getpid();

	*priv = 3;
	on_signal(SIGUSR1, handler, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	umask(027);
	int fds = MUST(open("f", O_RDWR | O_CREAT, 0644));
	alarm(30);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		sigpending(&pend);
		YES("pending not copied", !sigismember(&pend, SIGUSR2));
		sigprocmask(SIG_BLOCK, NULL, &set);
		YES("mask copied", sigismember(&set, SIGUSR2));
		getitimer(ITIMER_REAL, &it);
		YES("alarm not copied", it.it_value.tv_sec == 0);
		YES("other pid", getpid() != me);
		YES("parent", getppid() == me);
		YES("group", getpgrp() == getpgid(me));
		say("umask %o", umask(0));
		raise(SIGUSR1);
		say("handler copied %d", global);
		local++, *priv += 10, *shared = 77;
		lseek(fds, 55, SEEK_SET);
		chdir("/");
		struct rusage ru;
		getrusage(RUSAGE_CHILDREN, &ru);
		YES("children's usage zero", ru.ru_utime.tv_sec == 0 && ru.ru_minflt == 0);
		_exit(0);
	}
	int st;
	waitpid(pid, &st, 0);
	say_status("child", st);
	say("global %d local %d private %d shared %d", global, local, *priv, *shared);
	CALL("offset shared", lseek(fds, 0, SEEK_CUR));
	say("umask own %o", umask(0));
	char cwd[100];
	getcwd(cwd, 100);
	YES("cwd own", !strcmp(cwd, scratch));
	sigpending(&pend);
	YES("still pending here", sigismember(&pend, SIGUSR2));
}
