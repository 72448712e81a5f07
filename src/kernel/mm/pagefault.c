/* SPDX-License-Identifier: MIT */
/* Whether faults on user memory are served now: a count in the current task. */
#include <debug/panic.h>
#include <mm/usercopy.h>
#include <sched/task.h>

void pagefault_disable(void)
{
	current->pagefault_off++;
	barrier();
}

void pagefault_enable(void)
{
	barrier();
	ASSERT(current->pagefault_off);
	current->pagefault_off--;
}

bool pagefault_disabled(void)
{
	return current->pagefault_off;
}
