/* SPDX-License-Identifier: MIT */
/*
 * Which virtual terminal is on the screen, and who decides about it.
 *
 * A terminal in VT_AUTO is left and entered at will, but not left while a program draws on it itself
 * (KD_GRAPHICS).  In VT_PROCESS its owner is asked:
 *
 *   somebody wants B while A is shown          A's owner
 *     A->asked = B, signal relsig     ------->   saves the screen, then
 *                                     <-------   VT_RELDISP 1: B is shown (0: A->asked = -1, no)
 *   B is shown; if it has an owner:
 *     signal acqsig                   ------->   restores it, VT_RELDISP VT_ACKACQ
 *
 * An owner that has died is found when it is to be asked or told: its terminal then becomes VT_AUTO and text.
 *
 * All of this is under vt_mutex.  Keys come in interrupts, so they leave a wish for a worker.
 */
#include <debug/log.h>
#include <fs/sysfs/sysfs.h>
#include <linux/kd.h>
#include <linux/signal.h>
#include <lib/string.h>
#include <proc/signal.h>
#include <sync/atomic.h>
#include <tty/vt_internal.h>

enum { WISH_NONE, WISH_NUMBER, WISH_STEP, WISH_LAST };

/* atomic: what the worker is to do: WISH_* << 16 | number, or step + 1 */
static u32 wish;
static struct work wish_work;
static unsigned last;                /* vt_mutex: index shown before this one */
static u32 switch_locked;            /* atomic: VT_LOCKSWITCH */

void vt_lock_switch(bool on)
{
	atomic_store(&switch_locked, on);
}

void vt_forget_owner(struct vt *v)
{
	struct process *owner = v->owner;

	v->owner = NULL;
	v->mode = (struct vt_mode){ .mode = VT_AUTO };
	v->asked = -1;
	if (v->graphics)
		vt_set_graphics(v, false);
	if (owner)
		process_put(owner);
}

void vt_set_owner(struct vt *v, const struct vt_mode *m)
{
	struct process *old = v->owner;

	v->mode = *m;
	v->mode.frsig = 0;
	process_get(current->process);
	v->owner = current->process;
	v->asked = -1;
	if (old)
		process_put(old);
}

/* false: the owner is no more. Signal 0 asks just that, as kill(2) does. */
static bool tell_owner(struct vt *v, int signo)
{
	if (!v->owner || READ_ONCE(v->owner->flags) & PROC_ZOMBIE)
		return false;
	if (signo > 0 && signo <= SIGNAL_MAX)
		signal_send_process(v->owner, signo, NULL);
	return true;
}

/* vt_mutex held. */
static void show(unsigned index)
{
	unsigned old = vt_visible_index();
	struct vt *v = vt_at(index);

	if (old != index) {
		last = old;
		vt_put_on_screen(index);
	}
	if (v->mode.mode == VT_PROCESS && !tell_owner(v, v->mode.acqsig))
		vt_forget_owner(v);
	vt_event_post(VT_EVENT_SWITCH, old + 1, index + 1);
}

void vt_change_to(unsigned index)
{
	struct vt *v = vt_at(vt_visible_index());

	if (index == vt_visible_index() || atomic_load(&switch_locked))
		return;
	if (v->mode.mode == VT_PROCESS) {
		v->asked = index;
		if (tell_owner(v, v->mode.relsig))
			return;
		vt_forget_owner(v);
	}
	if (!v->graphics)
		show(index);
}

int vt_release(struct vt *v, int answer)
{
	int to = v->asked;

	if (v->mode.mode != VT_PROCESS)
		return -EINVAL;
	if (to < 0)
		return answer == VT_ACKACQ ? 0 : -EINVAL;
	v->asked = -1;
	if (!answer)
		return 0;
	int err = vt_allocate(to);
	if (!err)
		show(to);
	return err;
}

/* --- Wishes --- */

static unsigned next_in_use(int step)
{
	unsigned at = vt_visible_index();

	for (unsigned i = 0; i < VT_COUNT; i++) {
		at = (at + VT_COUNT + step) % VT_COUNT;
		if (vt_allocated(at))
			break;
	}
	return at;
}

static void do_wish(struct work *unused_w)
{
	u32 w = atomic_exchange(&wish, WISH_NONE);
	MUTEX_GUARD(&vt_mutex);
	unsigned index = w >> 16 == WISH_NUMBER ? w & 0xffff :
			 w >> 16 == WISH_STEP ? next_in_use((int)(w & 0xffff) - 1) : last;

	if (w == WISH_NONE)
		return;
	if (vt_allocate(index))
		log_warn("vt: no memory for tty%u", index + 1);
	else
		vt_change_to(index);
}

static void want(u32 what, unsigned value)
{
	if (!vt_the_screen)
		return;
	atomic_store(&wish, what << 16 | value);
	work_queue(&wish_work);
}

void vt_switch(unsigned number)
{
	if (number >= 1 && number <= VT_COUNT)
		want(WISH_NUMBER, number - 1);
}

void vt_switch_by(int step)
{
	want(WISH_STEP, step + 1);
}

void vt_switch_last(void)
{
	want(WISH_LAST, 0);
}

/* --- Events: VT_WAITEVENT, VT_WAITACTIVE --- */

struct event_wait {
	struct list link;
	struct vt_event event; /* .event: what is waited for, then what came */
	bool done;
};

static spinlock_t event_lock = SPINLOCK_INIT; /* interrupts on */
static struct list event_waits = LIST_INIT(event_waits);
static struct wait_queue event_queue = WAIT_QUEUE_INIT(event_queue);

void vt_event_post(unsigned event, unsigned old, unsigned new)
{
	struct event_wait *w;
	{
		SPIN_GUARD(&event_lock);
		list_for_each(w, &event_waits, link) {
			if (w->done || !(w->event.event & event))
				continue;
			w->event = (struct vt_event){ .event = event, .oldev = old, .newev = new };
			WRITE_ONCE(w->done, true);
		}
	}
	wait_wake_all(&event_queue);
}

int vt_event_wait(struct vt_event *e)
{
	struct event_wait w = { .event = *e };
	{
		SPIN_GUARD(&event_lock);
		list_push_back(&event_waits, &w.link);
	}
	int err = wait_event(&event_queue, WAIT_INTERRUPTIBLE, READ_ONCE(w.done));
	{
		SPIN_GUARD(&event_lock);
		list_remove(&w.link);
	}
	*e = w.event;
	return err && !w.done ? -EINTR : 0;
}

int vt_wait_visible(unsigned index)
{
	int err = wait_event(&event_queue, WAIT_INTERRUPTIBLE, vt_visible_index() == index);

	return err ? -EINTR : 0;
}

static int show_active(struct text *t, void *ctx)
{
	text_printf(t, "tty%u\n", vt_visible_index() + 1);
	return 0;
}

void vt_switch_init(void)
{
	work_init(&wish_work, do_wish);
	sysfs_add("class/tty/tty0/active", show_active, NULL);
}
