/* SPDX-License-Identifier: MIT */
/*
 * /dev/vcsN, vcsaN, vcsuN: what stands on virtual terminal N (without a number: on the visible one), as files.
 *
 *   vcs    a byte a cell: the character, in Latin-1; else '?'
 *   vcsa   four bytes (rows, columns, cursor's x and y), then for each cell the character's byte and the
 *          attributes as the VGA has them: intense or blinking, background, intense, foreground
 *   vcsu   a u32 a cell: the character; cannot be written
 *
 * There are nodes for terminals that have cells.  poll(2) says POLLPRI when something was written since
 * the last read.
 */
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <mm/slab.h>
#include <sync/atomic.h>
#include <tty/vt_internal.h>

enum { TEXT = 0, UNICODE = 1, ATTRS = 2, KINDS = 3, MINOR_UNICODE = 64, MINOR_ATTRS = 128, HEADER = 4 };
enum { CHUNK = 256, BYTES_A_CELL_MAX = 4 };

struct vcs_file {
	u8 kind;      /* imm */
	u8 number;    /* imm: of the terminal; 0: the visible one */
	u64 seen;     /* atomic: v->changes at the last read */
};

static struct vt *vt_of(const struct vcs_file *c)
{
	struct vt *v = vt_at(c->number ? c->number - 1 : vt_visible_index());

	return v && READ_ONCE(v->ready) ? v : NULL;
}

static unsigned cell_size(const struct vcs_file *c)
{
	return c->kind == TEXT ? 1 : c->kind == ATTRS ? 2 : 4;
}

static unsigned header(const struct vcs_file *c)
{
	return c->kind == ATTRS ? HEADER : 0;
}

static u64 size_of(const struct vcs_file *c, const struct vt *v)
{
	return header(c) + (u64)v->term.cols * v->term.rows * cell_size(c);
}

/* How many of `n` bytes at `at` there are. Only with v->lock held, and v->ready, is the size sure to stay. */
static size_t bytes_from(const struct vcs_file *c, const struct vt *v, u64 at, size_t n)
{
	u64 size = size_of(c, v);

	return at < size ? min((u64)n, size - at) : 0;
}

/* --- Cells as bytes --- */

/* The VGA counts blue as 1 and red as 4. */
static u8 swap_red_blue(u8 c)
{
	return (c & 10) | (c & 1) << 2 | (c >> 2 & 1);
}

/* One of 16 for any colour. */
static u8 vga_colour(u32 c)
{
	if (c < 16)
		return swap_red_blue(c);
	u32 rgb = c & TERMINAL_TRUE ? c & 0xffffff : terminal_rgb(c);
	u8 r = rgb >> 16, g = rgb >> 8, b = rgb;
	u8 most = max(max(r, g), b);
	return (most >= 0xc0 ? 8 : 0) | (most && r >= most / 2 ? 4 : 0) | (most && g >= most / 2 ? 2 : 0) |
	       (most && b >= most / 2 ? 1 : 0);
}

static u8 attr_of(const struct terminal_cell *c)
{
	u8 fg = vga_colour(c->fg) | (c->attrs & TERMINAL_BOLD ? 8 : 0), bg = vga_colour(c->bg) & 7;

	if (c->attrs & TERMINAL_REVERSE)
		return (c->attrs & TERMINAL_BLINK ? 0x80 : 0) | (fg & 7) << 4 | (fg & 8) | bg;
	return (c->attrs & TERMINAL_BLINK ? 0x80 : 0) | bg << 4 | fg;
}

static void set_attr(struct terminal_cell *c, u8 attr)
{
	c->fg = swap_red_blue(attr & 7);
	c->bg = swap_red_blue(attr >> 4 & 7);
	c->attrs = (attr & 8 ? TERMINAL_BOLD : 0) | (attr & 0x80 ? TERMINAL_BLINK : 0);
}

static struct terminal_cell *cell_at(struct vt *v, u64 n)
{
	return &terminal_line(&v->term, n / v->term.cols)[n % v->term.cols];
}

static u8 byte_of(u32 code)
{
	return code < 256 ? code ?: ' ' : '?';
}

static u8 header_byte(const struct vt *v, u64 at)
{
	const struct terminal *t = &v->term;
	unsigned values[HEADER] = { t->rows, t->cols, t->pen.x, t->pen.y };

	return min(values[at], 255U);
}

/* The byte at `at` < size_of. v->lock held. */
static u8 get_byte(const struct vcs_file *c, struct vt *v, u64 at)
{
	if (at < header(c))
		return header_byte(v, at);
	at -= header(c);
	const struct terminal_cell *cell = cell_at(v, at / cell_size(c));
	switch (c->kind) {
	case TEXT: return byte_of(cell->code);
	case ATTRS: return at & 1 ? attr_of(cell) : byte_of(cell->code);
	default: return (cell->code ?: ' ') >> at % 4 * 8;
	}
}

/* The cursor goes where it can. */
static void set_header(struct vt *v, u64 at, u8 byte)
{
	struct terminal_pen *p = &v->term.pen;

	if (at < 2)
		return; /* the size stays, as in Linux */
	if (at == 2)
		p->x = min((unsigned)byte, v->term.cols - 1U);
	else
		p->y = min((unsigned)byte, v->term.rows - 1U);
	p->wrap_next = false;
	terminal_damage_all(&v->term);
}

static void set_byte(const struct vcs_file *c, struct vt *v, u64 at, u8 byte)
{
	if (at < header(c)) {
		set_header(v, at, byte);
		return;
	}
	at -= header(c);
	u64 n = at / cell_size(c);
	struct terminal_cell *cell = cell_at(v, n);
	if (c->kind == ATTRS && at & 1)
		set_attr(cell, byte);
	else
		cell->code = byte < ' ' || (byte >= 0x7f && byte < 0xa0) ? ' ' : byte;
	unsigned y = n / v->term.cols;
	terminal_line_changed(&v->term, y);
}

