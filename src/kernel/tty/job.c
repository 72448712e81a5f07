/* SPDX-License-Identifier: MIT */
/*
 * Job control: sessions and their controlling terminals.
 *
 * t->session and t->group say whose controlling terminal `t` is and which group is
 * in the foreground; process->tty is what /dev/tty means to a process.  All three
 * change under tree_lock (process->tty under process->lock, too).  The invariant
 *
 *   p->tty == t  implies  t->session == p->session
 *
 * makes process->tty need no reference of its own: when a terminal loses its session,
 * which it does at the latest when it is hung up for good, all members lose it.
 */
#include <linux/signal.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <tty/n_tty.h>

static void process_set_tty(struct process *p, struct tty *t)
{
	IRQSPIN_GUARD(&p->lock);
	p->tty = t;
}

static bool is_session_leader(const struct process *p)
{
	return p->session == p->pid;
}

/* The terminal has no session any more. tree_lock held. */
static void session_drop(struct tty *t)
{
	struct process *p;

	if (!t->session)
		return;
	list_for_each(p, &t->session->session, session_link)
		if (p->tty == t)
			process_set_tty(p, NULL);
	pid_put(t->session);
	if (t->group)
		pid_put(t->group);
	t->session = t->group = NULL;
}

/* Makes `t` the controlling terminal of the current session. tree_lock held. */
static void session_take(struct tty *t)
{
	struct process *me = current->process;

	session_drop(t);
	pid_get(me->session);
	pid_get(me->group);
	t->session = me->session;
	t->group = me->group;
	process_set_tty(me, t);
}

struct tty *tty_current(void)
{
	SPIN_GUARD(&tree_lock);
	struct tty *t = current->process->tty;

	if (t)
		tty_get(t);
	return t;
}

void tty_open_controlling(struct tty *t, struct file *f)
{
	struct process *me = current->process;
	SPIN_GUARD(&tree_lock);

	if (tty_file_dead(f->priv)) /* hung up meanwhile: nobody would take it away again */
		return;
	if (is_session_leader(me) && !me->tty && !t->session && f->mode & FMODE_READ)
		session_take(t);
}

void tty_signal_foreground(struct tty *t, int signo)
{
	SPIN_GUARD(&tree_lock);

	if (t->group)
		signal_send_group_locked(t->group, signo, NULL);
}

static bool blocked_or_ignored(int signo)
{
	struct task *me = current;

	return me->blocked & SIGNAL_BIT(signo) || me->sighand->action[signo - 1].sa_handler == SIG_IGN;
}

