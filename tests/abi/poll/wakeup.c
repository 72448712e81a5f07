/* SPDX-License-Identifier: MIT */
/* poll and select sleep and are woken by data, by the last close, by a signal. */

#include "../abi.h"
#include <sys/select.h>

static void nothing(int s)
{
}

TEST
{
	int p[2];
	char c;

	MUST(pipe(p));
	if (MUST(fork()) == 0) {
		sleep_ms(60);
		write(p[1], "x", 1);
		_exit(0);
	}
	struct pollfd pf = { p[0], POLLIN, 0 };
	CALL("poll woken by data", poll(&pf, 1, 20000));
	YES("POLLIN", pf.revents == POLLIN);
	read(p[0], &c, 1);
	wait(NULL);
	if (MUST(fork()) == 0) {
		sleep_ms(60);
		_exit(0);
	}
	close(p[1]);
	CALL("poll woken by hangup", poll(&pf, 1, 20000));
	YES("POLLHUP", pf.revents == POLLHUP);
	wait(NULL);
	MUST(pipe(p));
	if (MUST(fork()) == 0) {
		sleep_ms(60);
		write(p[1], "x", 1);
		_exit(0);
	}
	fd_set set;
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	struct timeval tv = { 20, 0 };
	CALL("select woken by data", syscall(SYS_select, p[0] + 1, &set, NULL, NULL, &tv));
	YES("time left is told", tv.tv_sec < 20);
	read(p[0], &c, 1);
	wait(NULL);
	on_signal(SIGALRM, nothing, SA_RESTART);
	struct itimerval it = { { 0, 0 }, { 0, 50000 } };
	pf.fd = p[0];
	setitimer(ITIMER_REAL, &it, NULL);
	CALL("poll is not restarted", poll(&pf, 1, 20000));
	setitimer(ITIMER_REAL, &it, NULL);
	FD_SET(p[0], &set);
	tv.tv_sec = 20;
	CALL("nor is select", syscall(SYS_select, p[0] + 1, &set, NULL, NULL, &tv));
	alarm(30);
}
