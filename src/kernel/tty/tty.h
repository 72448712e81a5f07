/* SPDX-License-Identifier: MIT */
/*
 * Terminals.  A driver makes a struct tty for each line that it serves; the tty
 * core opens, closes and hangs it up; the line discipline (n_tty*.c) stands
 * between the bytes of the line and the programs.  See tty.c for the theory.
 */
#pragma once

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fs/device_file.h>
#include <lib/list.h>
#include <sched/mutex.h>
#include <sched/workqueue.h>
#include <sync/refcount.h>
/* After termbits: asm/termios.h brings struct winsize. */
#include <asm/termios.h>

struct tty;
struct pid;
struct process;

/*
 * What a driver does.  write, write_room, pending, flush, start, stop, send_xchar
 * and set_termios are called with tty->lock held (no sleeping, interrupts on); the
 * others in task context, and may sleep.  NULL: not needed (or -ENOTTY for ioctls).
 */
struct tty_ops {
	int (*open)(struct tty *t);   /* each open; also after a hangup */
	void (*close)(struct tty *t); /* last close */
	size_t (*write)(struct tty *t, const u8 *p, size_t n); /* returns how much was taken */
	size_t (*write_room)(struct tty *t); /* also without the lock */
	size_t (*pending)(struct tty *t);    /* bytes taken that the line has not seen; also without the lock */
	void (*flush)(struct tty *t);        /* drops those */
	void (*start)(struct tty *t);        /* t->stopped was cleared or set: */
	void (*stop)(struct tty *t);
	void (*send_xchar)(struct tty *t, u8 c); /* ahead of all else, even when stopped */
	void (*throttle)(struct tty *t, bool on); /* the input is (no longer) nearly full: RTS */
	void (*input_room)(struct tty *t);   /* the input ring has room again; no lock held */
	/* t->termios is what is wanted; correct there what the hardware cannot do. */
	void (*set_termios)(struct tty *t, const struct ktermios *old);
	int (*break_ctl)(struct tty *t, bool on);
	int (*modem_get)(struct tty *t);     /* TIOCM_* */
	int (*modem_set)(struct tty *t, u32 set, u32 clear);
	void (*hangup)(struct tty *t);
	s64 (*ioctl)(struct tty *t, struct file *f, unsigned cmd, uptr_t arg); /* -ENOTTY */
	void (*destroy)(struct tty *t);      /* last reference gone */
};

enum tty_driver_flags {
	TTY_NO_NODE = 1,   /* not in /dev by itself (pseudo terminals: devpts shows them) */
	TTY_PSEUDO = 2,    /* the other end is a program: a full echo is dropped, a leader's exit does not hang up */
};

struct tty_driver {
	const char *name;  /* of nodes, followed by the index */
	u32 major, minor;  /* of index 0 */
	u32 mode;          /* permissions and group of the nodes */
	gid_t gid;
	u32 flags;         /* TTY_* */
	u32 cflag;         /* initial c_cflag */
	const struct tty_ops *ops;
};

#define TTY_LINE_SIZE 4096 /* bytes that may wait for a reader, as in Linux */
#define TTY_ECHO_SIZE 4096
#define TTY_INPUT_SIZE (64 * 1024) /* bytes that may wait for the line discipline */

/* Received bytes carry what the hardware said about them in the upper half. */
enum tty_input_flag { TTY_NORMAL = 0, TTY_BREAK = 0x100, TTY_PARITY = 0x200, TTY_FRAME = 0x300, TTY_OVERRUN = 0x400 };

/* State of the line discipline. tty->lock. Positions count up for ever; the place is their remainder. */
struct n_tty {
	u32 head;            /* next place to fill */
	u32 line;            /* canonical: start of the line being edited; the rest is for readers */
	u32 tail;            /* next to read */
	u32 column;          /* of the output */
	u32 line_column;     /* where the line being edited began */
	bool literal;        /* LNEXT was typed */
	bool erasing;        /* ECHOPRT: between \ and / */
	u32 echo_head, echo_tail;
	u64 line_end[TTY_LINE_SIZE / 64]; /* the byte here ends a line */
	u64 line_eof[TTY_LINE_SIZE / 64]; /* and is no byte but an end of file */
	u8 special[256 / 8]; /* input bytes that need more than being stored, from termios */
	u8 buf[TTY_LINE_SIZE];
	u8 echo[TTY_ECHO_SIZE]; /* final bytes that the driver has not taken yet */
};

struct tty {
	refcount_t refs;
	const struct tty_driver *driver; /* imm */
	u32 index;               /* imm */
	dev_t dev;               /* imm */
	char name[16];           /* imm: "ttyS0", "pts/3" */
	void *priv;              /* imm: the driver's */
	struct list link;        /* tty_list_lock */

	struct mutex open_lock;  /* opening, closing, hanging up */
	u32 opens;               /* open_lock */
	bool exclusive;          /* open_lock: TIOCEXCL */

