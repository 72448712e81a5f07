/* SPDX-License-Identifier: MIT */
/*
 * epoll: waiting on many files without asking all of them each time.
 *
 * An epoll file has an item for each (file, descriptor) that it watches.  The item has an entry
 * on the wait queues of its file; when one is called, the item goes to the ready list, and
 * somebody in epoll_wait wakes.  That list says only where to look: epoll_wait asks each file on it
 * for its state, reports what it finds, and
 *
 *	level-triggered    puts the item back at the end of the list, to be asked again next time
 *	EPOLLET            forgets it until the next wake-up
 *	EPOLLONESHOT       disables it until the next EPOLL_CTL_MOD
 *
 * During such a scan the ready list is taken off the epoll as a whole (`scanning` tells others to
 * wait for its end).  An item is unlinked before its file is asked, so that a wake-up from then on
 * puts it on the list again and no edge is lost.
 *
 * Epoll files can watch each other, not in a circle and not too deep: the links between them are a directed
 * acyclic graph, checked under epoll_topology when one is added (epoll_nesting.c).  Nor may there be too
 * many ways from a file up to the epolls that nobody watches, because a wake-up goes them all.
 *
 * Locks, in this order:
 *	epoll_topology (mutex) links between epolls; the end of epolls and of watched files
 *	ep->lock       (mutex) the tree of items, scans; a watching epoll's before a watched one's
 *	queue locks    of the watched files
 *	ready_lock     (spin, interrupts off) the ready list
 *	file_lock()    (spin) file->epoll_items; apart from the file, which may be freed as soon
 *	               as its list is seen empty
 * An item does not hold its file: the last file_put removes the items first (epoll_file_gone).
 */
#include <fs/epoll.h>

#define EVENTS_MAX (INT32_MAX / (int)sizeof(struct epoll_event))
#define PRIVATE (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define QUEUE_GOES 0x4000ULL /* POLLFREE: the queue is about to be freed */

struct item_table {
	struct poll_table table;
	struct epoll_item *item;
	int error;
};

static struct slab_cache *items;
struct mutex epoll_topology = MUTEX_INIT(epoll_topology);
spinlock_t epoll_file_locks[1 << EPOLL_FILE_LOCKS_BITS];

/* Interrupts off are enough to stay on the CPU for the few instructions that the lock is held. */
static always_inline u64 ready_lock(struct epoll *ep)
{
	u64 flags = irq_save();

	spin_acquire(&ep->ready_lock);
	return flags;
}

static always_inline void ready_unlock(struct epoll *ep, u64 flags)
{
	spin_release(&ep->ready_lock);
	irq_restore(flags);
}

/* --- Wake-ups ---------------------------------------------------------------------------------- */

/* After something was put on the ready list. true: somebody in epoll_wait was there to be woken. */
static bool epoll_wake(struct epoll *ep)
{
	memory_barrier();
	bool waiting = wait_queue_active(&ep->waiters);

	if (waiting)
		wait_wake(&ep->waiters);
	if (unlikely(wait_queue_active(&ep->pollers)))
		wait_wake_key(&ep->pollers, 1, EPOLLIN | EPOLLRDNORM);
	return waiting;
}

static void make_ready(struct epoll_item *it)
{
	if (list_empty(&it->ready))
		list_push_back(&it->ep->ready, &it->ready);
}

/* An exclusive item counts as woken if the event was one that it waits for. */
static bool exclusive_took(u32 events, u64 key)
{
	switch (key & INOUT) {
	case EPOLLIN:
		return events & EPOLLIN;
	case EPOLLOUT:
		return events & EPOLLOUT;
	case 0:
		return true;
	default:
		return false;
	}
}

/* remove_item may free the item as soon as this is seen: the order of the stores is wait.c's. */
static void leave_queue(struct item_wait *iw)
{
	struct list *l = &iw->wait.link;

	l->prev->next = l->next;
	l->next->prev = l->prev;
	WRITE_ONCE(l->next, l);
	atomic_store(&l->prev, l);
}

