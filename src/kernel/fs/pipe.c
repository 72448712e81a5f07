/* SPDX-License-Identifier: MIT */
/*
 * Pipes and FIFOs.
 *
 * A pipe is a ring of slots, each a page frame of which some bytes are filled:
 *
 *	slots     |  -  | 300 | 4096| 4096|  17 |  -  |  -  |  -  |
 *	                 first             last        (used = 4)
 *
 * A write fills slots behind the last one, and the odd end of it (what is left over whole pages) is
 * merged into the last slot where it fits.  So a write of up to PIPE_BUF bytes goes into one slot
 * and is atomic.  In packet mode (O_DIRECT) each write of up to a page is a slot that
 * nothing is merged into and that one read takes, whole or cut.
 *
 * A slot keeps its frame when it has been read, so that a pipe in use does not allocate at all;
 * one that is empty begins at slot 0 again, so that little traffic needs one frame.
 *
 * Locking.  `lock`, a mutex, protects everything, because user memory is copied (and may fault) with
 * it held.  used, readers and writers are also read without it, by poll and by those about to
 * sleep; the lock is dropped before wake-ups, which makes the change visible first.
 * The slots of all pipes of a user are counted: who has many pipes gets small ones.
 *
 * A pipe belongs to its inode while a file refers to it: inode->attr_lock protects inode->pipe and
 * pipe->files.
 */
#include <fs/internal.h>
#include <fs/poll.h>
#include <asm/ioctls.h>
#include <mm/kmap.h>
#include <proc/user.h>
#include <syscall/handlers.h>
#include <time/clock.h>

#define SLOTS_DEFAULT 16
#define SLOTS_LEAST 2            /* of a new pipe whose user has too many */
#define USER_SLOTS_MAX 16384     /* of an unprivileged user, as pipe-user-pages-soft in Linux */
#define SLOTS_KEPT 16            /* with their frames, once read */
#define PIPE_SIZE_MAX MIB(1)     /* more wants CAP_SYS_RESOURCE */
#define PIPE_SIZE_LIMIT (1UL << 31)
#define O_NOTIFICATION_PIPE O_EXCL

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM)

struct slot {
	struct frame *frame; /* NULL: none yet */
	u16 offset, length;  /* what is still to be read */
	bool packet;
};

struct pipe {
	struct mutex lock;
	u32 used;             /* slots filled */
	u32 limit;            /* slots: a power of two */
	u32 first;            /* slot that is read next */
	u32 readers, writers; /* files open for it */
	u32 reader_opens, writer_opens; /* so many ever; what opens of a FIFO wait for */
	struct slot *slots;
	struct user *user;    /* imm, referenced: for whom the slots are counted */
	struct wait_queue read_wait, write_wait; /* opens wait on read_wait, too */
	u64 read_stamp, write_stamp; /* coarse times that the inode has already */
	u32 files;            /* inode->attr_lock */
	struct slot own[SLOTS_DEFAULT];
};

static struct slab_cache *pipes;

static inline bool pipe_empty(const struct pipe *p) { return !READ_ONCE(p->used); }
static inline bool pipe_full(const struct pipe *p) { return READ_ONCE(p->used) >= READ_ONCE(p->limit); }

/* Opened for reading, without waiting, before this writer: no EPOLLHUP until one has come and gone. */
static inline void opened_before_writer(struct file *f, const struct pipe *p) { f->pos = p->writer_opens; }
static inline bool saw_writer(const struct file *f, const struct pipe *p) { return f->pos != p->writer_opens; }

/* Counts `n` more slots; false, and nothing is counted: that is too much for the user. */
static bool count_slots(struct user *u, u32 n)
{
	if (likely(atomic_add_fetch(&u->pipe_pages, n) <= USER_SLOTS_MAX) || capable(CAP_SYS_RESOURCE) ||
	    capable(CAP_SYS_ADMIN))
		return true;
	atomic_sub_fetch(&u->pipe_pages, n);
	return false;
}

static struct pipe *pipe_new(void)
{
	struct pipe *p = slab_alloc(pipes, ALLOC_ZERO);

