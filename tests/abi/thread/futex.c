/* SPDX-License-Identifier: MIT */
/* futex: wait, wake, values, timeouts, requeue, bitsets, errors. */

#include "../abi.h"
#include <linux/futex.h>

static uint32_t *word;

static long futex(int op, uint32_t val, const void *ts, uint32_t *two, uint32_t val3)
{
	return syscall(SYS_futex, word, op, val, ts, two, val3);
}

TEST
{
	struct timespec t = { 0, 30000000 }, bad = { 0, 2000000000 }, past = { 0, 0 };
	int st;

	word = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	CALL("wake nobody", futex(FUTEX_WAKE, 1, NULL, NULL, 0));
	CALL("other value", futex(FUTEX_WAIT, 1, NULL, NULL, 0));
	CALL("timeout", futex(FUTEX_WAIT, 0, &t, NULL, 0));
	CALL("bad timeout", futex(FUTEX_WAIT, 0, &bad, NULL, 0));
	CALL("bitset absolute past", futex(FUTEX_WAIT_BITSET, 0, &past, NULL, ~0u));
	CALL("bitset 0", futex(FUTEX_WAIT_BITSET, 0, &t, NULL, 0));
	CALL("bad op", futex(77, 0, NULL, NULL, 0));
	CALL("not aligned", syscall(SYS_futex, (char *)word + 1, FUTEX_WAIT, 0, &t, NULL, 0));
	CALL("bad pointer", syscall(SYS_futex, bad_page(), FUTEX_WAIT, 0, &t, NULL, 0));
	CALL("kernel pointer", syscall(SYS_futex, 0xffff800000000000, FUTEX_WAKE, 1, NULL, NULL, 0));
	pid_t kids[3];
	for (int i = 0; i < 3; i++)
		if ((kids[i] = MUST(fork())) == 0)
			_exit(futex(FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1);
	for (int i = 0; i < 3; i++)
		await_state(kids[i], 'S');
	CALL("wake one", futex(FUTEX_WAKE, 1, NULL, NULL, 0));
	CALL("requeue the others", futex(FUTEX_CMP_REQUEUE, 0, (void *)10L, word + 1, 0));
	CALL("none left here", futex(FUTEX_WAKE, 10, NULL, NULL, 0));
	word++;
	CALL("two there", futex(FUTEX_WAKE, 10, NULL, NULL, 0));
	word--;
	while (wait(&st) > 0)
		say_status("waiter", st);
	CALL("requeue other value", futex(FUTEX_CMP_REQUEUE, 1, (void *)1L, word + 1, 5));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(futex(FUTEX_WAIT_BITSET, 0, NULL, NULL, 2) == 0 ? 3 : 1);
	await_state(pid, 'S');
	CALL("other bit", futex(FUTEX_WAKE_BITSET, 1, NULL, NULL, 1));
	CALL("right bit", futex(FUTEX_WAKE_BITSET, 1, NULL, NULL, 6));
	wait(&st);
	say_status("waiter", st);
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	ftruncate(fd, PAGE);
	uint32_t *a = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	uint32_t *b = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	word = a;
	pid = MUST(fork());
	if (pid == 0)
		_exit(futex(FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 4 : 1);
	await_state(pid, 'S');
	word = b;
	CALL("through another mapping of the file", futex(FUTEX_WAKE, 1, NULL, NULL, 0));
	wait(&st);
	say_status("waiter", st);
}
