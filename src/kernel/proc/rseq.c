/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences (rseq(2), <linux/rseq.h>): a thread tells where its struct rseq is, and in that, while
 * it is in a critical section, where a struct rseq_cs describes that:
 *
 *	start_ip ........ start_ip + post_commit_offset      abort_ip, the signature in the word before it
 *
 * If it is switched away from, moved to another CPU, or gets a signal inside the section, it finds
 * itself at abort_ip.  So until the last instruction of a section it has been alone on its CPU, in
 * its program.  The scheduler sets WORK_RSEQ when it switches away from a registered thread; all the
 * rest happens on the way to user mode, where user memory can be touched.
 */
#include <arch/cpu.h>
#include <linux/rseq.h>
#include <proc/internal.h>
#include <syscall/handlers.h>

#define FIELD(t, name) UPTR((t)->rseq + offsetof(struct rseq, name))

static int clear_section(struct task *t)
{
	return put_user_u64(FIELD(t, rseq_cs), 0);
}

/* The section that the thread says to be in; *cs is valid when 1 is returned. 0: none; -EFAULT, -EINVAL. */
static int read_section(struct task *t, struct rseq_cs *cs)
{
	u64 at;
	u32 signature;

	if (get_user_u64(&at, FIELD(t, rseq_cs)))
		return -EFAULT;
	if (!at)
		return 0;
	if (copy_from_user(cs, UPTR(at), sizeof *cs))
		return -EFAULT;
	if (cs->version || cs->flags || cs->start_ip >= USER_MAX || cs->abort_ip >= USER_MAX ||
	    cs->post_commit_offset >= USER_MAX - cs->start_ip ||
	    cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return -EINVAL;
	if (get_user_u32(&signature, UPTR(cs->abort_ip - sizeof signature)))
		return -EFAULT;
	return signature == t->rseq_signature ? 1 : -EINVAL;
}

/* Leads the thread out of a section that it is in. */
static int abort_section(struct task *t, struct regs *r)
{
	struct rseq_cs cs;
	u32 flags;
	int found = read_section(t, &cs);

	if (found <= 0)
		return found;
	bool inside = regs_ip(r) - cs.start_ip < cs.post_commit_offset;
	if (inside && (get_user_u32(&flags, FIELD(t, flags)) || flags))
		return -EINVAL; /* the flags that forbid a restart exist no more */
	if (clear_section(t))
		return -EFAULT;
	if (inside)
		regs_set_ip(r, cs.abort_ip);
	return 0;
}

/* The CPU may be another one when the stores are done: then WORK_RSEQ is set again. */
static int store_cpu(struct task *t, u32 start, u32 cpu)
{
	return put_user_u32(FIELD(t, cpu_id_start), start) || put_user_u32(FIELD(t, cpu_id), cpu) ? -EFAULT : 0;
}

bool rseq_interrupt(struct regs *r)
{
	struct task *t = current;

	return !abort_section(t, r) && !store_cpu(t, cpu_id(), cpu_id());
}

void rseq_leave(struct regs *r)
{
	siginfo_t info = { .si_signo = SIGSEGV, .si_code = SI_KERNEL };
	struct task *t = current;

	atomic_and_work(t, ~(u32)WORK_RSEQ);
	if (t->rseq && !rseq_interrupt(r))
		signal_force(SIGSEGV, &info);
}

static s64 unregister(struct task *t, uptr_t p, u32 size, int flags, u32 signature)
{
	if (flags & ~RSEQ_FLAG_UNREGISTER || !t->rseq || t->rseq != p.raw || size != sizeof(struct rseq))
		return -EINVAL;
	if (t->rseq_signature != signature)
		return -EPERM;
	if (store_cpu(t, 0, (u32)RSEQ_CPU_ID_UNINITIALIZED))
		return -EFAULT;
	t->rseq = 0;
	return 0;
}

s64 sys_rseq(uptr_t p, uint size, int flags, uint signature)
{
	struct task *t = current;

	if (flags & RSEQ_FLAG_UNREGISTER)
		return unregister(t, p, size, flags, signature);
	if (flags)
		return -EINVAL;
	if (t->rseq) {
		if (t->rseq != p.raw || size != sizeof(struct rseq))
			return -EINVAL;
		return t->rseq_signature != signature ? -EPERM : -EBUSY;
	}
	if (p.raw % __alignof__(struct rseq) || size != sizeof(struct rseq))
		return -EINVAL;
	if (!user_range_ok(p, size))
		return -EFAULT;
	t->rseq = p.raw;
	t->rseq_signature = signature;
	task_set_work(t, WORK_RSEQ);
	return 0;
}
