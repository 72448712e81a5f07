/* SPDX-License-Identifier: MIT */
/*
 * Process ids: a bitmap of the numbers in use, searched round-robin, and a hash
 * table from number to struct pid.  A number stays taken as long as its struct
 * pid has references (a group or session may outlive its leader), but a look-up
 * finds only what is still attached: pid->task and pid->process are cleared when
 * the thread or process is reaped.
 */
#include <proc/process.h>

#include <lib/bitmap.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/pid.h>

#define PID_MAX 32768
#define PID_FIRST_REUSED 300 /* low numbers are not given again, as in Linux */
#define PID_BUCKETS 1024

static spinlock_t pids_lock = SPINLOCK_INIT; /* leaf, interrupts off */
static u64 pids_used[PID_MAX / 64] = { 1 };  /* 0 is the kernel's */
static struct hlist pids[PID_BUCKETS];
static pid_t pid_last;
static struct slab_cache *pid_cache;

void pids_init(void)
{
	pid_cache = slab_create("pid", sizeof(struct pid), 0);
}

static pid_t number_take(void)
{
	pid_t n = pid_last + 1;
	for (int pass = 0; pass < 2; pass++) {
		for (; n < PID_MAX; n++) {
			if (pids_used[n / 64] == ~0ULL) {
				n |= 63;
				continue;
			}
			if (!(pids_used[n / 64] & 1ULL << n % 64)) {
				pids_used[n / 64] |= 1ULL << n % 64;
				pid_last = n;
				return n;
			}
		}
		n = PID_FIRST_REUSED;
	}
	return -1;
}

struct pid *pid_alloc(void)
{
	struct pid *p = slab_alloc(pid_cache, 0);
	if (!p)
		return NULL;
	memset(p, 0, sizeof *p);
	ref_init(&p->refs, 1);
	list_init(&p->group);
	list_init(&p->session);
	wait_queue_init(&p->exit_wait);

	u64 flags = spin_lock_irqsave(&pids_lock);
	p->number = number_take();
	if (p->number > 0)
		hlist_add(&pids[p->number % PID_BUCKETS], &p->hash);
	spin_unlock_irqrestore(&pids_lock, flags);
	if (p->number > 0)
		return p;
	slab_free(pid_cache, p);
	return NULL;
}

void pid_get(struct pid *p)
{
	ref_get(&p->refs);
}

static void pid_free(struct rcu_head *h)
{
	slab_free(pid_cache, container_of(h, struct pid, rcu));
}

void pid_put(struct pid *p)
{
	if (!p || !ref_put(&p->refs))
		return;
	ASSERT(!p->task && !p->process);
	u64 flags = spin_lock_irqsave(&pids_lock);
	hlist_remove(&p->hash);
	pids_used[p->number / 64] &= ~(1ULL << p->number % 64);
	spin_unlock_irqrestore(&pids_lock, flags);
	call_rcu(&p->rcu, pid_free);
}

/* Without a lock: under RCU a pid that leaves the table meanwhile is still one, with no reference. */
struct pid *pid_find(pid_t n)
{
	struct pid *p, *found = NULL;
	if (n <= 0 || n >= PID_MAX)
		return NULL;
	rcu_read_lock();
	hlist_for_each(p, &pids[n % PID_BUCKETS], hash) {
		if (p->number == n && ref_get_unless_zero(&p->refs)) {
			found = p;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

struct task *task_find(pid_t tid)
{
	struct pid *p = pid_find(tid);
	if (!p)
		return NULL;
	spin_lock(&tree_lock);
	struct task *t = p->task;
	if (t)
		task_get(t);
	spin_unlock(&tree_lock);
	pid_put(p);
	return t;
}

struct process *process_find(pid_t n)
{
	struct pid *p = pid_find(n);
	if (!p)
		return NULL;
	spin_lock(&tree_lock);
	struct process *pr = p->process;
	if (pr)
		process_get(pr);
	spin_unlock(&tree_lock);
	pid_put(p);
	return pr;
}

/* The smallest number >= n in use, or -1. */
static pid_t number_next(pid_t n)
{
	IRQSPIN_GUARD(&pids_lock);
	for (; n < PID_MAX; n++) {
		u64 word = pids_used[n / 64] >> n % 64;
		if (!word)
			n |= 63;
		else
			return n + __builtin_ctzll(word);
	}
	return -1;
}

struct process *process_next(pid_t n)
{
	for (n = max(n, 1); (n = number_next(n)) > 0; n++) {
		struct process *p = process_find(n);
		if (p)
			return p;
	}
	return NULL;
}

pid_t pid_last_number(void)
{
	return READ_ONCE(pid_last);
}
