/* SPDX-License-Identifier: MIT */
/* WUNTRACED and WCONTINUED, each stop reported once; SIGKILL of a stopped task. */

#include "../abi.h"

TEST
{
	int st;
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;)
			pause();
	MUST(setpgid(pid, pid));	/* not orphaned, so that SIGTSTP and friends stop it */
	kill(pid, SIGSTOP);
	CALL("stop", waitpid(pid, &st, WUNTRACED) == pid);
	say_status("stop", st);
	YES("state T", task_state(pid) == 'T');
	CALL("once", waitpid(pid, &st, WUNTRACED | WNOHANG));
	kill(pid, SIGSTOP);
	sleep_ms(30);
	CALL("stop of a stopped one", waitpid(pid, &st, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	CALL("continue", waitpid(pid, &st, WCONTINUED) == pid);
	say_status("continue", st);
	CALL("once", waitpid(pid, &st, WCONTINUED | WNOHANG));
	static const int stops[] = { SIGTSTP, SIGTTIN, SIGTTOU };
	for (size_t i = 0; i < COUNT(stops); i++) {
		kill(pid, stops[i]);
		await_state(pid, 'T');
		waitpid(pid, &st, WUNTRACED);
		say_status("stop", st);
		kill(pid, SIGCONT);
		waitpid(pid, &st, WCONTINUED);
		say_status("cont", st);
	}
	kill(pid, SIGSTOP);
	waitpid(pid, &st, WUNTRACED);
	kill(pid, SIGTERM);
	sleep_ms(30);
	YES("SIGTERM waits while stopped", task_state(pid) == 'T');
	kill(pid, SIGCONT);
	waitpid(pid, &st, 0);
	say_status("then kills", st);
	pid = MUST(fork());
	if (pid == 0) {
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &st, WUNTRACED);
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	say_status("SIGKILL needs no continue", st);
	CHILD("without WUNTRACED a stop is silent") {
		pid_t p = fork();
		if (p == 0) {
			raise(SIGSTOP);
			_exit(4);
		}
		await_state(p, 'T');
		CALL("nothing", waitpid(p, &st, WNOHANG));
		kill(p, SIGCONT);
		waitpid(p, &st, 0);
		say_status("end", st);
	}
}