int tty_check_foreground(struct tty *t, int signo)
{
	struct process *me = current->process;

	if (READ_ONCE(me->tty) != t || READ_ONCE(t->group) == me->group)
		return 0;
	SPIN_GUARD(&tree_lock);
	if (me->tty != t || !t->group || t->group == me->group)
		return 0;
	if (blocked_or_ignored(signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (group_is_orphaned(me->group, NULL))
		return -EIO;
	signal_send_group_locked(me->group, signo, NULL);
	return -ERESTARTSYS;
}

/* --- The end of a connection ------------------------------------------------------------------ */

void tty_hangup(struct tty *t)
{
	spin_lock(&t->lock);
	t->generation++;
	tty_flush_locked(t, true, false); /* what was written still goes out */
	tty_start_locked(t);
	spin_unlock(&t->lock);

	spin_lock(&tree_lock);
	if (t->session) {
		struct process *leader = t->session->process;
		if (leader) {
			signal_send_process(leader, SIGHUP, NULL);
			signal_send_process(leader, SIGCONT, NULL);
		}
		if (t->group) {
			signal_send_group_locked(t->group, SIGHUP, NULL);
			signal_send_group_locked(t->group, SIGCONT, NULL);
		}
		session_drop(t);
	}
	spin_unlock(&tree_lock);
	wait_wake_all(&t->read_wait);
	wait_wake_all(&t->write_wait);
	if (t->driver->ops->hangup)
		t->driver->ops->hangup(t);
}

/* The current process, leader of its session, gives its terminal up (TIOCNOTTY). tree_lock held. */
static void leader_gives_up(struct tty *t)
{
	struct pid *group = t->group;

	if (group) {
		signal_send_group_locked(group, SIGHUP, NULL);
		signal_send_group_locked(group, SIGCONT, NULL);
	}
	session_drop(t);
}

/* Hook: the current process is a session's leader and exits. */
static void leader_exits(struct process *p)
{
	struct tty *t = tty_current();

	if (!t)
		return;
	if (t->driver->flags & TTY_PSEUDO) {
		SPIN_GUARD(&tree_lock);
		if (t->session == p->session) {
			if (t->group)
				signal_send_group_locked(t->group, SIGHUP, NULL);
			session_drop(t);
		}
	} else {
		tty_hangup(t);
	}
	tty_put(t);
}

/* Hook: setsid. tree_lock held. */
static void drop_on_setsid(struct process *p)
{
	process_set_tty(p, NULL);
}

/* Hook: fork. tree_lock held. */
static void inherit(struct process *child, struct process *parent)
{
	child->tty = parent->tty;
}

/* Hook: what /proc/PID/stat says of the terminal; device 0: none. */
static void describe(struct process *p, u32 *device, pid_t *foreground)
{
	SPIN_GUARD(&tree_lock);

	if (!p->tty)
		return;
	*device = devno_to_user(p->tty->dev);
	*foreground = p->tty->group ? p->tty->group->number : -1;
}

void tty_job_init(void)
{
	proc_tty_describe = describe;
	proc_session_leader_exit = leader_exits;
	proc_tty_drop = drop_on_setsid;
	proc_tty_inherit = inherit;
}

/* --- Calls ------------------------------------------------------------------------------------- */

static s64 take_controlling(struct tty *t, struct file *f, u64 force)
{
	struct process *me = current->process;
	bool admin = capable(CAP_SYS_ADMIN);
	SPIN_GUARD(&tree_lock);

	if (tty_file_dead(f->priv))
		return -EIO;
	if (is_session_leader(me) && me->session == t->session)
		return 0;
	if (!is_session_leader(me) || me->tty)
		return -EPERM;
	if (t->session && !(force == 1 && admin))
		return -EPERM;
	if (!(f->mode & FMODE_READ) && !admin)
		return -EPERM;
	session_take(t);
	return 0;
}

static s64 give_up(struct tty *t)
{
	struct process *me = current->process;
	SPIN_GUARD(&tree_lock);

	if (me->tty != t)
		return -ENOTTY;
	if (is_session_leader(me))
		leader_gives_up(t);
	else
		process_set_tty(me, NULL);
	return 0;
}

static s64 get_number(struct tty *t, struct file *f, bool session, uptr_t arg)
{
	pid_t number;

	spin_lock(&tree_lock);
	struct pid *p = session ? t->session : t->group;
	bool mine = current->process->tty == t || f->ops != &tty_file_ops; /* a pty's master may ask, too */
	number = p ? p->number : 0;
	spin_unlock(&tree_lock);
	if (!mine || (session && !p))
		return -ENOTTY;
	return put_user_u32(arg, number);
}

static s64 set_foreground_locked(struct tty *t, struct pid *group)
{
	struct process *me = current->process, *p;

	if (me->tty != t || t->session != me->session)
		return -ENOTTY;
	if (!group || list_empty(&group->group))
		return -ESRCH;
	p = list_first(&group->group, struct process, group_link);
	if (p->session != me->session)
		return -EPERM;
	pid_get(group);
	if (t->group)
		pid_put(t->group);
	t->group = group;
	return 0;
}

static s64 set_foreground(struct tty *t, uptr_t arg)
{
	u32 number;
	int err = tty_check_foreground(t, SIGTTOU);

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (READ_ONCE(current->process->tty) != t)
		return -ENOTTY;
	err = get_user_u32(&number, arg);
	if (err)
		return err;
	if ((s32)number < 0)
		return -EINVAL;
	struct pid *group = pid_find(number);
	spin_lock(&tree_lock);
	err = set_foreground_locked(t, group);
	spin_unlock(&tree_lock);
	if (group)
		pid_put(group);
	return err;
}

s64 tty_job_ioctl(struct tty *t, struct file *f, unsigned cmd, uptr_t arg)
{
	switch (cmd) {
	case TIOCSCTTY:
		return take_controlling(t, f, arg.raw);
	case TIOCNOTTY:
		return give_up(t);
	case TIOCGPGRP:
		return get_number(t, f, false, arg);
	case TIOCGSID:
		return get_number(t, f, true, arg);
	case TIOCSPGRP:
		return set_foreground(t, arg);
	default:
		return -ENOTTY;
	}
}

s64 sys_vhangup(void)
{
	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	struct tty *t = tty_current();
	if (t) {
		tty_hangup(t);
		tty_put(t);
	}
	return 0;
}