	spinlock_t lock;         /* from here to n: task context only */
	u32 generation;          /* changes with each hangup: older files are dead */
	struct ktermios termios;
	struct winsize winsize;
	bool stopped;            /* ^S or TCOOFF */
	bool stopped_by_call;    /* by TCOOFF: IXANY does not help */
	bool throttled;
	bool other_closed;       /* pty: the master has gone */
	bool reading, writing;   /* a task is in read or write; others wait on `turn` */
	struct n_tty n;

	struct wait_queue turn;
	struct wait_queue read_wait;
	struct wait_queue write_wait;

	u16 *input;              /* ring between the driver's interrupt and `lock` holders; NULL until opened */
	u32 input_head;          /* written by the driver alone */
	u32 input_tail;          /* lock */
	struct work input_work, free_work;

	struct pid *session, *group; /* tree_lock; referenced: who is in the foreground */
};

/* An open file of a terminal: file->priv. */
struct tty_file {
	struct tty *tty;         /* imm, referenced */
	u32 generation;          /* imm: tty->generation at open */
	bool immune;             /* imm: opened as /dev/console, outlives hangups */
};

static inline bool tty_file_dead(const struct tty_file *tf)
{
	return unlikely(tf->generation != READ_ONCE(tf->tty->generation)) && !tf->immune;
}

/* tty.c */
void tty_init(void);
/* A tty with Linux's initial settings, and its node; NULL. Reference is the driver's. May sleep. */
struct tty *tty_create(const struct tty_driver *d, unsigned index, void *priv);
/* Takes it out of /dev and of look-ups, hangs it up, drops the driver's reference. */
void tty_remove(struct tty *t);
static inline void tty_get(struct tty *t) { ref_get(&t->refs); }
void tty_put(struct tty *t);
struct tty *tty_find(dev_t dev);            /* referenced or NULL */
struct tty *tty_find_name(const char *name); /* the same */
/* Opens `t` (reference taken over) as `f`. Used by pty masters' TIOCGPTPEER and devpts, too. */
int tty_open_file(struct tty *t, struct file *f, bool controlling, bool immune);
extern const struct file_ops tty_file_ops;
/* Waits until the line has seen all output, at most `ns` (0: no limit). -ERESTARTSYS */
int tty_drain(struct tty *t, u64 ns);
/* The same for all lines, for a second at most: before the machine is switched off. */
void tty_drain_all(void);
/* Input and output buffers without the foreground's leave: TCIFLUSH and so on. lock held. */
void tty_flush_locked(struct tty *t, bool input, bool output);
void tty_stop_locked(struct tty *t);
void tty_start_locked(struct tty *t);

/* For drivers.  tty_input: any context, one caller at a time; false: no room, the byte was not taken. */
static inline u32 tty_input_room(const struct tty *t)
{
	return TTY_INPUT_SIZE - (t->input_head - READ_ONCE(t->input_tail));
}
static inline bool tty_input(struct tty *t, u16 c)
{
	u32 head = t->input_head;

	if (unlikely(head - __atomic_load_n(&t->input_tail, __ATOMIC_ACQUIRE) >= TTY_INPUT_SIZE))
		return false;
	t->input[head % TTY_INPUT_SIZE] = c;
	__atomic_store_n(&t->input_head, head + 1, __ATOMIC_RELEASE);
	return true;
}
/* Bytes were put in: they will be looked at soon. Any context. */
static inline void tty_input_ready(struct tty *t) { work_queue(&t->input_work); }
/* The driver has room for output again. Any context. */
void tty_output_ready(struct tty *t);
/* Line speed that c_cflag and c_ospeed say, bits a second; 0: hang up. */
u32 tty_speed(const struct ktermios *t);
/* Puts a speed into c_cflag, c_ispeed and c_ospeed. */
void tty_set_speed(struct ktermios *t, u32 bps);

/* job.c: controlling terminals */
void tty_job_init(void);
/* May the current task do this from where it is (0), or was it sent `signo` (-ERESTARTSYS), or -EIO. */
int tty_check_foreground(struct tty *t, int signo);
void tty_open_controlling(struct tty *t, struct file *f);
struct tty *tty_current(void); /* controlling terminal of the current process, referenced; NULL */
void tty_signal_foreground(struct tty *t, int signo);
/* Ends all use: open files get end of file and EIO, the session's leader SIGHUP. May sleep. */
void tty_hangup(struct tty *t);
s64 tty_job_ioctl(struct tty *t, struct file *f, unsigned cmd, uptr_t arg);

/* ioctl.c */
s64 tty_ioctl(struct file *f, unsigned cmd, uptr_t arg);
s64 tty_ioctl_on(struct tty *t, struct file *f, unsigned cmd, uptr_t arg);

/* console.c: which terminal is /dev/console */
struct tty *tty_console(void); /* referenced or NULL */
/* The options of the last console=NAME,OPTIONS word (NULL: any name); false when NAME is not a console. */
bool tty_console_options(const char *name, char *buf, size_t size);