/* The queue's lock is held, interrupts are off. */
static bool item_wake(struct wait_entry *e, u64 key)
{
	struct item_wait *iw = container_of(e, struct item_wait, wait);
	struct epoll_item *it = iw->item;
	struct epoll *ep = it->ep;
	bool woke = true;

	spin_acquire(&ep->ready_lock);
	u32 events = READ_ONCE(it->events);
	bool wanted = events & ~PRIVATE && (!key || key & (events | QUEUE_GOES));
	if (wanted)
		make_ready(it);
	spin_release(&ep->ready_lock);
	if (wanted) {
		bool waiting = epoll_wake(ep);
		if (events & EPOLLEXCLUSIVE)
			woke = waiting && exclusive_took(events, key);
	}
	if (unlikely(key & QUEUE_GOES))
		leave_queue(iw);
	return wanted && woke;
}

/* --- Items ------------------------------------------------------------------------------------- */

static struct item_wait *item_wait_new(struct epoll_item *it)
{
	struct item_wait *iw = &it->own;

	if (iw->queue) {
		if (!(iw = kmalloc(sizeof *iw, 0)))
			return NULL;
		iw->next = it->more;
		it->more = iw;
	}
	return iw;
}

static void item_queue(struct poll_table *pt, struct file *f, struct wait_queue *q)
{
	struct item_table *t = container_of(pt, struct item_table, table);
	struct item_wait *iw = item_wait_new(t->item);

	if (!iw) {
		t->error = -ENOMEM;
		return;
	}
	wait_entry_init(&iw->wait, NULL);
	iw->wait.func = item_wake;
	if (t->item->events & EPOLLEXCLUSIVE)
		iw->wait.flags = WAIT_ENTRY_EXCLUSIVE;
	iw->item = t->item;
	iw->queue = q;
	wait_add(q, &iw->wait);
}

/* What holds now of what the item waits for. */
static inline u32 item_poll(const struct epoll_item *it)
{
	struct poll_table pt = { .queue = NULL, .events = it->events };

	return file_poll(it->file, &pt) & it->events;
}

static inline int item_compare(const struct epoll_item *it, const struct file *f, int fd)
{
	if (it->file != f)
		return f < it->file ? -1 : 1;
	return fd < it->fd ? -1 : fd > it->fd;
}

struct epoll_item *epoll_item_find(struct epoll *ep, const struct file *f, int fd)
{
	struct rb_node *n = ep->items.node;

	while (n) {
		struct epoll_item *it = rb_entry(n, struct epoll_item, node);
		int c = item_compare(it, f, fd);
		if (!c)
			return it;
		n = c < 0 ? n->left : n->right;
	}
	return NULL;
}

static void item_insert(struct epoll *ep, struct epoll_item *it)
{
	struct rb_node **link = &ep->items.node, *parent = NULL;

	while (*link) {
		parent = *link;
		int c = item_compare(rb_entry(parent, struct epoll_item, node), it->file, it->fd);
		link = c < 0 ? &parent->left : &parent->right;
	}
	rb_link(&it->node, parent, link);
	rb_insert(&it->node, &ep->items);
}

static void file_link(struct epoll_item *it)
{
	SPIN_GUARD(file_lock(it->file));
	list_push_back(&it->file->epoll_items, &it->file_link);
}

/* The last store empties the list: then the file may be freed (file_release looks without the lock). */
static void file_unlink(struct epoll_item *it)
{
	SPIN_GUARD(file_lock(it->file));
	struct list *l = &it->file_link;

	l->next->prev = l->prev;
	atomic_store(&l->prev->next, l->next);
}

/* ep->lock is held. */
void epoll_item_remove(struct epoll_item *it)
{
	struct epoll *ep = it->ep;

	if (it->own.queue)
		wait_remove(it->own.queue, &it->own.wait);
	for (struct item_wait *iw = it->more, *next; iw; iw = next) {
		next = iw->next;
		wait_remove(iw->queue, &iw->wait);
		kfree(iw);
	}
	u64 flags = ready_lock(ep);
	if (!list_empty(&it->ready))
		list_remove(&it->ready);
	ready_unlock(ep, flags);
	rb_erase(&it->node, &ep->items);
	file_unlink(it);
	slab_free(items, it);
}

