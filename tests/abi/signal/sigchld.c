/* SPDX-License-Identifier: MIT */
/* SIGCHLD: ignored children are reaped, SA_NOCLDWAIT, SA_NOCLDSTOP. */

#include "../abi.h"

static volatile int got;

static void handler(int s)
{
	got++;
}

static pid_t spawn(int code)
{
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(code);
	return pid;
}

TEST
{
	int st;

	signal(SIGCHLD, SIG_IGN);
	spawn(1);
	spawn(2);
	CALL("wait lasts until all are gone", wait(&st));
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_NOCLDWAIT };
	sigaction(SIGCHLD, &sa, NULL);
	spawn(3);
	long r;
	do
		r = wait(&st);
	while (r == -1 && errno == EINTR);
	say("SA_NOCLDWAIT: %ld %s", r, errname(errno));
	YES("still signalled", got >= 1);
	sa.sa_flags = SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
	got = 0;
	pid_t pid = MUST(fork());
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	await_state(pid, 'T');
	kill(pid, SIGCONT);
	sleep_ms(20);
	say("stops not told %d", got);
	sa.sa_flags = 0;
	sigaction(SIGCHLD, &sa, NULL);
	kill(pid, SIGSTOP);
	await_state(pid, 'T');
	sleep_ms(20);
	say("stop told %d", got);
	kill(pid, SIGCONT);
	for (int i = 0; i < 200 && got < 2; i++)
		sleep_ms(10);
	say("continue told %d", got);
	kill(pid, SIGKILL);
	while (waitpid(pid, &st, 0) < 0)
		;
	say("death told %d", got);
	signal(SIGCHLD, SIG_DFL);
	pid = spawn(4);
	await_state(pid, 'Z');
	signal(SIGCHLD, SIG_IGN);
	CALL("a zombie from before can be waited for", waitpid(pid, &st, 0) == pid);
}
