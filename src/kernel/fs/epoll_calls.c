/* SPDX-License-Identifier: MIT */
/*
 * epoll's system calls: epoll_create, epoll_ctl, epoll_wait and their variants.
 *
 * epoll_ctl first tries without epoll_topology, which only a link between two epolls needs, and adding a file to
 * an epoll that is watched itself (-EAGAIN: once more, with it).
 *
 * epoll_wait sleeps exclusively: an item that becomes ready wakes one of those who wait, who wakes the
 * next one if it leaves something (epoll_wait_events).
 */
#include <fs/epoll.h>
#include <syscall/handlers.h>

#define WITH_EXCLUSIVE (INOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

/* --- epoll_create ---------------------------------------------------------------------------- */

s64 sys_epoll_create1(int flags)
{
	struct file *f;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	struct epoll *ep = kzalloc(sizeof *ep);
	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->lock);
	LOCKDEP_NESTS(&ep->lock); /* by the links between epolls, which make no circle */
	spin_init(&ep->ready_lock);
	list_init(&ep->ready);
	wait_queue_init(&ep->waiters);
	wait_queue_init(&ep->pollers);
	LOCKDEP_NESTS(&ep->pollers.lock); /* the same links, upwards */
	int err = file_open_anon("[eventpoll]", &epoll_ops, ep, O_RDWR, &f);
	if (err) {
		kfree(ep);
		return err;
	}
	ep->file = f;
	return fd_install_new(f, flags & EPOLL_CLOEXEC);
}

s64 sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

/* --- epoll_ctl ------------------------------------------------------------------------------- */

/* `linking`: epoll_topology is held. -EAGAIN: it should be. */
static int item_add_checked(struct epoll *ep, struct file *f, int fd, const struct epoll_event *ev, bool linking)
{
	if (!linking && is_watched(ep))
		return -EAGAIN;
	int err = epoll_item_add(ep, f, fd, ev);
	if (likely(!linking) || err)
		return err;
	if ((err = epoll_check_ways(f)))
		epoll_item_remove(epoll_item_find(ep, f, fd));
	return err;
}

static int control(struct epoll *ep, int op, struct file *f, int fd, const struct epoll_event *ev, bool linking)
{
	MUTEX_GUARD(&ep->lock);
	struct epoll_item *it = epoll_item_find(ep, f, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		return it ? -EEXIST : item_add_checked(ep, f, fd, ev, linking);
	case EPOLL_CTL_MOD:
		return it ? epoll_item_change(it, ev) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!it)
			return -ENOENT;
		epoll_item_remove(it);
		return 0;
	default:
		return -EINVAL;
	}
}

static int check_exclusive(int op, const struct file *f, u32 events)
{
	if (!(events & EPOLLEXCLUSIVE) || op == EPOLL_CTL_DEL)
		return 0;
	if (op == EPOLL_CTL_MOD)
		return -EINVAL;
	if (op == EPOLL_CTL_ADD && (is_epoll(f) || events & ~WITH_EXCLUSIVE))
		return -EINVAL;
	return 0;
}

s64 sys_epoll_ctl(int epfd, int op, int fd, uptr_t uevent)
{
	struct epoll_event ev = { 0 };

	if (op != EPOLL_CTL_DEL && copy_from_user(&ev, uevent, sizeof ev))
		return -EFAULT;
	FD_GUARD(epf, epfd);
	if (!epf)
		return -EBADF;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!f->ops->poll)
		return -EPERM;
	ev.events &= ~EPOLLWAKEUP; /* the machine does not suspend */
	if (f == epf || !is_epoll(epf))
		return -EINVAL;
	int err = check_exclusive(op, f, ev.events);
	if (err)
		return err;
	struct epoll *ep = epf->priv;
	if (likely(!is_epoll(f)) && (err = control(ep, op, f, fd, &ev, false)) != -EAGAIN)
		return err;
	MUTEX_GUARD(&epoll_topology);
	if (op == EPOLL_CTL_ADD && is_epoll(f) && (err = epoll_check_topology(ep, f->priv)))
		return err;
	return control(ep, op, f, fd, &ev, true);
}

/* --- epoll_wait ------------------------------------------------------------------------------ */

static u64 deadline_ms(int ms)
{
	return ms < 0 ? POLL_FOREVER : poll_deadline((u64)ms * NSEC_PER_MSEC);
}

s64 sys_epoll_wait(int epfd, uptr_t out, int most, int timeout_ms)
{
	return epoll_wait_events(epfd, out, most, deadline_ms(timeout_ms));
}

s64 sys_epoll_pwait(int epfd, uptr_t out, int most, int timeout_ms, uptr_t mask, size_t size)
{
	int err = poll_set_sigmask(mask, size);

	return err ? err : epoll_wait_events(epfd, out, most, deadline_ms(timeout_ms));
}

s64 sys_epoll_pwait2(int epfd, uptr_t out, int most, uptr_t timeout, uptr_t mask, size_t size)
{
	u64 deadline;
	int err = poll_deadline_get(timeout, &deadline);

	if (err || (err = poll_set_sigmask(mask, size)))
		return err;
	return epoll_wait_events(epfd, out, most, deadline);
}
