/* SPDX-License-Identifier: MIT */
/*
 * The dark screen.  After an interval without keys or messages of the kernel (consoleblank=, ESC [ 9
 * ; n ]), or when somebody asks for it (TIOCLINUX), the drawing thread shows nothing but black; what
 * is written meanwhile changes cells as ever.  Output of programs does not make light: that is Linux's
 * rule.  Who has asked for darkness must ask for light; else a key does.
 *
 * All state is atomic words: the thread compares them when it wakes, which it does in time.
 */
#include <linux/tiocl.h>
#include <mm/usercopy.h>
#include <fs/sysfs/sysfs.h>
#include <lib/parse.h>
#include <proc/cmdline.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <tty/vt_internal.h>

static u64 interval_ns; /* atomic; 0: never dark by itself */
static u64 poked_at;    /* atomic: monotonic ns of the last sign of life */
static u32 asked;       /* atomic: dark until somebody asks for light */
static u32 is_dark;     /* atomic: as the thread has found last */

static bool overdue(u64 now)
{
	u64 interval = atomic_load(&interval_ns);

	return interval && now >= atomic_load(&poked_at) + interval;
}

bool vt_blank_now(u64 now)
{
	bool dark = atomic_load(&asked) || overdue(now);

	if (atomic_exchange(&is_dark, dark) != dark)
		vt_event_post(dark ? VT_EVENT_BLANK : VT_EVENT_UNBLANK, vt_visible_index() + 1, vt_visible_index() + 1);
	return dark;
}

u64 vt_blank_due(void)
{
	u64 interval = atomic_load(&interval_ns);

	return interval && !atomic_load(&is_dark) ? atomic_load(&poked_at) + interval : 0;
}

void vt_poke(void)
{
	if (atomic_load(&asked))
		return;
	atomic_store(&poked_at, clock_monotonic_ns());
	if (atomic_load(&is_dark))
		vt_changed(vt_visible());
}

void vt_unblank(void)
{
	atomic_store(&asked, 0);
	vt_poke();
}

void vt_blank_after(unsigned seconds)
{
	atomic_store(&interval_ns, seconds * NSEC_PER_SEC);
	vt_poke();
	vt_changed(vt_visible()); /* the thread computes anew when to wake */
}

/* TIOCLINUX, whose arguments stand behind the subcode. */
static s64 screen_control(u8 subcode, uptr_t arg)
{
	u32 lines;
	u8 mode;

	switch (subcode) {
	case TIOCL_UNBLANKSCREEN:
		vt_unblank();
		return 0;
	case TIOCL_SETVESABLANK: /* no way to power a display down: dark is all there is */
		return get_user_u8(&mode, uptr_add(arg, 1)) ? -EFAULT : 0;
	case TIOCL_BLANKSCREEN:
		atomic_store(&asked, 1);
		vt_changed(vt_visible());
		return 0;
	case TIOCL_BLANKEDSCREEN:
		return atomic_load(&is_dark) ? vt_visible()->tty->index : 0;
	case TIOCL_SCROLLCONSOLE:
		if (get_user_u32(&lines, uptr_add(arg, 4)))
			return -EFAULT;
		vt_scroll_lines((s32)lines);
		return 0;
	default:
		return -EINVAL;
	}
}

static int show_interval(struct text *t, void *unused_ctx)
{
	text_printf(t, "%llu\n", atomic_load(&interval_ns) / NSEC_PER_SEC);
	return 0;
}

void vt_blank_init(void)
{
	char word[16];
	u64 seconds;

	atomic_store(&poked_at, clock_monotonic_ns());
	if (cmdline_get("consoleblank", word, sizeof(word)) && !parse_u64(word, 10, &seconds) && seconds < 1U << 31)
		atomic_store(&interval_ns, seconds * NSEC_PER_SEC);
	vt_screen_tioclinux = screen_control;
	(void)sysfs_add("module/kernel/parameters/consoleblank", show_interval, NULL);
}
