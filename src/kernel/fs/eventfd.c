/* SPDX-License-Identifier: MIT */
/*
 * eventfd(2): a 64-bit counter in a file.  A write adds to it, a read takes all of it
 * (EFD_SEMAPHORE: one).  It never reaches EVENTFD_MAX + 1 by a write: who would make it, waits.
 * The counter is changed by compare-and-swap; no lock.
 */
#include <fs/internal.h>
#include <fs/poll.h>
#include <syscall/handlers.h>

/* Of libc's <sys/eventfd.h>: the kernel's headers of 6.1 do not have them. */
#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC O_CLOEXEC
#define EFD_NONBLOCK O_NONBLOCK

#define EVENTFD_MAX (UINT64_MAX - 1)

struct eventfd {
	u64 count; /* atomic */
	struct wait_queue waiters;
	bool semaphore; /* imm */
	u32 id;         /* imm */
};

static u32 last_id;

/* Takes what a read gets; 0: nothing is there. */
static u64 take(struct eventfd *e)
{
	u64 old = READ_ONCE(e->count), n;

	do {
		if (!old)
			return 0;
		n = e->semaphore ? 1 : old;
	} while (!atomic_cas(&e->count, &old, old - n));
	return n;
}

static bool give(struct eventfd *e, u64 n)
{
	u64 old = READ_ONCE(e->count);

	do {
		if (n > EVENTFD_MAX - old)
			return false;
	} while (!atomic_cas(&e->count, &old, old + n));
	return true;
}

/* The compare-and-swap before was a full barrier. */
static always_inline void eventfd_wake(struct eventfd *e, u32 events)
{
	if (wait_queue_active(&e->waiters))
		wait_wake_key(&e->waiters, 1, events);
}

static ssize_t eventfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct eventfd *e = f->priv;
	u64 n;

	if (u->left < sizeof n)
		return -EINVAL;
	if (!(n = take(e))) {
		if (f->flags & O_NONBLOCK || u->nowait)
			return -EAGAIN;
		int err = wait_event(&e->waiters, WAIT_INTERRUPTIBLE, (n = take(e)) != 0);
		if (err && !n)
			return err;
	}
	eventfd_wake(e, EPOLLOUT);
	return uio_put(u, &n, sizeof n) == sizeof n ? (ssize_t)sizeof n : -EFAULT;
}

static ssize_t eventfd_write(struct file *f, struct uio *u, u64 *pos)
{
	struct eventfd *e = f->priv;
	u64 n;

	if (u->left < sizeof n)
		return -EINVAL;
	if (uio_get(u, &n, sizeof n) != sizeof n)
		return -EFAULT;
	if (n == UINT64_MAX)
		return -EINVAL;
	if (!give(e, n)) {
		bool given = false;
		if (f->flags & O_NONBLOCK || u->nowait)
			return -EAGAIN;
		int err = wait_event(&e->waiters, WAIT_INTERRUPTIBLE, given || (given = give(e, n)));
		if (!given)
			return err;
	}
	eventfd_wake(e, EPOLLIN);
	return (ssize_t)sizeof n;
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->priv;
	unsigned events = 0;

	poll_wait(f, &e->waiters, pt);
	u64 count = READ_ONCE(e->count);
	if (count)
		events |= EPOLLIN;
	if (count < EVENTFD_MAX)
		events |= EPOLLOUT;
	return events;
}

static int eventfd_fdinfo(struct file *f, char *buf, size_t size)
{
	const struct eventfd *e = f->priv;

	return (int)scnprintf(buf, size, "eventfd-count: %16lx\neventfd-id: %u\n", READ_ONCE(e->count), e->id);
}

static void eventfd_release(struct file *f)
{
	kfree(f->priv);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.show_fdinfo = eventfd_fdinfo,
	.stream = true,
};

s64 sys_eventfd2(uint count, int flags)
{
	struct file *f;

	if (flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	struct eventfd *e = kmalloc(sizeof *e, 0);
	if (!e)
		return -ENOMEM;
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	e->id = atomic_fetch_add(&last_id, 1);
	wait_queue_init(&e->waiters);
	int err = file_open_anon("[eventfd]", &eventfd_ops, e, O_RDWR | (flags & EFD_NONBLOCK), &f);
	if (err) {
		kfree(e);
		return err;
	}
	return fd_install_new(f, flags & EFD_CLOEXEC);
}

s64 sys_eventfd(uint count)
{
	return sys_eventfd2(count, 0);
}