/* Puts the item on the ready list if its file is ready. ep->lock is held. */
static void item_check(struct epoll_item *it, u32 got)
{
	struct epoll *ep = it->ep;

	if (!(got & it->events))
		return;
	u64 flags = ready_lock(ep);
	make_ready(it);
	ready_unlock(ep, flags);
	epoll_wake(ep);
}

int epoll_item_add(struct epoll *ep, struct file *f, int fd, const struct epoll_event *ev)
{
	struct epoll_item *it = slab_alloc(items, 0);

	if (!it)
		return -ENOMEM;
	list_init(&it->ready);
	it->ep = ep;
	it->file = f;
	it->fd = fd;
	it->events = ev->events | EPOLLERR | EPOLLHUP;
	it->data = ev->data;
	it->own.queue = NULL;
	it->more = NULL;
	item_insert(ep, it);
	file_link(it);

	struct item_table t = { .table = { item_queue, it->events }, .item = it };
	u32 got = file_poll(f, &t.table);
	if (t.error)
		epoll_item_remove(it);
	else
		item_check(it, got);
	return t.error;
}

int epoll_item_change(struct epoll_item *it, const struct epoll_event *ev)
{
	if (it->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	u64 flags = ready_lock(it->ep);
	it->events = ev->events | EPOLLERR | EPOLLHUP;
	it->data = ev->data;
	ready_unlock(it->ep, flags);
	memory_barrier(); /* a wake-up sees the new events, or we see what it was about */
	item_check(it, item_poll(it));
	return 0;
}

/* --- Scans ----------------------------------------------------------------------------------- */

/* The next item of a scan, unlinked; NULL: that was all, the scan is over. ready_lock is held. */
static always_inline struct epoll_item *scan_take(struct epoll *ep, struct list *batch)
{
	struct epoll_item *it = list_first_or_null(batch, struct epoll_item, ready);

	if (it)
		list_remove(&it->ready);
	else
		WRITE_ONCE(ep->scanning, false);
	return it;
}

/* Takes the ready list as `batch`; the first item. ep->lock is held, until the scan is over. */
static struct epoll_item *scan_begin(struct epoll *ep, struct list *batch)
{
	list_init(batch);
	u64 flags = ready_lock(ep);
	list_splice_back(batch, &ep->ready);
	WRITE_ONCE(ep->scanning, true);
	struct epoll_item *it = scan_take(ep, batch);
	ready_unlock(ep, flags);
	return it;
}

/* `again`, unless NULL, goes back to the ready list. */
static struct epoll_item *scan_next(struct epoll *ep, struct list *batch, struct epoll_item *again)
{
	u64 flags = ready_lock(ep);

	if (again)
		make_ready(again);
	struct epoll_item *it = scan_take(ep, batch);
	ready_unlock(ep, flags);
	return it;
}

/* Ends a scan early: what was not looked at stays in front, `first` (may be NULL) before it. */
static void scan_stop(struct epoll *ep, struct list *batch, struct epoll_item *first, struct epoll_item *again)
{
	IRQSPIN_GUARD(&ep->ready_lock);
	if (first && list_empty(&first->ready))
		list_push_front(batch, &first->ready);
	if (again)
		make_ready(again);
	list_splice_back(batch, &ep->ready);
	list_splice_back(&ep->ready, batch);
	WRITE_ONCE(ep->scanning, false);
}

static int put_event(uptr_t out, int index, u32 events, u64 data)
{
	struct epoll_event ev = { .events = events, .data = data };

	return copy_to_user(uptr_add(out, (u64)index * sizeof ev), &ev, sizeof ev);
}

/* Reports what is ready; how many, or -EFAULT. */
static int send_events(struct epoll *ep, uptr_t out, int most)
{
	struct epoll_item *it, *again;
	struct list batch;
	int n = 0;

	mutex_lock(&ep->lock);
	for (it = scan_begin(ep, &batch); it; it = scan_next(ep, &batch, again)) {
		again = NULL;
		u32 got = item_poll(it);
		if (!got)
			continue;
		if (unlikely(put_event(out, n, got, it->data))) {
			scan_stop(ep, &batch, it, NULL);
			n = n ? n : -EFAULT;
			break;
		}
		if (it->events & EPOLLONESHOT)
			WRITE_ONCE(it->events, it->events & PRIVATE);
		else if (!(it->events & EPOLLET))
			again = it;
		if (++n == most) {
			scan_stop(ep, &batch, NULL, again);
			break;
		}
	}
	mutex_unlock(&ep->lock); /* a full barrier */
	if (unlikely(wait_queue_active(&ep->waiters)) && !list_empty(&ep->ready))
		wait_wake(&ep->waiters);
	return n;
}

static noinline int sleep_until_ready(struct epoll *ep, u64 deadline)
{
	struct wait_entry e;
	int err = 0;

	wait_entry_init(&e, NULL);
	e.flags = WAIT_ENTRY_EXCLUSIVE;
	wait_prepare(&ep->waiters, &e, WAIT_INTERRUPTIBLE);
	if (!available(ep))
		err = wait_block(WAIT_INTERRUPTIBLE, deadline);
	wait_finish(&ep->waiters, &e);
	return err;
}

s64 epoll_wait_events(int epfd, uptr_t out, int most, u64 deadline)
{
	bool over = deadline == POLL_AT_ONCE;

	if (most <= 0 || most > EVENTS_MAX)
		return -EINVAL;
	if (!user_range_ok(out, (size_t)most * sizeof(struct epoll_event)))
		return -EFAULT;
	FD_GUARD(f, epfd);
	if (!f)
		return -EBADF;
	if (!is_epoll(f))
		return -EINVAL;
	struct epoll *ep = f->priv;
	for (;;) {
		int n = available(ep) ? send_events(ep, out, most) : 0;
		if (n)
			return n;
		if (over)
			return 0;
		if (poll_interrupted())
			return -EINTR;
		over = sleep_until_ready(ep, deadline) == -ETIMEDOUT;
	}
}

/* --- The file ---------------------------------------------------------------------------------- */

/* Readable when some item is. */
static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct epoll *ep = f->priv;
	struct epoll_item *it;
	struct list batch;
	u32 got = 0;

	poll_wait(f, &ep->pollers, pt);
	if (!available(ep))
		return 0;
	mutex_lock(&ep->lock);
	for (it = scan_begin(ep, &batch); it; it = scan_next(ep, &batch, NULL)) {
		if ((got = item_poll(it))) {
			scan_stop(ep, &batch, it, NULL);
			break;
		}
	}
	mutex_unlock(&ep->lock);
	return got ? EPOLLIN | EPOLLRDNORM : 0;
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->priv;
	struct rb_node *n;

	mutex_lock(&epoll_topology);
	mutex_lock(&ep->lock);
	while ((n = rb_first(&ep->items)))
		epoll_item_remove(rb_entry(n, struct epoll_item, node));
	mutex_unlock(&ep->lock);
	mutex_unlock(&epoll_topology);
	kfree(ep);
}

