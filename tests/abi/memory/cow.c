/* SPDX-License-Identifier: MIT */
/* Copy-on-write over fork: both directions, many children, kernel writes too. */

#include "../abi.h"

TEST
{
	size_t n = 256 * PAGE;
	unsigned char *p = map_anon(n, PROT_READ | PROT_WRITE);
	int fds[2], st;

	for (size_t i = 0; i < n; i += PAGE)
		p[i] = i / PAGE;
	for (int k = 0; k < 4; k++)
		if (MUST(fork()) == 0) {
			for (size_t i = 0; i < n; i += PAGE)
				if (p[i] != (unsigned char)(i / PAGE))
					_exit(1);
			for (size_t i = 0; i < n; i += PAGE)
				p[i] = k;
			sched_yield();
			for (size_t i = 0; i < n; i += PAGE)
				if (p[i] != k)
					_exit(2);
			_exit(0);
		}
	while (wait(&st) > 0)
		say_status("child", st);
	int wrong = 0;
	for (size_t i = 0; i < n; i += PAGE)
		wrong += p[i] != (unsigned char)(i / PAGE);
	say("parent wrong %d", wrong);
	pid_t pid = MUST(fork());
	MUST(pipe(fds));
	if (pid == 0) {
		sleep_ms(50);
		_exit(p[0] == 0 && p[PAGE] == 1 ? 0 : 1);
	}
	p[0] = 99;
	int zero = MUST(open("/dev/zero", O_RDONLY));
	CALL("kernel writes a shared page", read(zero, p + PAGE, 10));
	waitpid(pid, &st, 0);
	say_status("child saw the old pages", st);
	say("parent sees %d %d", p[0], p[PAGE]);
	char *z = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);
	volatile char c = z[0];
	CALL("kernel writes the zero page", read(zero, z, 2 * PAGE) + c);
	z[5] = 1;
	char *other = map_anon(PAGE, PROT_READ | PROT_WRITE);
	say("zero page clean %d %d", other[5], z[2 * PAGE + 5]);
	CHILD("grandchildren") {
		p[7 * PAGE] = 1;
		if (fork() == 0) {
			p[7 * PAGE] = 2;
			if (fork() == 0) {
				p[7 * PAGE]++;
				_exit(p[7 * PAGE]);
			}
			wait(&st);
			_exit(p[7 * PAGE] * 10 + WEXITSTATUS(st));
		}
		wait(&st);
		_exit(WEXITSTATUS(st) + p[7 * PAGE] * 100);
	}
}
