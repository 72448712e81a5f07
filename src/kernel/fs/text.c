/* SPDX-License-Identifier: MIT */
#include <fs/text.h>

#include <fs/uio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/fs.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <stdarg.h>

#define TEXT_WRITE_MAX (PAGE_SIZE - 1)

struct text_file {
	struct text_source src;
	struct mutex lock; /* a pread has no other */
	struct text text;  /* lock */
	bool made;         /* lock */
};

static bool grow(struct text *t, size_t more)
{
	size_t want = t->length + more + 1;

	if (t->failed)
		return false;
	if (want <= t->capacity)
		return true;
	size_t cap = max(t->capacity * 2, ALIGN_UP(want, 1024UL));
	char *buf = kvmalloc(cap);
	if (!buf) {
		t->failed = true;
		return false;
	}
	if (t->length)
		memcpy(buf, t->buf, t->length);
	kvfree(t->buf);
	t->buf = buf;
	t->capacity = cap;
	return true;
}

void text_bytes(struct text *t, const void *p, size_t n)
{
	if (!grow(t, n))
		return;
	memcpy(t->buf + t->length, p, n);
	t->length += n;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n < (int)sizeof line) {
		text_bytes(t, line, (size_t)n);
		return;
	}
	if (!grow(t, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(t->buf + t->length, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->length += (size_t)n;
}

void text_escaped(struct text *t, const char *s, const char *also)
{
	for (; *s; s++) {
		if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\\' || strchr(also, *s))
			text_printf(t, "\\%03o", (unsigned char)*s);
		else
			text_bytes(t, s, 1);
	}
}

int text_open(struct file *f, const struct text_source *src)
{
	struct text_file *tf = kzalloc(sizeof *tf);
	if (!tf)
		return -ENOMEM;
	mutex_init(&tf->lock);
	tf->src = *src;
	f->priv = tf;
	return 0;
}

static int make(struct text_file *tf)
{
	tf->text.length = 0;
	tf->text.failed = false;
	int err = tf->src.show(&tf->text, tf->src.ctx);
	if (!err && tf->text.failed)
		err = -ENOMEM;
	tf->made = !err;
	return err;
}

ssize_t text_read(struct file *f, struct uio *u, u64 *pos)
{
	struct text_file *tf = f->priv;

	if (!tf->src.show)
		return -EIO;
	MUTEX_GUARD(&tf->lock);
	/* A pread somewhere in the middle of a fresh file makes the text, too. */
	if (*pos == 0 || !tf->made) {
		int err = make(tf);
		if (err)
			return err;
	}
	if (*pos >= tf->text.length)
		return 0;
	size_t n = min(u->left, tf->text.length - (size_t)*pos);
	size_t done = uio_put(u, tf->text.buf + *pos, n);
	*pos += done;
	return done || !n ? (ssize_t)done : -EFAULT;
}

ssize_t text_write(struct file *f, struct uio *u, u64 *pos)
{
	struct text_file *tf = f->priv;

	if (!tf->src.write)
		return -EIO;
	if (u->left > TEXT_WRITE_MAX)
		return -EINVAL;
	size_t n = u->left;
	char *buf KFREE_GUARD = kmalloc(n + 1, 0);
	if (!buf)
		return -ENOMEM;
	if (uio_get(u, buf, n) != n)
		return -EFAULT;
	buf[n] = 0;
	MUTEX_GUARD(&tf->lock);
	int err = tf->src.write(tf->src.ctx, buf, n);
	if (err)
		return err;
	*pos += n;
	tf->made = false;
	return (ssize_t)n;
}

void text_release(struct file *f)
{
	struct text_file *tf = f->priv;

	if (tf->src.release)
		tf->src.release(tf->src.ctx);
	kvfree(tf->text.buf);
	kfree(tf);
}

s64 text_llseek(struct file *f, s64 off, int whence)
{
	if (whence != SEEK_SET && (whence != SEEK_CUR || __builtin_add_overflow((s64)f->pos, off, &off)))
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	f->pos = (u64)off;
	return off;
}
