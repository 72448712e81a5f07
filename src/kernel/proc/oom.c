/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: kills the process with the most memory, weighed by its
 * oom_score_adj, and lets the allocation try again.  One victim at a time: until
 * its memory is back (or two seconds have passed) allocations wait for it.
 */
#include <debug/log.h>
#include <mm/frame.h>
#include <proc/internal.h>
#include <proc/oom.h>
#include <time/clock.h>
#include <vm/vm.h>

static spinlock_t oom_lock = SPINLOCK_INIT; /* last_victim, victim_since; before tree_lock */
static struct process *last_victim;         /* referenced */
static u64 victim_since;

/* Pages and page tables in memory, of whichever thread has not given up the address space yet. tree_lock held. */
static u64 process_pages(struct process *p)
{
	struct task *t;

	list_for_each(t, &p->threads, thread_link) {
		SPIN_GUARD(&t->objects_lock);
		if (t->mm)
			return mm_rss(t->mm) + READ_ONCE(t->mm->arch.tables);
	}
	return 0;
}

/* Pages that the process would give back, or 0 when it must not be killed. tree_lock held. */
u64 oom_badness(struct process *p, u64 total_pages)
{
	if (p == init_process || p->oom_score_adj == -1000 || p->flags & PROC_ZOMBIE)
		return 0;
	s64 pages = (s64)process_pages(p);
	if (!pages)
		return 0;
	s64 points = pages + (s64)p->oom_score_adj * (s64)total_pages / 1000;
	return points > 0 ? (u64)points : 1;
}

/* The worst process, referenced. */
static struct process *choose_victim(void)
{
	struct process *worst = NULL, *p;
	struct mem_stats s;
	u64 most = 0;

	mem_stats_read(&s);
	for (pid_t n = 1; (p = process_next(n)); ) {
		n = process_pid(p) + 1;
		spin_lock(&tree_lock);
		u64 points = oom_badness(p, s.total);
		spin_unlock(&tree_lock);
		if (points > most) {
			if (worst)
				process_put(worst);
			worst = p;
			most = points;
		} else {
			process_put(p);
		}
	}
	return worst;
}

static bool victim_still_dying(void)
{
	SPIN_GUARD(&oom_lock);
	struct process *p = last_victim;
	if (!p)
		return false;
	bool gone = READ_ONCE(p->flags) & PROC_ZOMBIE || !p->leader;
	if (!gone && clock_monotonic_ns() - victim_since < 2 * NSEC_PER_SEC)
		return true;
	last_victim = NULL;
	process_put(p);
	return false;
}

static void kill_victim(struct process *p)
{
	spin_lock(&tree_lock);
	struct task *t = p->leader;
	log_err("Out of memory: killed process %d (%s), %llu kB in memory", process_pid(p),
		t ? t->comm : "?", (unsigned long long)process_pages(p) * (PAGE_SIZE / 1024));
	spin_unlock(&tree_lock);
	spin_lock(&oom_lock);
	if (last_victim)
		process_put(last_victim);
	process_get(p);
	last_victim = p;
	victim_since = clock_monotonic_ns();
	spin_unlock(&oom_lock);
	signal_send_process(p, SIGKILL, NULL);
}

/* frame_oom: true when the caller should try again. */
static bool out_of_memory(unsigned order, unsigned flags)
{
	if (current->flags & TASKF_KERNEL || !current->mm)
		return false;
	if (signal_fatal_pending(current))
		return false; /* we are to die ourselves: fail fast, that frees most */
	if (!victim_still_dying()) {
		struct process *p = choose_victim();
		if (!p)
			return false;
		kill_victim(p);
		bool me = p == current->process;
		process_put(p);
		if (me)
			return false;
	}
	current->state = TASK_KILLABLE;
	wait_block(WAIT_KILLABLE, clock_monotonic_ns() + 10 * NSEC_PER_MSEC);
	atomic_store(&current->state, TASK_RUNNING);
	return !signal_fatal_pending(current);
}

void oom_init(void)
{
	frame_oom = out_of_memory;
}
