/* SPDX-License-Identifier: MIT */
/* SA_RESTART and EINTR: read, wait, nanosleep, pause, sigsuspend, futex. */

#include "../abi.h"
#include <linux/futex.h>

static volatile int got;
static int pipe_fd[2];

static void on_alarm(int s)
{
	got++;
	if (got == 2 && pipe_fd[1])
		write(pipe_fd[1], "z", 1);
}

static void arm(int flags)
{
	struct itimerval it = { { 0, 40000 }, { 0, 40000 } };

	got = 0;
	on_signal(SIGALRM, on_alarm, flags);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void disarm(void)
{
	struct itimerval off = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &off, NULL);
}

TEST
{
	char c;
	int st;
	struct timespec rem = { 0, 0 }, t = { 5, 0 };

	MUST(pipe(pipe_fd));
	arm(0);
	CALL("read without", read(pipe_fd[0], &c, 1));
	disarm();
	arm(SA_RESTART);
	CALL("read with", read(pipe_fd[0], &c, 1));
	disarm();
	YES("handler ran twice", got >= 2);
	while (fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK) == 0 && read(pipe_fd[0], &c, 1) == 1)
		;
	pipe_fd[1] = 0;
	pid_t pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(300);
		_exit(7);
	}
	arm(0);
	CALL("wait without", waitpid(pid, &st, 0));
	disarm();
	arm(SA_RESTART);
	CALL("wait with", waitpid(pid, &st, 0) == pid);
	disarm();
	say_status("child", st);
	arm(SA_RESTART);
	CALL("nanosleep is never restarted", nanosleep(&t, &rem));
	disarm();
	YES("remaining is told", rem.tv_sec == 4 || (rem.tv_sec < 5 && rem.tv_nsec > 0));
	arm(SA_RESTART);
	CALL("pause", pause());
	disarm();
	sigset_t none;
	sigemptyset(&none);
	arm(SA_RESTART);
	CALL("sigsuspend", sigsuspend(&none));
	disarm();
	uint32_t word = 0;
	arm(0);
	CALL("futex without", syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0));
	disarm();
	arm(0);
	int p[2];
	MUST(pipe(p));
	static char big[100000];
	CALL("write of a full pipe: what went in", write(p[1], big, sizeof(big)));
	CALL("then nothing", write(p[1], big, 10));
	disarm();
	alarm(30);
}