static int epoll_fdinfo(struct file *f, char *buf, size_t size)
{
	struct epoll *ep = f->priv;
	size_t n = 0;

	MUTEX_GUARD(&ep->lock);
	rb_for_each(node, &ep->items) {
		const struct epoll_item *it = rb_entry(node, struct epoll_item, node);
		n += scnprintf(buf + n, size - n, "tfd: %8d events: %8x data: %16lx  pos:%lu ino:%lx sdev:%lx\n",
			       it->fd, it->events, it->data, it->file->pos, it->file->inode->ino,
			       it->file->inode->super->dev);
	}
	return (int)n;
}

const struct file_ops epoll_ops = {
	.poll = epoll_poll,
	.release = epoll_release,
	.show_fdinfo = epoll_fdinfo,
	.stream = true,
};

void epoll_file_gone(struct file *f)
{
	MUTEX_GUARD(&epoll_topology);
	while (!list_empty(&f->epoll_items)) {
		struct epoll_item *it = list_first(&f->epoll_items, struct epoll_item, file_link);
		struct epoll *ep = it->ep;
		mutex_lock(&ep->lock);
		epoll_item_remove(it);
		mutex_unlock(&ep->lock);
	}
}

void epoll_init(void)
{
	items = slab_create("epoll_item", sizeof(struct epoll_item), 0);
}
