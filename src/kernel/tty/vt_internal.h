/* SPDX-License-Identifier: MIT */
/* What vt.c (drawing, cells), vt_switch.c, vt_ioctl.c and vcs.c share. Theory and locks: vt.c, vt_switch.c. */
#pragma once

#include <linux/vt.h>
#include <sched/mutex.h>
#include <tty/tty.h>
#include <tty/vt.h>

struct process;

struct vt {
	spinlock_t lock;      /* interrupts off; all but what is marked */
	struct terminal term;
	struct tty *tty;      /* imm */
	void *cells;          /* vt_mutex; NULL: not in use yet */
	bool ready;           /* cells are there */
	bool open;
	bool graphics;        /* KD_GRAPHICS: nothing is drawn */
	bool answered;        /* bytes were put into the input ring */
	bool was_reset, rang; /* ESC c, BEL came: the keyboard is told without the lock */
	struct wait_queue changed; /* somebody polls /dev/vcs */
	u64 changes;          /* counts them; atomic */
	bool selected, pointer_shown; /* shown in reverse: cells selected_from..selected_to, and `pointer` */
	u32 selected_from, selected_to, pointer;

	/* Who decides about switching: vt_mutex. */
	struct vt_mode mode;
	struct process *owner; /* of VT_PROCESS; referenced */
	int asked;             /* index that the owner was asked to give way to; -1: none */
};

extern struct mutex vt_mutex;
extern const struct vt_screen *vt_the_screen; /* imm after set-up; NULL: no virtual terminals */

/* All take indices, from 0: one less than numbers. */
unsigned vt_visible_index(void);
/* NULL: never used yet. The objects stay for ever once they are there. */
struct vt *vt_at(unsigned index);
/* Makes it and its cells. vt_mutex held. -ENOMEM. */
int vt_allocate(unsigned index);
static inline bool vt_allocated(unsigned index)
{
	struct vt *v = vt_at(index);
	return v && READ_ONCE(v->ready);
}
static inline bool vt_in_use(unsigned index)
{
	struct vt *v = vt_at(index);
	return v && READ_ONCE(v->open);
}
/* Frees the cells of a terminal that is neither visible nor open. vt_mutex held. -EBUSY. */
int vt_free_cells(unsigned index);
/* Puts it on the screen. vt_mutex held; its cells are there. */
void vt_put_on_screen(unsigned index);
void vt_set_graphics(struct vt *v, bool on);
/* Bytes for its readers; how many were taken. Any context. */
size_t vt_input_to(struct vt *v, const char *bytes, size_t n);
extern u32 vt_log_number; /* atomic: the terminal that shows the log; 0: the visible one */
/* Cells were changed from outside (vcs.c). Any context, no lock held. */
void vt_changed(struct vt *v);

/* vt_switch.c */
void vt_switch_init(void);
/* Wants `index`; may have to ask its owner. vt_mutex held. */
void vt_change_to(unsigned index);
void vt_forget_owner(struct vt *v); /* VT_AUTO, text. vt_mutex held */
void vt_set_owner(struct vt *v, const struct vt_mode *m); /* the current process. vt_mutex held */
/* VT_RELDISP of `v`. vt_mutex held. -EINVAL: nobody has asked. */
int vt_release(struct vt *v, int answer);
void vt_lock_switch(bool on);
/* Sleep. -EINTR. `*e` has what is waited for, then what came. */
int vt_event_wait(struct vt_event *e);
int vt_wait_visible(unsigned index);
/* Tells those who wait for VT_EVENT_*: old and new are numbers. */
void vt_event_post(unsigned event, unsigned old, unsigned new);

/* vt_ioctl.c */
s64 vt_ioctl(struct tty *t, struct file *f, unsigned cmd, uptr_t arg);
/* For whoever draws: TIOCLINUX 4, 10, 13, 14, 15; fonts and colours. Set at boot; -EINVAL, -ENOTTY: unknown. */
extern s64 (*vt_screen_tioclinux)(u8 what, uptr_t arg);
extern s64 (*vt_screen_ioctl)(struct vt *v, unsigned cmd, uptr_t arg, bool permitted);
/* vcs.c */
/* Nodes of terminal `number` (0: of the visible one). vt_mutex held. */
void vcs_add(unsigned number);
void vcs_remove(unsigned number);
