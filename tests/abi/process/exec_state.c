/* SPDX-License-Identifier: MIT */
/* What execve keeps and resets: pid, ids, cwd, umask, mask, handlers, timers. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"
#include <sys/prctl.h>

static void exec_hook(int argc, char **argv)
{
	sigset_t mask, pend;
	struct sigaction sa;
	char buf[100];
	struct itimerval it;
	stack_t ss;

	YES("same pid", getpid() == atoi(argv[1]));
	getcwd(buf, sizeof(buf));
	YES("same cwd", !strcmp(buf, argv[2]));
	say("umask %o", umask(0));
	sigprocmask(SIG_BLOCK, NULL, &mask);
	YES("mask kept", sigismember(&mask, SIGUSR2) && !sigismember(&mask, SIGHUP));
	sigpending(&pend);
	YES("pending kept", sigismember(&pend, SIGUSR2));
	sigaction(SIGUSR1, NULL, &sa);
	YES("handler reset", sa.sa_handler == SIG_DFL);
	sigaction(SIGHUP, NULL, &sa);
	YES("ignored kept", sa.sa_handler == SIG_IGN);
	getitimer(ITIMER_REAL, &it);
	YES("alarm kept", it.it_value.tv_sec > 10);
	sigaltstack(NULL, &ss);
	YES("no alternate stack", ss.ss_flags == SS_DISABLE);
	prctl(PR_GET_NAME, buf);
	YES("name is the file's", !strncmp(buf, "exec_state", 10));
	say("nice %d", getpriority(PRIO_PROCESS, 0));
	struct rlimit rl;
	getrlimit(RLIMIT_NOFILE, &rl);
	say("limit %ld", (long)rl.rlim_cur);
	exit(0);
}

static void handler(int s)
{
}

TEST
{
	CHILD("exec") {
		char pid[12];
		sigset_t set;
		stack_t ss = { .ss_sp = malloc(16384), .ss_size = 16384 };
		struct rlimit rl = { 123, 456 };

		sprintf(pid, "%d", getpid());
		umask(031);
		on_signal(SIGUSR1, handler, 0);
		signal(SIGHUP, SIG_IGN);
		sigemptyset(&set);
		sigaddset(&set, SIGUSR2);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR2);
		sigaltstack(&ss, NULL);
		prctl(PR_SET_NAME, "other");
		setpriority(PRIO_PROCESS, 0, 5);
		setrlimit(RLIMIT_NOFILE, &rl);
		execl(self_path, "self", pid, scratch, NULL);
		say("exec: %s", errname(errno));
	}
}
