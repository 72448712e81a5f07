/* SPDX-License-Identifier: MIT */
/* wait4: exit codes, signals, WNOHANG, which child, errors. */

#include "../abi.h"

TEST
{
	int st = 0x1234;
	static const int codes[] = { 0, 1, 77, 255, 256, -1 };
	static const int sigs[] = { SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGHUP, SIGUSR1 };

	CALL("no children", wait(&st));
	say("status untouched %#x", st);
	for (size_t i = 0; i < COUNT(codes); i++)
		CHILD("code") _exit(codes[i]);
	for (size_t i = 0; i < COUNT(sigs); i++)
		CHILD("signal") {
			kill(getpid(), sigs[i]);
			sleep_ms(10000);
		}
	pid_t a = MUST(fork());
	if (a == 0)
		for (;;)
			pause();
	pid_t b = MUST(fork());
	if (b == 0)
		_exit(3);
	CALL("WNOHANG on a running one", waitpid(a, &st, WNOHANG));
	CALL("b first", waitpid(-1, &st, 0) == b);
	say_status("b", st);
	CALL("b again", waitpid(b, &st, 0));
	CALL("group", waitpid(0, &st, WNOHANG));
	CALL("other group", waitpid(-999999, &st, WNOHANG));
	CALL("not a child", waitpid(1, &st, 0));
	CALL("bad options", waitpid(a, &st, 0x40));
	kill(a, SIGKILL);
	YES("zombie", await_state(a, 'Z'));
	CALL("signal 0 to a zombie", kill(a, 0));
	CALL("bad status pointer", syscall(SYS_wait4, a, bad_page(), WNOHANG, NULL) == -1 ? errno == EFAULT : 2);
	CALL("reaped all the same", waitpid(a, &st, WNOHANG));
	CALL("kill a reaped one", kill(a, 0));
	b = MUST(fork());
	if (b == 0)
		_exit(9);
	struct rusage ru;
	memset(&ru, 0xff, sizeof(ru));
	CALL("wait4 with usage", wait4(b, &st, 0, &ru) == b);
	YES("usage filled", ru.ru_utime.tv_sec >= 0 && ru.ru_utime.tv_sec < 100 && ru.ru_maxrss >= 0);
	CALL("INT_MIN", waitpid(INT_MIN, &st, 0));
}
