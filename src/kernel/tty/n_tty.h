/* SPDX-License-Identifier: MIT */
/* The line discipline, as the rest of tty/ sees it. "Locked": tty->lock is held. */
#pragma once

#include <tty/tty.h>

void n_tty_init(struct tty *t);
/* t->termios has changed from *old. Locked. */
void n_tty_set_termios(struct tty *t, const struct ktermios *old);
/* Takes bytes from the input ring as long as there is room for them, echoes, wakes readers. No lock. */
void n_tty_process_input(struct tty *t);
/* Takes bytes from memory (a pty's master); returns how many. Locked. */
size_t n_tty_receive(struct tty *t, const u8 *p, size_t n);
void n_tty_flush_input(struct tty *t); /* Locked. */
bool n_tty_input_full(const struct tty *t); /* no further byte would be taken. Locked. */

ssize_t n_tty_read(struct tty_file *tf, struct uio *u);
ssize_t n_tty_write(struct tty_file *tf, struct uio *u);
unsigned n_tty_poll(struct tty_file *tf, struct file *f, struct poll_table *pt);
u32 n_tty_readable(struct tty *t); /* bytes that FIONREAD reports. Locked. */

/* n_tty_output.c. All locked. */
/* Processes as OPOST says and hands to the driver as much as it takes; returns how much of p that was. */
size_t n_tty_output(struct tty *t, const u8 *p, size_t n);
void n_tty_echo(struct tty *t, u8 c);     /* as a user sees it: ^X for control characters */
void n_tty_echo_raw(struct tty *t, u8 c); /* through OPOST alone */
void n_tty_echo_bytes(struct tty *t, const char *s); /* final bytes */
bool n_tty_echo_flush(struct tty *t);     /* true: nothing is left */

#define T_IFLAG(t, f) ((t)->termios.c_iflag & (f))
#define T_OFLAG(t, f) ((t)->termios.c_oflag & (f))
#define T_LFLAG(t, f) ((t)->termios.c_lflag & (f))
#define T_CC(t, which) ((t)->termios.c_cc[which])

static inline bool n_tty_is_control(u8 c) { return c < 32 || c == 127; }
/* Within a UTF-8 character, when the terminal speaks UTF-8. */
static inline bool n_tty_is_continuation(const struct tty *t, u8 c)
{
	return T_IFLAG(t, IUTF8) && (c & 0xc0) == 0x80;
}
