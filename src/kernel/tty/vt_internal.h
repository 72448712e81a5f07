/* SPDX-License-Identifier: MIT */
/* Shared by the files of the virtual terminals: vt.c has the theory. */
#pragma once

#include <sched/mutex.h>
#include <sync/atomic.h>
#include <tty/tty.h>
#include <tty/vt.h>

struct vt {
	spinlock_t lock;      /* interrupts off; all but what is marked */
	struct terminal term;
	struct tty *tty;      /* imm after set-up */
	void *cells;          /* vt_mutex; NULL: not in use yet */
	bool ready;           /* cells are there */
	bool open;
	bool graphics;        /* KD_GRAPHICS: nothing is drawn */
	bool answered;        /* bytes were put into the input ring */
	u16 view;             /* how many lines of the history are shown above the screen's */
};

extern struct vt vts[VT_COUNT];
extern struct vt_screen *vt_screen;  /* imm after set-up; NULL: there is none */
extern u32 vt_visible_index;         /* atomic; written under vt_mutex */

static inline struct vt *vt_visible(void)
{
	return &vts[atomic_load(&vt_visible_index)];
}

/* --- vt_draw.c: from cells to the screen --- */

/* Memory and thread. -ENOMEM. */
int vt_draw_init(void);
/* The visible terminal shows the log from now on, what is in it already first. */
void vt_draw_log(void);
/* Something has changed in `v`. Any context in which a task may be woken. */
void vt_changed(struct vt *v);
/* Another terminal is, or is about to be, visible: nothing on the screen is known to be right. */
void vt_screen_lost(void);
/*
 * A program has the screen for itself when `v` is visible (on), or all is drawn anew. When it
 * returns nobody draws any more. May sleep.
 */
void vt_set_graphics(struct vt *v, bool on);
/* To the live screen again; v->lock held. True: it was scrolled back. */
bool vt_view_reset(struct vt *v);

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
/* TIOCLINUX's part that is about the screen: subcode and the address that it stands at. -EINVAL: unknown. */
s64 vt_screen_control(u8 subcode, uptr_t arg);