/* --- Files --- */

static int vcs_open(struct inode *i, struct file *f)
{
	unsigned minor = DEVNO_MINOR(i->rdev);
	struct vcs_file *c = kmalloc(sizeof(*c), 0);

	if (!c)
		return -ENOMEM;
	c->number = minor % 64;
	c->kind = minor >= MINOR_ATTRS ? ATTRS : minor >= MINOR_UNICODE ? UNICODE : TEXT;
	struct vt *v = vt_of(c);
	if (!v) {
		kfree(c);
		return -ENXIO;
	}
	c->seen = atomic_load(&v->changes) - 1; /* who polls with no time learns that POLLPRI will come */
	f->priv = c;
	return 0;
}

static void vcs_release(struct file *f)
{
	kfree(f->priv);
}

static ssize_t vcs_read(struct file *f, struct uio *u, u64 *pos)
{
	struct vcs_file *c = f->priv;
	struct vt *v = vt_of(c);
	u8 buf[CHUNK];
	ssize_t done = 0;

	if (!v)
		return -ENXIO;
	if (c->kind == UNICODE && (*pos | u->left) & 3)
		return -EINVAL;
	atomic_store(&c->seen, atomic_load(&v->changes));
	while (u->left) {
		size_t n = min(sizeof(buf), u->left);
		u64 flags = spin_lock_irqsave(&v->lock);
		bool ready = v->ready;
		n = ready ? bytes_from(c, v, *pos, n) : 0;
		for (size_t i = 0; i < n; i++)
			buf[i] = get_byte(c, v, *pos + i);
		spin_unlock_irqrestore(&v->lock, flags);
		if (!ready)
			return done ?: -ENXIO;
		if (!n)
			break;
		size_t copied = uio_put(u, buf, n);
		done += copied;
		*pos += copied;
		if (copied < n)
			return done ?: -EFAULT;
	}
	return done;
}

static ssize_t vcs_write(struct file *f, struct uio *u, u64 *pos)
{
	struct vcs_file *c = f->priv;
	struct vt *v = vt_of(c);
	u8 buf[CHUNK];
	ssize_t done = 0;

	if (!v)
		return -ENXIO;
	if (c->kind == UNICODE)
		return -EOPNOTSUPP;
	if (*pos > size_of(c, v))
		return -EINVAL;
	while (u->left) {
		size_t n = bytes_from(c, v, *pos, min(sizeof(buf), u->left));
		if (!n)
			break;
		n = uio_get(u, buf, n);
		if (!n)
			return done ?: -EFAULT;
		u64 flags = spin_lock_irqsave(&v->lock);
		bool ready = v->ready;
		size_t room = ready ? bytes_from(c, v, *pos, n) : 0; /* it may have been given up and made anew */
		for (size_t i = 0; i < room; i++)
			set_byte(c, v, *pos + i, buf[i]);
		spin_unlock_irqrestore(&v->lock, flags);
		if (!ready)
			return done ?: -ENXIO;
		vt_changed(v);
		done += n;
		*pos += n;
	}
	return done;
}

static unsigned vcs_poll(struct file *f, struct poll_table *pt)
{
	struct vcs_file *c = f->priv;
	unsigned always = EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	struct vt *v = vt_of(c);

	if (!v)
		return always | EPOLLHUP | EPOLLERR;
	poll_wait(f, &v->changed, pt);
	return always | (atomic_load(&v->changes) != atomic_load(&c->seen) ? EPOLLPRI : 0);
}

static s64 vcs_llseek(struct file *f, s64 off, int whence)
{
	struct vcs_file *c = f->priv;
	struct vt *v = vt_of(c);
	s64 size, at;

	if (!v)
		return -ENXIO;
	size = size_of(c, v);
	switch (whence) {
	case SEEK_SET: at = off; break;
	case SEEK_CUR: at = off > size ? -1 : (s64)f->pos + off; break;
	case SEEK_END: at = off > 0 ? -1 : size + off; break;
	default: return -EINVAL;
	}
	if (at < 0 || at > size)
		return -EINVAL;
	f->pos = at;
	return at;
}

static const struct file_ops vcs_ops = {
	.open = vcs_open, .release = vcs_release, .read = vcs_read, .write = vcs_write, .poll = vcs_poll,
	.llseek = vcs_llseek,
};

/* --- Nodes --- */

static const struct {
	const char *name;
	unsigned minor;
} kinds[KINDS] = { { "vcs", 0 }, { "vcsu", MINOR_UNICODE }, { "vcsa", MINOR_ATTRS } };
static char names[KINDS][VT_COUNT + 1][8]; /* vt_mutex */

void vcs_add(unsigned number)
{
	for (unsigned i = 0; i < KINDS; i++) {
		char *name = names[i][number];
		if (number)
			snprintf(name, sizeof(names[i][0]), "%s%u", kinds[i].name, number);
		else
			strlcpy(name, kinds[i].name, sizeof(names[i][0]));
		/* Without a node the terminal is none the worse. */
		(void)!chardev_register(DEVNO(VCS_MAJOR, kinds[i].minor + number), name, 0660, 5 /* tty */, &vcs_ops,
					NULL);
	}
}

void vcs_remove(unsigned number)
{
	for (unsigned i = 0; i < KINDS; i++)
		chardev_unregister(DEVNO(VCS_MAJOR, kinds[i].minor + number));
}
