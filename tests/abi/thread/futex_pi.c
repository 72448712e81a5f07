/* SPDX-License-Identifier: MIT */
/* Futexes with priority inheritance: words, errors, who gets the lock, deadlocks, dead owners, lent priorities. */
/* build: glibc */
#include "../abi.h"
#include <linux/futex.h>
#include <pthread.h>

static unsigned word, second;
static volatile int ready, go_on;

static long futex(unsigned *p, int op, unsigned val, void *timeout)
{
	return syscall(SYS_futex, p, op, val, timeout, NULL, 0);
}

static unsigned tid(void) { return syscall(SYS_gettid); }

static void say_word(const char *what)
{
	unsigned w = __atomic_load_n(&word, __ATOMIC_SEQ_CST);
	say("%s: mine %d none %d waiters %d died %d", what, (w & FUTEX_TID_MASK) == tid(), !(w & FUTEX_TID_MASK),
	    !!(w & FUTEX_WAITERS), !!(w & FUTEX_OWNER_DIED));
}

static void await_waiters(unsigned *p)
{
	while (!(__atomic_load_n(p, __ATOMIC_SEQ_CST) & FUTEX_WAITERS))
		usleep(1000);
	usleep(20000);
}

static void *holder(void *arg)
{
	futex(&word, FUTEX_LOCK_PI, 0, NULL);
	ready = 1;
	while (!go_on)
		usleep(1000);
	if (arg)
		futex(&word, FUTEX_UNLOCK_PI, 0, NULL);
	return NULL;
}

static pthread_t start_holder(void *arg)
{
	pthread_t th;
	ready = go_on = 0;
	word = 0;
	MUST(-pthread_create(&th, NULL, holder, arg));
	while (!ready)
		usleep(1000);
	return th;
}

static int order[4], order_next;
struct rt { int priority, result; volatile unsigned tid; };

static void be_rt(int priority)
{
	struct sched_param sp = { priority };
	if (sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &sp))
		say("no real-time priority: %s", errname(errno));
}

static void *rt_waiter(void *arg)
{
	struct rt *r = arg;
	be_rt(r->priority);
	r->tid = tid();
	r->result = futex(&word, FUTEX_LOCK_PI, 0, NULL);
	order[order_next++] = r->priority;
	futex(&word, FUTEX_UNLOCK_PI, 0, NULL);
	return NULL;
}

/* The number that /proc shows as the priority, which heeds what is lent. */
static int shown_priority(unsigned t)
{
	char path[64], line[512];
	snprintf(path, sizeof path, "/proc/self/task/%u/stat", t);
	int fd = open(path, O_RDONLY), n = read(fd, line, sizeof line - 1), priority = 0;
	close(fd);
	line[n > 0 ? n : 0] = 0;
	char *p = strrchr(line, ')');
	for (int i = 0; p && i < 16; i++)
		p = strchr(p + 1, ' ');
	if (p)
		priority = atoi(p + 1);
	return priority;
}

static void *cross(void *arg)
{
	futex(&second, FUTEX_LOCK_PI, 0, NULL);
	ready = 1;
	long r = futex(&word, FUTEX_LOCK_PI, 0, NULL); /* waits for the main thread */
	futex(&word, FUTEX_UNLOCK_PI, 0, NULL);
	futex(&second, FUTEX_UNLOCK_PI, 0, NULL);
	return (void *)r;
}

static void nothing(int signo) {}

