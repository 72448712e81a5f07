/* SPDX-License-Identifier: MIT */
/* Signals and threads: directed, to the process, masks of their own, exec with threads. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"
#include <pthread.h>

static void exec_hook(int argc, char **argv)
{
	YES("one thread after exec", strstr(file_text("/proc/self/status"), "Threads:\t1\n"));
	YES("with the leader's pid", getpid() == atoi(argv[1]) && syscall(SYS_gettid) == getpid());
	exit(0);
}

static volatile long handled_by;
static volatile int ready;
static volatile long tid;

static void handler(int s)
{
	handled_by = syscall(SYS_gettid);
}

static void *waiter(void *arg)
{
	tid = syscall(SYS_gettid);
	ready = 1;
	while (!handled_by)
		sleep_ms(5);
	return NULL;
}

static void *execer(void *arg)
{
	char pid[12];
	sprintf(pid, "%d", getpid());
	execl(self_path, "self", pid, NULL);
	return NULL;
}

TEST
{
	sigset_t set;
	pthread_t t;

	on_signal(SIGUSR1, handler, 0);
	pthread_create(&t, NULL, waiter, NULL);
	while (!ready)
		sleep_ms(1);
	CALL("tgkill", syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	pthread_join(t, NULL);
	YES("in that thread", handled_by == tid && tid != getpid());
	handled_by = ready = 0;
	pthread_create(&t, NULL, waiter, NULL);
	while (!ready)
		sleep_ms(1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	pthread_join(t, NULL);
	YES("to the thread that does not block it", handled_by == tid);
	for (int i = 0; i < 1000 && syscall(SYS_tgkill, getpid(), tid, 0) == 0; i++)
		sleep_ms(5);	/* joined a little before it is gone */
	CALL("tid is gone", syscall(SYS_tgkill, getpid(), tid, 0));
	CHILD("exec from a thread") {
		pthread_create(&t, NULL, execer, NULL);
		for (;;)
			pause();
	}
	CHILD("stop stops all") {
		pid_t pid = fork();
		if (pid == 0) {
			handled_by = 0;
			pthread_create(&t, NULL, waiter, NULL);
			for (;;)
				pause();
		}
		sleep_ms(30);
		kill(pid, SIGSTOP);
		YES("stopped", await_state(pid, 'T'));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}
