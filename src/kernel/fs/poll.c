/* SPDX-License-Identifier: MIT */
/*
 * poll(2), and how to wait on many files.
 *
 * A pass over the files asks each for its state.  In the first pass each is also given the
 * waiter's table, through which it puts an entry on every queue that may announce a
 * change; as soon as one file is ready, nothing is queued any more, and with time-out 0
 * nothing is from the start.  If nothing is ready the task sleeps until an entry is called
 * with a key it cares for, and makes another pass.
 *
 * No wake-up is lost: an entry's function sets `triggered` before it wakes, and the
 * sleeper sets its state before it looks at `triggered`.
 *
 * The entries live on the stack of the caller, or, for many files, in chunks.
 */
#include <fs/internal.h>
#include <fs/poll_waiter.h>
#include <mm/kmap.h>
#include <syscall/handlers.h>

#define CHUNK_ENTRIES 40
#define FDS_FAST 64

struct poll_chunk {
	struct poll_chunk *next;
	u32 used;
	struct poll_entry entries[CHUNK_ENTRIES];
};
BUILD_ASSERT(sizeof(struct poll_chunk) <= PAGE_SIZE);

/* --- The waiter -------------------------------------------------------------------------------- */

/* The queue's lock is held, interrupts are off. */
static bool poll_wake(struct wait_entry *e, u64 key)
{
	struct poll_entry *p = container_of(e, struct poll_entry, wait);
	struct poll_waiter *w = p->waiter;

	if (key && !(key & p->events))
		return false;
	WRITE_ONCE(w->triggered, true);
	memory_barrier();
	return task_wake_irqs_off(w->task, TASK_WAITING, WAKE_SYNC);
}

static struct poll_entry *entry_new(struct poll_waiter *w)
{
	struct poll_chunk *c = w->chunks;

	if (likely(w->used < POLL_ENTRIES_FAST))
		return &w->fast[w->used++];
	if (!c || c->used == CHUNK_ENTRIES) {
		if (!(c = kmalloc(sizeof *c, 0))) {
			w->error = -ENOMEM;
			return NULL;
		}
		c->used = 0;
		c->next = w->chunks;
		w->chunks = c;
	}
	return &c->entries[c->used++];
}

static void poll_queue(struct poll_table *pt, struct file *f, struct wait_queue *q)
{
	struct poll_waiter *w = container_of(pt, struct poll_waiter, table);
	struct poll_entry *e = entry_new(w);

	if (!e)
		return;
	wait_entry_init(&e->wait, w->task);
	e->wait.func = poll_wake;
	e->queue = q;
	e->waiter = w;
	e->events = pt->events;
	e->file = NULL;
	if (w->shared) {
		file_get(f);
		e->file = f;
	}
	wait_add(q, &e->wait);
}

void poll_waiter_init(struct poll_waiter *w, u64 deadline)
{
	w->table.queue = deadline == POLL_AT_ONCE ? NULL : poll_queue;
	w->task = current;
	w->triggered = false;
	w->shared = ref_read(&current->files->refs) > 1;
	w->error = 0;
	w->used = 0;
	w->chunks = NULL;
}

int poll_waiter_sleep(struct poll_waiter *w, u64 deadline)
{
	int err = 0;

	atomic_exchange(&w->task->state, (u32)TASK_INTERRUPTIBLE);
	if (!READ_ONCE(w->triggered))
		err = wait_block(WAIT_INTERRUPTIBLE, deadline);
	WRITE_ONCE(w->task->state, TASK_RUNNING);
	WRITE_ONCE(w->triggered, false);
	memory_barrier(); /* the files are looked at next */
	return err;
}

static void leave(struct poll_entry *e, u32 n)
{
	for (; n; n--, e++) {
		wait_remove(e->queue, &e->wait);
		if (e->file)
			file_put(e->file);
	}
}

void poll_waiter_end(struct poll_waiter *w)
{
	leave(w->fast, w->used);
	for (struct poll_chunk *c = w->chunks, *next; c; c = next) {
		next = c->next;
		leave(c->entries, c->used);
		kfree(c);
	}
}

