/* SPDX-License-Identifier: MIT */
/* adjtimex: what anybody may read, and that nobody but root may change anything.  (The host's clock stays as it is.) */
#include "../abi.h"
#include <linux/capability.h>
#include <sys/timerfd.h>
#include <sys/timex.h>

TEST
{
	struct timex t = { 0 };
	struct timespec now;

	long r = syscall(SYS_adjtimex, &t);
	YES("state", r >= TIME_OK && r <= TIME_ERROR);
	clock_gettime(CLOCK_REALTIME, &now);
	YES("the time", t.time.tv_sec == now.tv_sec || t.time.tv_sec + 1 == now.tv_sec);
	say("precision %ld tolerance %ld", t.precision, t.tolerance);
	YES("tick", t.tick >= 9000 && t.tick <= 11000);
	YES("frequency", t.freq >= -t.tolerance && t.freq <= t.tolerance);
	YES("errors", t.maxerror >= 0 && t.maxerror <= 16000000 && t.esterror >= 0 && t.esterror <= 16000000);
	YES("not synchronised is an error", !(t.status & STA_UNSYNC) || r == TIME_ERROR);
	t = (struct timex){ .modes = ADJ_OFFSET_SS_READ };
	YES("adjtime asked", syscall(SYS_adjtimex, &t) >= 0);
	YES("the other call", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &t) >= 0);
	CALL("bad pointer", syscall(SYS_adjtimex, 8L));
	t = (struct timex){ .modes = 0x8000 };
	CALL("adjtime of nothing", syscall(SYS_adjtimex, &t));
	t = (struct timex){ .modes = ADJ_TICK, .tick = 8999 };
	CALL("tick too short", syscall(SYS_adjtimex, &t));
	t = (struct timex){ .modes = ADJ_TICK, .tick = 11001 };
	CALL("tick too long", syscall(SYS_adjtimex, &t));
	t = (struct timex){ .modes = ADJ_SETOFFSET, .time = { 0, -1 } };
	CALL("step by less than nothing", syscall(SYS_adjtimex, &t));
	t = (struct timex){ .modes = ADJ_SETOFFSET, .time = { 0, 1000000 } };
	CALL("step by too many microseconds", syscall(SYS_adjtimex, &t));
	t = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { 0, 1000000000 } };
	CALL("step by too many nanoseconds", syscall(SYS_adjtimex, &t));

	CHILD("not root") {
		struct timespec ts = { 1000000000, 0 }, bad = { 0, -1 };
		struct timeval tv = { 1000000000, 0 }, bad_tv = { 0, 2000000 };
		struct timezone tz = { 0, 0 };
		static const unsigned modes[] = { ADJ_OFFSET, ADJ_FREQUENCY, ADJ_MAXERROR, ADJ_ESTERROR, ADJ_STATUS,
			ADJ_TIMECONST, ADJ_TAI, ADJ_SETOFFSET, ADJ_MICRO, ADJ_NANO, ADJ_TICK, 0x8001, 0x8000 };
		MUST(setuid(65534));
		for (unsigned i = 0; i < COUNT(modes); i++) {
			char name[32];
			snprintf(name, sizeof name, "modes %#x", modes[i]);
			t = (struct timex){ .modes = modes[i] };
			CALL(name, syscall(SYS_adjtimex, &t));
		}
		t = (struct timex){ 0 };
		YES("asking", syscall(SYS_adjtimex, &t) >= 0);
		t = (struct timex){ .modes = ADJ_OFFSET_SS_READ };
		YES("asking, old way", syscall(SYS_adjtimex, &t) >= 0);
		CALL("clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &ts));
		CALL("clock_settime, bad time", syscall(SYS_clock_settime, CLOCK_REALTIME, &bad));
		CALL("settimeofday", syscall(SYS_settimeofday, &tv, NULL));
		CALL("settimeofday, bad time", syscall(SYS_settimeofday, &bad_tv, NULL));
		CALL("time zone", syscall(SYS_settimeofday, NULL, &tz));
		CALL("nothing", syscall(SYS_settimeofday, NULL, NULL));
		CALL("alarm clock", timerfd_create(8, 0));
	}

	/* A step ends waiting only for who has asked for it; none comes here. */
	struct itimerspec its = { { 5, 0 }, { 0, 0 } }, got;
	int fd = MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	char buf[8];
	CALL("interval without value", timerfd_settime(fd, 0, &its, NULL));
	timerfd_gettime(fd, &got);
	say("interval kept: %ld, value %ld", (long)got.it_interval.tv_sec, (long)got.it_value.tv_sec);
	its.it_value.tv_sec = 4000000000;
	CALL("cancel on set", timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its, NULL));
	CALL("read", read(fd, buf, 8));
	CALL("relative, cancel on set", timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET, &its, NULL));
	CALL("unknown flag", timerfd_settime(fd, 4, &its, NULL));
	CALL("TAI", timerfd_create(CLOCK_TAI, 0));
}
