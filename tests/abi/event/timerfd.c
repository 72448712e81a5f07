/* SPDX-License-Identifier: MIT */
/* timerfd: one-shot, periodic, absolute, disarm, errors. */

#include "../abi.h"
#include <sys/timerfd.h>

TEST
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
	uint64_t n = 0;
	struct itimerspec it = { { 0, 0 }, { 100, 0 } }, old; /* so long that a busy machine is not too slow */

	CALL("not armed", read(fd, &n, 8));
	CALL("arm", timerfd_settime(fd, 0, &it, NULL));
	CALL("too early", read(fd, &n, 8));
	CALL("get", timerfd_gettime(fd, &old));
	YES("remaining", old.it_value.tv_sec >= 50 && old.it_value.tv_sec <= 100);
	it.it_value = (struct timespec){ 0, 30000000 };
	MUST(timerfd_settime(fd, 0, &it, NULL));
	struct pollfd p = { fd, POLLIN, 0 };
	CALL("poll", poll(&p, 1, 20000));
	CALL("read", read(fd, &n, 8));
	say("expirations %llu", (unsigned long long)n);
	CALL("again", read(fd, &n, 8));
	it.it_interval.tv_nsec = 10000000;
	it.it_value.tv_nsec = 10000000;
	MUST(timerfd_settime(fd, 0, &it, NULL));
	sleep_ms(100);
	CALL("periodic", read(fd, &n, 8));
	YES("several", n >= 5);
	memset(&it, 0, sizeof(it));
	CALL("disarm", timerfd_settime(fd, 0, &it, &old));
	YES("old interval", old.it_interval.tv_nsec == 10000000);
	CALL("disarmed", (read(fd, &n, 8), read(fd, &n, 8)));
	it.it_value.tv_nsec = 1;
	CALL("absolute in the past", timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL));
	CALL("fires at once", poll(&p, 1, 20000));
	CALL("short read", read(fd, &n, 4));
	it.it_value.tv_nsec = 1000000000;
	CALL("bad nsec", timerfd_settime(fd, 0, &it, NULL));
	CALL("bad flags", timerfd_settime(fd, 0x80, &it, NULL));
	CALL("bad clock", timerfd_create(99, 0));
	CALL("bad create flags", timerfd_create(CLOCK_MONOTONIC, 1));
	CALL("not a timerfd", timerfd_gettime(1, &old));
	CALL("realtime", timerfd_create(CLOCK_REALTIME, 0) < 0);
}