bool poll_interrupted(void)
{
	if (likely(!(READ_ONCE(current->work) & ~WORK_RESCHED)))
		return false;
	return task_signal_pending && task_signal_pending(current, WAIT_INTERRUPTIBLE);
}

/* --- Time and signals -------------------------------------------------------------------------- */

u64 poll_deadline(u64 ns)
{
	u64 deadline;

	if (!ns)
		return POLL_AT_ONCE;
	if (__builtin_add_overflow(clock_monotonic_ns(), ns, &deadline) || deadline > INT64_MAX)
		return INT64_MAX;
	return max(deadline, POLL_AT_ONCE + 1);
}

int poll_deadline_get(uptr_t uts, u64 *deadline)
{
	struct __kernel_timespec ts;

	*deadline = POLL_FOREVER;
	if (uptr_null(uts))
		return 0;
	if (copy_from_user(&ts, uts, sizeof ts))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	u64 sec = min((u64)ts.tv_sec, INT64_MAX / NSEC_PER_SEC - 1);
	*deadline = poll_deadline(sec * NSEC_PER_SEC + (u64)ts.tv_nsec);
	return 0;
}

u64 poll_remaining(u64 deadline)
{
	u64 now = clock_monotonic_ns();

	return deadline > now ? deadline - now : 0;
}

s64 poll_put_remaining(uptr_t uts, u64 deadline, s64 result)
{
	if (deadline == POLL_FOREVER || deadline == POLL_AT_ONCE)
		return result;
	u64 left = poll_remaining(deadline);
	struct __kernel_timespec ts = { .tv_sec = (s64)(left / NSEC_PER_SEC), .tv_nsec = (s64)(left % NSEC_PER_SEC) };
	/* With the old time-out still there the call must not be made again. */
	if (copy_to_user(uts, &ts, sizeof ts) && result == -ERESTARTNOHAND)
		return -EINTR;
	return result;
}

int poll_set_sigmask(uptr_t umask, size_t size)
{
	u64 mask;

	if (uptr_null(umask))
		return 0;
	if (size != sizeof mask)
		return -EINVAL;
	if (get_user_u64(&mask, umask))
		return -EFAULT;
	if (fs_set_sigmask)
		fs_set_sigmask(mask, true);
	return 0;
}

/* --- poll -------------------------------------------------------------------------------------- */

/* The pollfds of a call, and from the first to the last whose revents is not what the user has. */
struct poll_fds {
	struct pollfd *fds;
	u32 n, first, last;
};

/* What holds of what `e` asks for. */
static always_inline u16 poll_one(const struct pollfd *e, struct file *f, struct poll_waiter *w)
{
	u32 wanted = (u16)e->events | EPOLLERR | EPOLLHUP;

	if (unlikely(!f))
		return POLLNVAL;
	w->table.events = wanted;
	return (u16)(file_poll(f, &w->table) & wanted);
}

static noinline u16 poll_shared(const struct pollfd *e, struct poll_waiter *w)
{
	FD_GUARD(f, e->fd);
	return poll_one(e, f, w);
}

/* The file in a table that is this task's alone: nothing happens to it in a pass. */
static always_inline struct file *private_file(const struct fd_array *a, int fd)
{
	struct file *f = likely((u32)fd < a->size) ? a->files[fd] : NULL;

	return likely(f) && unlikely(f->mode & FMODE_PATH) ? NULL : f;
}

/* Fills in revents; how many are not 0. */
static int poll_pass(void *files, struct poll_waiter *w)
{
	struct poll_fds *p = files;
	const struct fd_array *a = w->shared ? NULL : current->files->array;
	struct pollfd *e = p->fds, *end = e + p->n;
	int ready = 0;

	for (; e < end; e++) {
		u16 got = 0;
		if (likely(e->fd >= 0))
			got = likely(a) ? poll_one(e, private_file(a, e->fd), w) : poll_shared(e, w);
		if (unlikely(got != (u16)e->revents)) {
			e->revents = (s16)got;
			p->first = min(p->first, (u32)(e - p->fds));
			p->last = max(p->last, (u32)(e - p->fds));
		}
		if (unlikely(got)) {
			ready++;
			w->table.queue = NULL;
		}
	}
	w->table.queue = NULL;
	return ready;
}

