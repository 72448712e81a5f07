/* SPDX-License-Identifier: MIT */
/* Robust futexes: a dead owner is marked and the waiter told; get_robust_list. */

#include "../abi.h"
#include <linux/futex.h>

struct node {
	struct robust_list list;
	uint32_t word;
};

TEST
{
	struct node *n = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	int st;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		static struct robust_list_head head;
		head.list.next = &n->list;
		n->list.next = &head.list;
		head.futex_offset = offsetof(struct node, word);
		if (syscall(SYS_set_robust_list, &head, sizeof(head)))
			_exit(1);
		n->word = getpid() | FUTEX_WAITERS;
		_exit(0);
	}
	waitpid(pid, &st, 0);
	say_status("owner", st);
	YES("owner died", n->word & FUTEX_OWNER_DIED);
	YES("waiters bit kept", n->word & FUTEX_WAITERS);
	YES("owner taken out", (n->word & FUTEX_TID_MASK) == 0);
	void *head;
	size_t len;
	CALL("bad length", syscall(SYS_set_robust_list, n, 5));
	CALL("get", syscall(SYS_get_robust_list, 0, &head, &len));
	CALL("get of nobody", syscall(SYS_get_robust_list, 999999, &head, &len));
}
