/* SPDX-License-Identifier: MIT */
/* kill, tgkill, tkill: targets, groups, errors, permission. */

#include "../abi.h"

static volatile int got;

static void handler(int s)
{
	got++;
}

TEST
{
	int st, p[2];
	char c;

	on_signal(SIGUSR1, handler, 0);
	CALL("own", kill(getpid(), SIGUSR1));
	say("at once %d", got);
	CALL("0 tests", kill(getpid(), 0));
	CALL("no such", kill(999999, 0));
	CALL("bad signal", kill(getpid(), 65));
	CALL("negative signal", kill(getpid(), -1));
	CALL("INT_MIN", kill(INT_MIN, 0));
	CALL("tgkill", syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	CALL("tgkill wrong group", syscall(SYS_tgkill, getppid(), getpid(), SIGUSR1));
	CALL("tgkill 0", syscall(SYS_tgkill, 0, getpid(), SIGUSR1));
	CALL("tkill -1", syscall(SYS_tkill, -1, SIGUSR1));
	CALL("tkill", syscall(SYS_tkill, getpid(), 0));
	MUST(pipe(p));
	pid_t leader = 0;
	for (int i = 0; i < 3; i++) {
		pid_t pid = MUST(fork());
		if (pid == 0) {
			setpgid(0, leader);
			write(p[1], "r", 1);
			for (;;)
				pause();
		}
		setpgid(pid, leader ? leader : pid);
		leader = leader ? leader : pid;
		read(p[0], &c, 1);
	}
	CALL("group", kill(-leader, SIGTERM));
	for (int i = 0; i < 3; i++) {
		wait(&st);
		say_status("member", st);
	}
	CALL("group gone", kill(-leader, SIGTERM));
	CHILD("own group by 0") {
		setpgid(0, 0);
		on_signal(SIGUSR1, handler, 0);
		got = 0;
		kill(0, SIGUSR1);
		say("got %d", got);
	}
	pid_t root = MUST(fork());
	if (root == 0)
		for (;;)
			pause();
	CHILD("as nobody") {
		become_nobody();
		CALL("root's process", kill(root, SIGTERM));
		CALL("root's process, 0", kill(root, 0));
		CALL("init", kill(1, SIGTERM));
		CALL("self", kill(getpid(), 0));
		pid_t other = fork();
		if (other == 0)
			for (;;)
				pause();
		CALL("own child", kill(other, SIGKILL));
		waitpid(other, &st, 0);
		say_status("it", st);
	}
	kill(root, SIGKILL);
	waitpid(root, &st, 0);
	say_status("root's", st);
}
