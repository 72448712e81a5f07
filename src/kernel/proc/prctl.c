/* SPDX-License-Identifier: MIT */
/* prctl, arch_prctl, personality. */
#include <arch/thread.h>
#include <lib/string.h>
#include <asm/prctl.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <vm/vm.h>

static s64 set_name(uptr_t name)
{
	char buf[16];
	ssize_t n = strncpy_from_user(buf, name, sizeof buf - 1);

	if (n == -EFAULT)
		return -EFAULT;
	buf[n < 0 ? 15 : n] = 0;
	memcpy(current->comm, buf, strlen(buf) + 1);
	return 0;
}

static s64 get_name(uptr_t name)
{
	char buf[16] = { 0 };
	strlcpy(buf, current->comm, sizeof buf);
	return copy_to_user(name, buf, sizeof buf);
}

static s64 subreaper(bool set, ulong arg)
{
	struct process *p = current->process;
	if (!set)
		return put_user_u32(UPTR(arg), !!(p->flags & PROC_SUBREAPER));
	IRQSPIN_GUARD(&p->lock);
	p->flags = arg ? p->flags | PROC_SUBREAPER : p->flags & ~(u32)PROC_SUBREAPER;
	return 0;
}

s64 sys_prctl(int option, ulong arg2, ulong arg3, ulong arg4, ulong arg5)
{
	struct task *t = current;

	switch (option) {
	case PR_SET_NAME: return set_name(UPTR(arg2));
	case PR_GET_NAME: return get_name(UPTR(arg2));
	case PR_SET_PDEATHSIG:
		if (arg2 > SIGNAL_MAX)
			return -EINVAL;
		t->pdeath_signal = (u32)arg2;
		return 0;
	case PR_GET_PDEATHSIG: return put_user_u32(UPTR(arg2), t->pdeath_signal);
	case PR_GET_DUMPABLE: return t->mm->dumpable;
	case PR_SET_DUMPABLE:
		if (arg2 > 1)
			return -EINVAL;
		t->mm->dumpable = (u8)arg2;
		return 0;
	case PR_SET_TIMERSLACK:
		t->timer_slack_ns = (s64)arg2 <= 0 ? t->default_slack_ns : arg2;
		return 0;
	case PR_GET_TIMERSLACK: return (s64)t->timer_slack_ns;
	case PR_SET_CHILD_SUBREAPER: return subreaper(true, arg2);
	case PR_GET_CHILD_SUBREAPER: return subreaper(false, arg2);
	case PR_GET_TID_ADDRESS: return put_user_u64(UPTR(arg2), t->clear_child_tid);
	case PR_GET_SECCOMP: return 0; /* no filter is in force */
	case PR_GET_TSC: return put_user_u32(UPTR(arg2), PR_TSC_ENABLE);
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_SET_NO_NEW_PRIVS:
	case PR_GET_NO_NEW_PRIVS:
		return cred_prctl(option, arg2, arg3, arg4, arg5);
	default: return -EINVAL;
	}
}

s64 sys_arch_prctl(int code, ulong value)
{
	u64 out;
	bool has_out = false;
	s64 r = thread_arch_prctl(code, value, &out, &has_out);

	if (!r && has_out)
		return put_user_u64(UPTR(value), out);
	return r;
}

s64 sys_personality(uint persona)
{
	struct process *p = current->process;
	u32 old = p->personality;

	if (persona == 0xffffffff)
		return old;
	if ((persona & PER_MASK) != PER_LINUX)
		return -EINVAL;
	p->personality = persona;
	return old;
}
