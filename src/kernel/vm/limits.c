/* SPDX-License-Identifier: MIT */
/* What the resource limits and the overcommit rule allow an address space. */
#include <mm/frame.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <vm/internal.h>

bool mm_may_expand(const struct mm *mm, u32 flags, u64 pages)
{
	if (mm->pages_total + pages > rlimit_current(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	if ((flags & (AREA_WRITE | AREA_SHARED | AREA_GROWSDOWN)) != AREA_WRITE)
		return true;
	return mm->pages_data + pages <= rlimit_current(RLIMIT_DATA) >> PAGE_SHIFT;
}

bool mm_can_lock_at_all(void)
{
	return rlimit_current(RLIMIT_MEMLOCK) || capable(CAP_IPC_LOCK);
}

bool mm_may_lock(const struct mm *mm, u64 pages)
{
	return mm->pages_locked + pages <= rlimit_current(RLIMIT_MEMLOCK) >> PAGE_SHIFT ||
	       capable(CAP_IPC_LOCK);
}

/* Linux's heuristic: only what could never be there at once is refused. */
bool vm_enough_memory(u64 pages)
{
	static u64 total; /* RAM does not change */

	if (!total) {
		struct mem_stats s;
		mem_stats_read(&s);
		total = s.total;
	}
	return pages <= total;
}