	if (!p)
		return NULL;
	mutex_init(&p->lock);
	wait_queue_init(&p->read_wait);
	wait_queue_init(&p->write_wait);
	p->user = current->cred->user;
	user_get(p->user);
	p->limit = SLOTS_DEFAULT;
	if (unlikely(!count_slots(p->user, SLOTS_DEFAULT))) {
		p->limit = SLOTS_LEAST;
		atomic_fetch_add(&p->user->pipe_pages, SLOTS_LEAST);
	}
	p->slots = p->own;
	return p;
}

static void pipe_free(struct pipe *p)
{
	for (u32 i = 0; i < p->limit; i++)
		if (p->slots[i].frame)
			frame_put(p->slots[i].frame);
	if (p->slots != p->own)
		kvfree(p->slots);
	atomic_sub_fetch(&p->user->pipe_pages, p->limit);
	user_put(p->user);
	slab_free(pipes, p);
}

/* The pipe of an inode, made if there is none; one more file refers to it. NULL: no memory. */
static struct pipe *pipe_attach(struct inode *i)
{
	struct pipe *new = NULL, *p;

	for (;;) {
		spin_lock(&i->attr_lock);
		if (!i->pipe && new) {
			i->pipe = new;
			new = NULL;
		}
		if ((p = i->pipe))
			p->files++;
		spin_unlock(&i->attr_lock);
		if (p || !(new = pipe_new()))
			break;
	}
	if (new)
		pipe_free(new);
	return p;
}

static void pipe_detach(struct inode *i, struct pipe *p)
{
	spin_lock(&i->attr_lock);
	bool last = --p->files == 0;
	if (last)
		i->pipe = NULL;
	spin_unlock(&i->attr_lock);
	if (last)
		pipe_free(p);
}

/* The unlock before was a full barrier. */
static always_inline void wake_readers(struct pipe *p)
{
	if (wait_queue_active(&p->read_wait))
		wait_wake_key(&p->read_wait, 1, READABLE);
}

static always_inline void wake_writers(struct pipe *p)
{
	if (wait_queue_active(&p->write_wait))
		wait_wake_key(&p->write_wait, 1, WRITABLE);
}

static void wake_everybody(struct pipe *p)
{
	wait_wake_all(&p->read_wait);
	wait_wake_all(&p->write_wait);
}

/* The times that stat shows, as fine as the coarse clock. */
static always_inline void stamp(struct file *f, u64 *last, unsigned which)
{
	u64 now = clock_realtime_coarse_ns();

	if (likely(*last == now))
		return;
	*last = now;
	if (which & SETATTR_ATIME)
		file_accessed(f);
	else
		inode_touch(f->inode, which);
}

/* The pipe's lock is not held for these two. */
static noinline int wait_readable(struct pipe *p)
{
	return wait_event_exclusive(&p->read_wait, WAIT_INTERRUPTIBLE,
				    !pipe_empty(p) || !READ_ONCE(p->writers));
}

static noinline int wait_writable(struct pipe *p)
{
	return wait_event_exclusive(&p->write_wait, WAIT_INTERRUPTIBLE,
				    !pipe_full(p) || !READ_ONCE(p->readers));
}

/* --- Reading ---------------------------------------------------------------------------------- */

static always_inline void drop_first(struct pipe *p, struct slot *s)
{
	if (unlikely(p->first >= SLOTS_KEPT)) {
		frame_put(s->frame);
		s->frame = NULL;
	}
	u32 left = p->used - 1;
	p->first = left ? (p->first + 1) & (p->limit - 1) : 0;
	WRITE_ONCE(p->used, left);
}

/* Moves what there is to the reader; 0 or -EFAULT; *done grows. */
static always_inline int drain(struct pipe *p, struct uio *u, size_t *done)
{
	while (p->used) {
		struct slot *s = &p->slots[p->first];
		bool packet = s->packet;
		size_t n = min((size_t)s->length, u->left);

		size_t moved = uio_put(u, (char *)frame_virt(s->frame) + s->offset, n);
		if (unlikely(moved < n))
			return -EFAULT;
		*done += n;
		s->offset += n;
		s->length -= n;
		if (!s->length || unlikely(packet))
			drop_first(p, s);
		if (!u->left || unlikely(packet))
			break;
	}
	return 0;
}

