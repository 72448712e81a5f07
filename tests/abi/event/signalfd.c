/* SPDX-License-Identifier: MIT */
/* signalfd: records, poll, updating the mask, no signal taken twice. */

#include "../abi.h"
#include <sys/signalfd.h>

TEST
{
	sigset_t set;
	struct signalfd_siginfo si[4];

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	CALL("none", read(fd, si, sizeof(si)));
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	struct pollfd p = { fd, POLLIN, 0 };
	CALL("poll", poll(&p, 1, 0));
	CALL("read both", read(fd, si, sizeof(si)) / (long)sizeof(si[0]));
	say("%s %s", signame(si[0].ssi_signo), signame(si[1].ssi_signo));
	YES("from me", si[0].ssi_pid == (unsigned)getpid() && si[0].ssi_code == SI_USER);
	CALL("none", read(fd, si, sizeof(si)));
	union sigval v = { .sival_int = 42 };
	sigqueue(getpid(), SIGUSR1, v);
	CALL("queued", read(fd, si, sizeof(si[0])) == sizeof(si[0]));
	say("value %d code %d", si[0].ssi_int, si[0].ssi_code);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CALL("change mask", signalfd(fd, &set, 0) == fd);
	kill(getpid(), SIGUSR1);
	CALL("not ours any more", read(fd, si, sizeof(si)));
	CALL("short buffer", read(fd, si, 10));
	CALL("bad flags", signalfd(-1, &set, 1));
	CALL("not a signalfd", signalfd(1, &set, 0));
	CALL("bad size", syscall(SYS_signalfd4, -1, &set, 4, 0));
}