TEST
{
	struct timespec past = { 1, 0 }, bad = { 0, -1 };
	pthread_t th, waiters[3];

	CALL("lock", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	say_word("locked");
	CALL("lock again", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	CALL("trylock again", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL));
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	say_word("unlocked");
	CALL("unlock again", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	CALL("trylock", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL));
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	CALL("lock2", futex(&word, FUTEX_LOCK_PI2_PRIVATE, 0, NULL));
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL));
	word = 4194300;
	CALL("owner is nobody", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	word = FUTEX_OWNER_DIED;
	CALL("owner died", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	say_word("inherited");
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	say_word("unlocked");
	CALL("bad address", futex((void *)8, FUTEX_LOCK_PI, 0, NULL));
	CALL("not aligned", futex((void *)((char *)&word + 1), FUTEX_LOCK_PI, 0, NULL));
	CALL("unlock, bad address", futex((void *)8, FUTEX_UNLOCK_PI, 0, NULL));
	CALL("bad time", futex(&word, FUTEX_LOCK_PI, 0, &bad));

	th = start_holder((void *)1);
	CALL("held by another: trylock", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL));
	CALL("time-out", futex(&word, FUTEX_LOCK_PI, 0, &past));
	CALL("time-out, other clock", futex(&word, FUTEX_LOCK_PI2, 0, &past));
	CALL("unlock another's", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	signal(SIGALRM, nothing);
	struct itimerval it = { { 0, 0 }, { 0, 20000 } };
	struct timespec soon;
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 60000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	setitimer(ITIMER_REAL, &it, NULL);
	CALL("a signal is not the end", futex(&word, FUTEX_LOCK_PI, 0, &soon));
	go_on = 1;
	CALL("lock", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	say_word("got it");
	pthread_join(th, NULL);
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	say_word("unlocked");

	/* The owner ends without unlocking. */
	th = start_holder(NULL);
	unsigned *w = &word;
	go_on = 1;
	long r = futex(w, FUTEX_LOCK_PI, 0, NULL);
	YES("owner gone: inherited, or gone before we came", r == 0 || errno == ESRCH);
	pthread_join(th, NULL);
	word = 0;

	/* The highest priority first; and what it lends. */
	be_rt(5);
	CALL("lock", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	struct rt rts[3] = { { 10, -1, 0 }, { 30, -1, 0 }, { 20, -1, 0 } };
	for (int i = 0; i < 3; i++) {
		MUST(-pthread_create(&waiters[i], NULL, rt_waiter, &rts[i]));
		while (!rts[i].tid)
			usleep(1000);
		await_state(rts[i].tid, 'S');
	}
	say("lent: %d", shown_priority(tid()));
	struct sched_param sp;
	sched_getparam(0, &sp);
	say("own: %d", sp.sched_priority);
	be_rt(40);
	say("own is more: %d", shown_priority(tid()));
	be_rt(0);
	say("own is none: %d", shown_priority(tid()));
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	say("given back: %d", shown_priority(tid()));
	for (int i = 0; i < 3; i++)
		pthread_join(waiters[i], NULL);
	say("order %d %d %d, results %d %d %d", order[0], order[1], order[2], rts[0].result, rts[1].result, rts[2].result);

	/* A circle. */
	word = second = 0;
	ready = 0;
	CALL("lock", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	MUST(-pthread_create(&th, NULL, cross, NULL));
	while (!ready)
		usleep(1000);
	await_waiters(&word);
	CALL("circle", futex(&second, FUTEX_LOCK_PI, 0, NULL));
	CALL("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	void *result;
	pthread_join(th, &result);
	say("the other got it: %ld", (long)result);

	/* glibc's mutexes. */
	pthread_mutexattr_t a;
	static pthread_mutex_t m;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	say("init %s", errname(pthread_mutex_init(&m, &a)));
	pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutex_init(shared, &a);
	int pid = fork();
	if (!pid) {
		pthread_mutex_lock(shared);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	say("owner's process died: %s", errname(pthread_mutex_lock(shared)));
	say("consistent %d", pthread_mutex_consistent(shared));
	say("lock again: %s", errname(pthread_mutex_lock(shared)));
	say("unlock %d", pthread_mutex_unlock(shared));
	pid = fork();
	if (!pid) {
		pthread_mutex_lock(shared);
		usleep(100000);
		_exit(0);
	}
	while (pthread_mutex_trylock(shared) == 0) {
		pthread_mutex_unlock(shared);
		usleep(1000);
	}
	int e = pthread_mutex_lock(shared);
	say("owner dies while we wait: %s", errname(e));
	waitpid(pid, NULL, 0);
}
