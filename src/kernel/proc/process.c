/* SPDX-License-Identifier: MIT */
/*
 * The life of a struct process:
 *
 *   fork ──> live ──(last thread exits)──> zombie ──(parent waits, or ignores)──> reaped
 *
 * It holds one reference from being in the tree; the struct goes with the last
 * reference (/proc readers and the like may outlive the reaping).
 */
#include <proc/process.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <proc/internal.h>

spinlock_t tree_lock = SPINLOCK_INIT;
struct process *init_process;
static struct slab_cache *process_cache;

struct process kernel_process = {
	.refs = REFCOUNT_INIT(1),
	.threads = LIST_INIT(kernel_process.threads),
	.children = LIST_INIT(kernel_process.children),
	.sibling = LIST_INIT(kernel_process.sibling),
	.group_link = LIST_INIT(kernel_process.group_link),
	.session_link = LIST_INIT(kernel_process.session_link),
	.pending_list = LIST_INIT(kernel_process.pending_list),
	.child_wait = WAIT_QUEUE_INIT(kernel_process.child_wait),
};

void processes_init(void)
{
	process_cache = slab_create("process", sizeof(struct process), 64);
	limits_init(&kernel_process);
}

/* Copies of limits and of what a child inherits are made by fork. */
struct process *process_alloc(void)
{
	struct process *p = slab_alloc(process_cache, ALLOC_ZERO);
	if (!p)
		return NULL;
	ref_init(&p->refs, 1);
	spin_init(&p->lock);
	list_init(&p->threads);
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->group_link);
	list_init(&p->session_link);
	list_init(&p->pending_list);
	wait_queue_init(&p->child_wait);
	timer_init(&p->itimer_real, itimer_real_fired);
	mutex_init(&p->timer_mutex);
	p->posix_timers = RB_ROOT;
	p->cpu_timers[0] = p->cpu_timers[1] = RB_ROOT_CACHED;
	return p;
}

void process_get(struct process *p)
{
	ref_get(&p->refs);
}

void process_put(struct process *p)
{
	if (!ref_put(&p->refs))
		return;
	VERIFY(p != &kernel_process);
	ASSERT(list_empty(&p->threads) && list_empty(&p->children));
	pid_put(p->group);
	pid_put(p->session);
	pid_put(p->pid);
	slab_free(process_cache, p);
}

pid_t process_group_number(struct process *p)
{
	SPIN_GUARD(&tree_lock);
	return p->group ? p->group->number : 0;
}

pid_t process_session_number(struct process *p)
{
	SPIN_GUARD(&tree_lock);
	return p->session ? p->session->number : 0;
}

pid_t process_parent_number(struct process *p)
{
	return READ_ONCE(p->parent_number);
}

/* Moves `p` to a group or session.  tree_lock held. */
void process_set_group(struct process *p, struct pid *group)
{
	pid_get(group);
	list_remove(&p->group_link);
	pid_put(p->group);
	p->group = group;
	list_push_back(&group->group, &p->group_link);
}

void process_set_session(struct process *p, struct pid *session)
{
	pid_get(session);
	list_remove(&p->session_link);
	pid_put(p->session);
	p->session = session;
	list_push_back(&session->session, &p->session_link);
}