static ssize_t pipe_read(struct file *f, struct uio *u, u64 *pos)
{
	struct pipe *p = f->priv;
	bool slept = false, freed;
	size_t done = 0;
	int err;

	if (unlikely(!u->left))
		return 0;
	mutex_lock(&p->lock);
	for (;;) {
		bool was_full = pipe_full(p);
		err = drain(p, u, &done);
		freed = was_full && !pipe_full(p);
		if (done || err || !p->writers)
			break;
		if (f->flags & O_NONBLOCK || u->nowait) {
			err = -EAGAIN;
			break;
		}
		mutex_unlock(&p->lock);
		if ((err = wait_readable(p)))
			return err;
		mutex_lock(&p->lock);
		slept = true;
	}
	bool more = slept && p->used;
	mutex_unlock(&p->lock);
	if (freed)
		wake_writers(p);
	if (unlikely(more)) /* the wake-up was for us alone, but there is something for the next one */
		wake_readers(p);
	if (unlikely(!done))
		return err;
	stamp(f, &p->read_stamp, SETATTR_ATIME);
	return (ssize_t)done;
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* The odd end of a write goes into the last slot if it fits there. */
static always_inline int merge(struct pipe *p, struct uio *u, size_t *done)
{
	struct slot *s = &p->slots[(p->first + p->used - 1) & (p->limit - 1)];
	size_t n = u->left & PAGE_MASK, end = s->offset + s->length;

	if (!n || s->packet || end + n > PAGE_SIZE)
		return 0;
	if (unlikely(uio_get(u, (char *)frame_virt(s->frame) + end, n) < n))
		return -EFAULT;
	s->length += n;
	*done += n;
	return 0;
}

static always_inline int fill_slot(struct pipe *p, struct uio *u, bool packet, size_t *done)
{
	struct slot *s = &p->slots[(p->first + p->used) & (p->limit - 1)];
	size_t n = min(u->left, PAGE_SIZE);

	if (unlikely(!s->frame) && !(s->frame = frame_alloc(0, ALLOC_USER)))
		return -ENOMEM;
	if (unlikely(uio_get(u, frame_virt(s->frame), n) < n))
		return -EFAULT;
	s->offset = 0;
	s->length = n;
	s->packet = packet;
	WRITE_ONCE(p->used, p->used + 1);
	*done += n;
	return 0;
}

static ssize_t pipe_write(struct file *f, struct uio *u, u64 *pos)
{
	struct pipe *p = f->priv;
	bool slept = false, packet = f->flags & O_DIRECT;
	size_t done = 0, told = 0;
	int err = 0;

	if (unlikely(!u->left))
		return 0;
	mutex_lock(&p->lock);
	if (p->used && p->readers)
		err = merge(p, u, &done);
	while (!err && u->left) {
		if (unlikely(!p->readers)) {
			err = -EPIPE;
			break;
		}
		if (!pipe_full(p)) {
			err = fill_slot(p, u, packet, &done);
			continue;
		}
		if (f->flags & O_NONBLOCK || u->nowait) {
			err = -EAGAIN;
			break;
		}
		mutex_unlock(&p->lock);
		if (done > told)
			wake_readers(p);
		told = done;
		err = wait_writable(p);
		mutex_lock(&p->lock);
		slept = true;
	}
	bool more = slept && !pipe_full(p);
	mutex_unlock(&p->lock);
	if (done > told)
		wake_readers(p);
	if (unlikely(more))
		wake_writers(p);
	if (unlikely(err == -EPIPE) && fs_send_sigpipe)
		fs_send_sigpipe();
	if (unlikely(!done))
		return err;
	stamp(f, &p->write_stamp, SETATTR_MTIME | SETATTR_CTIME);
	return (ssize_t)done;
}

/* --- The other operations --------------------------------------------------------------------- */

static noinline void pipe_poll_wait(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->priv;

	if (f->mode & FMODE_READ)
		poll_wait(f, &p->read_wait, pt);
	if (f->mode & FMODE_WRITE)
		poll_wait(f, &p->write_wait, pt);
}

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->priv;
	unsigned events = 0;

	if (unlikely(pt && pt->queue))
		pipe_poll_wait(f, pt);
	if (f->mode & FMODE_READ) {
		if (!pipe_empty(p))
			events = READABLE;
		if (unlikely(!READ_ONCE(p->writers)) && saw_writer(f, p))
			events |= EPOLLHUP;
		if (likely(!(f->mode & FMODE_WRITE)))
			return events;
	}
	if (!pipe_full(p))
		events |= WRITABLE;
	if (unlikely(!READ_ONCE(p->readers)))
		events |= EPOLLERR;
	return events;
}

