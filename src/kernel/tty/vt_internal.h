/* SPDX-License-Identifier: MIT */
/* Shared by the files of the virtual terminals. Theory and locks: vt.c, vt_draw.c, vt_switch.c. */
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
	u16 view;             /* how many lines of the history are shown above the screen's */

	/* Who decides about switching: vt_mutex. */
	struct vt_mode mode;
	struct process *owner; /* of VT_PROCESS; referenced */
	int asked;             /* index that the owner was asked to give way to; -1: none */
};

extern struct mutex vt_mutex;
extern struct vt_screen *vt_the_screen; /* imm after set-up; NULL: no virtual terminals */

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
/* Bytes for its readers; how many were taken. Any context. */
size_t vt_input_to(struct vt *v, const char *bytes, size_t n);
/* The named colours, 0xRRGGBB, of all terminals. vt_mutex held. */
void vt_get_palette(u32 colours[16]);
void vt_set_palette(const u32 colours[16]);
extern u32 vt_log_number; /* atomic: the terminal that shows the log; 0: the visible one */
/* Something has changed in `v`. Any context in which a task may be woken. */
void vt_changed(struct vt *v);
static inline struct vt *vt_visible(void)
{
	return vt_at(vt_visible_index());
}

/* --- vt_draw.c: from cells to the screen --- */

/* Memory and thread. -ENOMEM. */
int vt_draw_init(void);
/* The visible terminal shows the log from now on, what is in it already first. */
void vt_draw_log(void);
/* The screen is to be looked at. Contexts as vt_changed. */
void vt_want_frame(void);
/* Nothing on the screen is known to be right any more. */
void vt_screen_lost(void);
/*
 * A program has the screen for itself when `v` is visible (on), or all is drawn anew. When it
 * returns nobody draws any more. May sleep.
 */
void vt_set_graphics(struct vt *v, bool on);
/* To the live screen again; v->lock held. True: it was scrolled back. */
bool vt_view_reset(struct vt *v);
extern struct mutex vt_render_mutex; /* one who draws; vt_mutex > vt_render_mutex > v->lock */

/* --- vt_blank.c: the dark screen --- */

void vt_blank_init(void);
/* Somebody is there (a key), or should look (the log): light, for the interval to come. As vt_changed. */
void vt_poke(void);
/* Is the screen to be dark now? Starts being so when the time has come. The drawing thread alone. */
bool vt_blank_now(u64 now);
/* When it will be, monotonic ns; 0: never. */
u64 vt_blank_due(void);
/* ESC [ 9 ; n ]: after so many seconds, 0: never. */
void vt_blank_after(unsigned seconds);
void vt_unblank(void);

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
/* For whoever draws: TIOCLINUX 4, 10, 13, 14, 15. Set at boot; -EINVAL: unknown. */
extern s64 (*vt_screen_tioclinux)(u8 what, uptr_t arg);
/* vcs.c */
/* Nodes of terminal `number` (0: of the visible one). vt_mutex held. */
void vcs_add(unsigned number);
void vcs_remove(unsigned number);