int poll_until(int (*pass)(void *files, struct poll_waiter *w), void *files, u64 deadline)
{
	struct poll_waiter w;
	int ready, err = deadline == POLL_AT_ONCE ? -ETIMEDOUT : 0;

	poll_waiter_init(&w, deadline);
	for (;;) {
		ready = pass(files, &w);
		if (ready || (ready = w.error))
			break;
		if (poll_interrupted()) {
			ready = -ERESTARTSYS;
			break;
		}
		if (err == -ETIMEDOUT)
			break;
		err = poll_waiter_sleep(&w, deadline);
	}
	poll_waiter_end(&w);
	return ready;
}

/* revents alone is written, as another thread may be changing the rest. */
static int put_revents(uptr_t ufds, const struct poll_fds *p)
{
	for (u32 i = p->first; i <= p->last && i < p->n; i++) {
		uptr_t at = uptr_add(ufds, i * sizeof *p->fds + offsetof(struct pollfd, revents));
		if (copy_to_user(at, &p->fds[i].revents, sizeof p->fds[i].revents))
			return -EFAULT;
	}
	return 0;
}

static int poll_copied(uptr_t ufds, struct pollfd *fds, u32 n, u64 deadline)
{
	struct poll_fds p = { .fds = fds, .n = n, .first = n, .last = 0 };

	if (copy_from_user(fds, ufds, n * sizeof *fds))
		return -EFAULT;
	int ready = poll_until(poll_pass, &p, deadline);
	return put_revents(ufds, &p) ? -EFAULT : ready;
}

static noinline int poll_many(uptr_t ufds, u32 n, u64 deadline)
{
	struct pollfd *fds = kvmalloc(n * sizeof *fds);

	if (!fds)
		return -ENOMEM;
	int r = poll_copied(ufds, fds, n, deadline);
	kvfree(fds);
	return r;
}

static int poll_user(uptr_t ufds, u32 n, u64 deadline)
{
	struct pollfd fds[FDS_FAST];

	if (n > rlimit_current(RLIMIT_NOFILE))
		return -EINVAL;
	if (n > FDS_FAST)
		return poll_many(ufds, n, deadline);
	return poll_copied(ufds, fds, n, deadline);
}

static s64 poll_restartable(uptr_t ufds, u32 n, u64 deadline);

static s64 poll_again(struct restart_block *rb)
{
	return poll_restartable(UPTR(rb->args[0]), (u32)rb->args[1], rb->args[2]);
}

/* A relative time-out must not begin anew when the call is restarted. */
static s64 poll_restartable(uptr_t ufds, u32 n, u64 deadline)
{
	s64 r = poll_user(ufds, n, deadline);

	if (r != -ERESTARTSYS)
		return r;
	current->restart.fn = poll_again;
	current->restart.args[0] = ufds.raw;
	current->restart.args[1] = n;
	current->restart.args[2] = deadline;
	return -ERESTART_RESTARTBLOCK;
}

s64 sys_poll(uptr_t ufds, uint n, int timeout_ms)
{
	u64 deadline = timeout_ms < 0 ? POLL_FOREVER : poll_deadline((u64)timeout_ms * NSEC_PER_MSEC);

	return poll_restartable(ufds, n, deadline);
}

s64 sys_ppoll(uptr_t ufds, uint n, uptr_t timeout, uptr_t mask, size_t size)
{
	u64 deadline;
	int err = poll_deadline_get(timeout, &deadline);

	if (err || (err = poll_set_sigmask(mask, size)))
		return err;
	s64 r = poll_user(ufds, n, deadline);
	return poll_put_remaining(timeout, deadline, r == -ERESTARTSYS ? -ERESTARTNOHAND : r);
}