static s64 pipe_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	struct pipe *p = f->priv;
	u32 bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&p->lock);
	for (u32 i = 0; i < p->used; i++)
		bytes += p->slots[(p->first + i) & (p->limit - 1)].length;
	mutex_unlock(&p->lock);
	return put_user_u32(arg, bytes);
}

static void pipe_release(struct file *f)
{
	struct pipe *p = f->priv;

	mutex_lock(&p->lock);
	if (f->mode & FMODE_READ)
		WRITE_ONCE(p->readers, p->readers - 1);
	if (f->mode & FMODE_WRITE)
		WRITE_ONCE(p->writers, p->writers - 1);
	bool one_sided = !p->readers != !p->writers;
	mutex_unlock(&p->lock);
	if (one_sided)
		wake_everybody(p);
	pipe_detach(f->inode, p);
}

const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
	.direct = true,
	.stream = true,
};

/* --- The size ---------------------------------------------------------------------------------- */

static struct pipe *pipe_of(struct file *f)
{
	return f->ops == &pipe_ops ? f->priv : NULL;
}

s64 pipe_get_size(struct file *f)
{
	struct pipe *p = pipe_of(f);

	return p ? (s64)(READ_ONCE(p->limit) * PAGE_SIZE) : -EBADF;
}

/* Moves the slots to a ring of `n`. -EBUSY: more are in use; -ENOMEM. The lock is held. */
static int resize(struct pipe *p, u32 n)
{
	struct slot *new = p->own;

	if (n < p->used)
		return -EBUSY;
	struct slot *old = p->slots;
	if (n > SLOTS_DEFAULT || old == p->own) {
		if (!(new = kvmalloc(n * sizeof *new)))
			return -ENOMEM;
	}
	memset(new, 0, n * sizeof *new);
	for (u32 i = 0; i < p->limit; i++) {
		struct slot *s = &old[(p->first + i) & (p->limit - 1)];
		if (i < p->used)
			new[i] = *s;
		else if (s->frame)
			frame_put(s->frame);
	}
	p->slots = new;
	p->first = 0;
	WRITE_ONCE(p->limit, n);
	if (old != p->own)
		kvfree(old);
	return 0;
}

s64 pipe_set_size(struct file *f, u64 size)
{
	struct pipe *p = pipe_of(f);
	u64 rounded = PAGE_SIZE;
	int err = 0;

	if (!p)
		return -EBADF;
	if ((size = (u32)size) > PIPE_SIZE_LIMIT)
		return -EINVAL;
	while (rounded < size)
		rounded *= 2;
	u32 n = (u32)(rounded / PAGE_SIZE);
	mutex_lock(&p->lock);
	u32 old = p->limit;
	if (n > old && ((rounded > PIPE_SIZE_MAX && !capable(CAP_SYS_RESOURCE)) || !count_slots(p->user, n - old))) {
		err = -EPERM;
	} else if (n != old) {
		err = resize(p, n);
		if (err ? n > old : n < old)
			atomic_sub_fetch(&p->user->pipe_pages, n > old ? n - old : old - n);
	}
	mutex_unlock(&p->lock);
	wake_writers(p);
	return err ? err : (s64)rounded;
}

/* --- Opening a FIFO ---------------------------------------------------------------------------- */

/* Sleeps until the other side has opened once more, even if it is gone again. The lock is held. */
static int wait_partner(struct pipe *p, const u32 *opens)
{
	u32 before = *opens;

	mutex_unlock(&p->lock);
	int err = wait_event(&p->read_wait, WAIT_INTERRUPTIBLE, READ_ONCE(*opens) != before);
	mutex_lock(&p->lock);
	return err;
}

static int open_reader(struct pipe *p, struct file *f, bool named)
{
	p->reader_opens++;
	if (p->readers++ == 0)
		wait_wake_all(&p->read_wait);
	if (!named || p->writers)
		return 0;
	if (f->flags & O_NONBLOCK) {
		opened_before_writer(f, p);
		return 0;
	}
	int err = wait_partner(p, &p->writer_opens);
	if (err && --p->readers == 0)
		wait_wake_all(&p->write_wait);
	return err;
}

static int open_writer(struct pipe *p, struct file *f, bool named)
{
	if (named && f->flags & O_NONBLOCK && !p->readers)
		return -ENXIO;
	p->writer_opens++;
	if (p->writers++ == 0)
		wait_wake_all(&p->read_wait);
	if (!named || p->readers)
		return 0;
	int err = wait_partner(p, &p->reader_opens);
	if (err && --p->writers == 0)
		wait_wake_all(&p->read_wait);
	return err;
}

static int open_both(struct pipe *p)
{
	p->reader_opens++;
	p->writer_opens++;
	p->readers++;
	p->writers++;
	if (p->readers == 1 || p->writers == 1)
		wait_wake_all(&p->read_wait);
	return 0;
}

/* Of a named FIFO; and of a pipe through /proc/PID/fd, which never waits. */
int fifo_open(struct inode *i, struct file *f)
{
	bool named = !(i->super->flags & SB_ANON);
	struct pipe *p = pipe_attach(i);
	int err;

	if (!p)
		return -ENOMEM;
	mutex_lock(&p->lock);
	switch (f->mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ:
		err = open_reader(p, f, named);
		break;
	case FMODE_WRITE:
		err = open_writer(p, f, named);
		break;
	case FMODE_READ | FMODE_WRITE:
		err = open_both(p);
		break;
	default:
		err = -EINVAL;
	}
	mutex_unlock(&p->lock);
	if (err) {
		pipe_detach(i, p);
		return err;
	}
	f->priv = p;
	f->ops = &pipe_ops;
	return 0;
}

const struct file_ops fifo_ops = { .open = fifo_open };

/* --- pipe(2) ----------------------------------------------------------------------------------- */

/* Both ends of a new pipe. */
static int pipe_open(int flags, struct file *end[2])
{
	char name[32];
	struct inode *i = anon_inode_new(S_IFIFO | S_IRUSR | S_IWUSR);
	struct pipe *p = i ? pipe_attach(i) : NULL;
	int err = -ENOMEM;

	if (!p)
		goto out;
	i->fops = &fifo_ops;
	p->readers = p->writers = 1;
	p->reader_opens = p->writer_opens = 1;
	scnprintf(name, sizeof name, "pipe:[%lu]", i->ino);
	err = file_open_anon_inode(name, i, &pipe_ops, p, O_RDONLY | (flags & O_NONBLOCK), &end[0]);
	if (err) {
		pipe_detach(i, p);
		goto out;
	}
	p->files++; /* nobody else knows the inode yet */
	err = file_open_anon_inode(name, i, &pipe_ops, p, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), &end[1]);
	if (err) {
		pipe_detach(i, p);
		file_put(end[0]);
	}
out:
	if (i)
		inode_put(i);
	return err;
}

s64 sys_pipe2(uptr_t out, int flags)
{
	struct file *end[2];

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_NOTIFICATION_PIPE))
		return -EINVAL;
	if (flags & O_NOTIFICATION_PIPE)
		return -ENOPKG;
	int err = pipe_open(flags, end);
	return err ? err : fd_install_pair(end, flags & O_CLOEXEC, out);
}

s64 sys_pipe(uptr_t out)
{
	return sys_pipe2(out, 0);
}

void pipes_init(void)
{
	pipes = slab_create("pipe", sizeof(struct pipe), 0);
}
