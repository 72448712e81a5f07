/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks on files, of three kinds:
 *
 *	flock    flock(2): the whole file, owned by the open file
 *	POSIX    fcntl F_SETLK: a range of bytes, owned by the process (its descriptor table),
 *	         dropped when the process closes any descriptor of the file
 *	OFD      fcntl F_OFD_SETLK: a range, owned by the open file
 *
 * flock locks know nothing of the others; POSIX and OFD locks exclude each other.  An inode's locks
 * are in one list.  Those of one owner on ranges never overlap, and neighbours of the same type
 * are merged: a new one swallows, cuts or splits what its owner had there.
 *
 * Who finds a conflict and may wait, waits for a release on that inode and tries again.  For POSIX
 * locks the owner in the way is noted meanwhile, so that a circle of owners that wait for each
 * other is found before it closes (EDEADLK).
 *
 * `lock`, a spinlock, protects all lists; what may be needed is allocated before it is taken.
 */
#include <fs/internal.h>
#include <syscall/handlers.h>

#define TO_THE_END ((u64)INT64_MAX)
#define DEADLOCK_STEPS 10

enum lock_kind { LOCK_KIND_FLOCK, LOCK_KIND_POSIX, LOCK_KIND_OFD };

struct file_lock {
	struct list link;     /* inode->locks */
	enum lock_kind kind;
	s16 type;             /* F_RDLCK, F_WRLCK; in a request: F_UNLCK, too */
	u64 start, end;       /* both inclusive; at most TO_THE_END */
	const void *owner;    /* struct files or struct file */
	struct file *file;    /* through which it was taken; not referenced */
	pid_t pid;
};

/* Somebody who waits. On his stack. */
struct blocked {
	struct list link;          /* all of them */
	struct inode *inode;
	const struct file_lock *request;
	const void *blocker;       /* owner of a POSIX lock in the way; NULL */
	bool retry;
	struct wait_queue wait;
};

static spinlock_t lock = SPINLOCK_INIT;
static struct list all_blocked = LIST_INIT(all_blocked);
static struct slab_cache *locks;

static inline bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* They overlap, or nothing is between them. */
static inline bool touch(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end + 1 && b->start <= a->end + 1;
}

static inline bool same_owner(const struct file_lock *a, const struct file_lock *b)
{
	return a->kind == b->kind && a->owner == b->owner;
}

/* The lock that `r` cannot be granted beside; NULL. `lock` is held. */
static struct file_lock *find_conflict(struct inode *i, const struct file_lock *r)
{
	struct file_lock *l;

	list_for_each(l, &i->locks, link) {
		if ((l->kind == LOCK_KIND_FLOCK) != (r->kind == LOCK_KIND_FLOCK) || same_owner(l, r))
			continue;
		if (overlap(l, r) && (l->type == F_WRLCK || r->type == F_WRLCK))
			return l;
	}
	return NULL;
}

/* Something was released: all who wait on this inode try again. `lock` is held. */
static void wake_blocked(struct inode *i)
{
	struct blocked *b;

	list_for_each(b, &all_blocked, link) {
		if (b->inode != i)
			continue;
		b->blocker = NULL;
		WRITE_ONCE(b->retry, true);
		wait_wake_all(&b->wait);
	}
}

/* `lock` is held; freed later by the caller of the whole. */
static void discard(struct file_lock *l, struct list *gone)
{
	list_remove(&l->link);
	list_push_back(gone, &l->link);
}

static void free_all(struct list *gone)
{
	struct file_lock *l, *next;

	list_for_each_safe(l, next, gone, link)
		slab_free(locks, l);
}

static struct file_lock *lock_copy(const struct file_lock *l)
{
	struct file_lock *new = slab_alloc(locks, 0);

	if (new) {
		*new = *l;
		list_init(&new->link);
	}
	return new;
}

/* --- Changing an inode's list. `lock` is held -------------------------------------------------- */

/* The parts of `l` outside `r` stay; *spare is used where it is cut in two. */
static void cut(struct file_lock *l, const struct file_lock *r, struct file_lock **spare, struct list *gone)
{
	if (l->start < r->start && l->end > r->end) {
		struct file_lock *right = *spare;
		*spare = NULL;
		*right = *l;
		right->start = r->end + 1;
		list_insert_between(&right->link, &l->link, l->link.next);
		l->end = r->start - 1;
	} else if (l->start < r->start) {
		l->end = r->start - 1;
	} else if (l->end > r->end) {
		l->start = r->end + 1;
	} else {
		discard(l, gone);
	}
}

/* Makes the range of `r` its type for its owner; nothing is in conflict. Takes *new and *spare over if needed. */
static void set_range(struct inode *i, const struct file_lock *r, struct file_lock **new, struct file_lock **spare,
		      struct list *gone)
{
	struct file_lock *l, *next, merged = *r;

	list_for_each_safe(l, next, &i->locks, link) {
		if (!same_owner(l, r))
			continue;
		if (l->type == r->type) {
			if (!touch(l, &merged))
				continue;
			merged.start = min(merged.start, l->start);
			merged.end = max(merged.end, l->end);
			discard(l, gone);
		} else if (overlap(l, r)) {
			cut(l, r, spare, gone);
		}
	}
	if (r->type == F_UNLCK)
		return;
	**new = merged;
	list_push_back(&i->locks, &(*new)->link);
	*new = NULL;
}

/* flock: an old lock of the owner goes before a new one is tried for; true: it is as wanted already. */
static bool flock_is_set(struct inode *i, const struct file_lock *r, struct list *gone)
{
	struct file_lock *l, *next;

	list_for_each_safe(l, next, &i->locks, link) {
		if (!same_owner(l, r))
			continue;
		if (l->type == r->type)
			return true;
		discard(l, gone);
		wake_blocked(i);
	}
	return r->type == F_UNLCK;
}

/* --- Waiting ----------------------------------------------------------------------------------- */

/* Would waiting for `blocker` close a circle? `lock` is held. */
static bool would_deadlock(const struct file_lock *r, const void *blocker)
{
	const void *at = blocker;

	for (int step = 0; step < DEADLOCK_STEPS && at; step++) {
		const void *next = NULL;
		struct blocked *b;
		if (at == r->owner)
			return true;
		list_for_each(b, &all_blocked, link) {
			if (b->request->kind == LOCK_KIND_POSIX && b->request->owner == at && b->blocker) {
				next = b->blocker;
				break;
			}
		}
		at = next;
	}
	return false;
}

/* Waits until something was released on the inode. `lock` is held before and after. */
static int wait_for(struct inode *i, const struct file_lock *r, const struct file_lock *conflict)
{
	struct blocked b = { .inode = i, .request = r };

	if (r->kind == LOCK_KIND_POSIX && conflict->kind == LOCK_KIND_POSIX) {
		if (would_deadlock(r, conflict->owner))
			return -EDEADLK;
		b.blocker = conflict->owner;
	}
	wait_queue_init(&b.wait);
	list_push_back(&all_blocked, &b.link);
	int err = wait_event_locked(&b.wait, WAIT_INTERRUPTIBLE, READ_ONCE(b.retry), &lock);
	list_remove(&b.link);
	return err;
}

/* Sets, changes or (F_UNLCK) drops a lock. -EAGAIN, -EDEADLK, -ERESTARTSYS, -ENOLCK */
static int lock_apply(struct inode *i, const struct file_lock *r, bool wait)
{
	struct file_lock *new = NULL, *spare = NULL, *conflict;
	struct list gone = LIST_INIT(gone);
	int err = 0;

	if (r->type != F_UNLCK && !(new = lock_copy(r)))
		return -ENOLCK;
	if (r->kind != LOCK_KIND_FLOCK && !(spare = lock_copy(r))) {
		if (new)
			slab_free(locks, new);
		return -ENOLCK;
	}
	spin_lock(&lock);
	bool done = r->kind == LOCK_KIND_FLOCK && flock_is_set(i, r, &gone);
	while (!done && r->type != F_UNLCK && (conflict = find_conflict(i, r))) {
		err = wait ? wait_for(i, r, conflict) : -EAGAIN;
		if (err)
			break;
	}
	if (!done && !err) {
		set_range(i, r, &new, &spare, &gone);
		wake_blocked(i); /* also when a part was only changed to a weaker type */
	}
	spin_unlock(&lock);
	if (new)
		slab_free(locks, new);
	if (spare)
		slab_free(locks, spare);
	free_all(&gone);
	return err;
}

/* --- fcntl ------------------------------------------------------------------------------------- */

/* The range that a struct flock means. -EINVAL, -EOVERFLOW */
static int range_get(struct file *f, const struct flock *fl, struct file_lock *l)
{
	s64 base, start, end;

	switch (fl->l_whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (s64)f->pos;
		break;
	case SEEK_END:
		base = (s64)READ_ONCE(f->inode->size);
		break;
	default:
		return -EINVAL;
	}
	if (fl->l_start > INT64_MAX - base)
		return -EOVERFLOW;
	start = base + fl->l_start;
	if (start < 0)
		return -EINVAL;
	if (fl->l_len > 0) {
		if (fl->l_len - 1 > INT64_MAX - start)
			return -EOVERFLOW;
		end = start + fl->l_len - 1;
	} else if (fl->l_len < 0) {
		if (start + fl->l_len < 0)
			return -EINVAL;
		end = start - 1;
		start += fl->l_len;
	} else {
		end = INT64_MAX;
	}
	l->start = (u64)start;
	l->end = (u64)end;
	return 0;
}

static int request_get(struct file *f, int cmd, const struct flock *fl, struct file_lock *l)
{
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;

	*l = (struct file_lock){
		.kind = ofd ? LOCK_KIND_OFD : LOCK_KIND_POSIX,
		.type = fl->l_type,
		.owner = ofd ? (const void *)f : current->files,
		.file = f,
		.pid = ofd ? -1 : process_pid(current->process),
	};
	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK && fl->l_type != F_UNLCK)
		return -EINVAL;
	if (ofd && fl->l_pid)
		return -EINVAL;
	return range_get(f, fl, l);
}

s64 file_lock_get(struct file *f, int cmd, uptr_t arg)
{
	struct flock fl;
	struct file_lock r;

	if (copy_from_user(&fl, arg, sizeof fl))
		return -EFAULT;
	if (fl.l_type != F_RDLCK && fl.l_type != F_WRLCK)
		return -EINVAL;
	int err = request_get(f, cmd, &fl, &r);
	if (err)
		return err;
	spin_lock(&lock);
	const struct file_lock *l = find_conflict(f->inode, &r);
	if (l) {
		fl.l_type = l->type;
		fl.l_whence = SEEK_SET;
		fl.l_start = (s64)l->start;
		fl.l_len = l->end == TO_THE_END ? 0 : (s64)(l->end - l->start + 1);
		fl.l_pid = l->pid;
	} else {
		fl.l_type = F_UNLCK;
	}
	spin_unlock(&lock);
	return copy_to_user(arg, &fl, sizeof fl);
}

s64 file_lock_set(struct file *f, int cmd, uptr_t arg)
{
	struct flock fl;
	struct file_lock r;

	if (copy_from_user(&fl, arg, sizeof fl))
		return -EFAULT;
	int err = request_get(f, cmd, &fl, &r);
	if (err)
		return err;
	if ((r.type == F_RDLCK && !(f->mode & FMODE_READ)) || (r.type == F_WRLCK && !(f->mode & FMODE_WRITE)))
		return -EBADF;
	return lock_apply(f->inode, &r, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

/* --- flock ------------------------------------------------------------------------------------- */

s64 sys_flock(int fd, uint op)
{
	static const s16 types[] = { [LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK };
	uint what = op & ~(uint)LOCK_NB;

	if (op & LOCK_MAND)
		return 0; /* mandatory locks are no more; Linux ignores the wish, too */
	if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN)
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f || (what != LOCK_UN && !(f->mode & (FMODE_READ | FMODE_WRITE))))
		return -EBADF;
	const struct file_lock r = {
		.kind = LOCK_KIND_FLOCK, .type = types[what], .end = TO_THE_END,
		.owner = f, .file = f, .pid = process_pid(current->process),
	};
	return lock_apply(f->inode, &r, !(op & LOCK_NB));
}

/* --- Closing ----------------------------------------------------------------------------------- */

/* Drops the POSIX locks of `owner` if it is not NULL, else all that belongs to `f`. */
static void drop_locks(struct file *f, const struct files *owner)
{
	struct list gone = LIST_INIT(gone);
	struct file_lock *l, *next;

	spin_lock(&lock);
	list_for_each_safe(l, next, &f->inode->locks, link) {
		if (owner ? l->kind == LOCK_KIND_POSIX && l->owner == owner : l->file == f)
			discard(l, &gone);
	}
	if (!list_empty(&gone))
		wake_blocked(f->inode);
	spin_unlock(&lock);
	free_all(&gone);
}

void locks_close(struct file *f, struct files *owner)
{
	drop_locks(f, owner);
}

/* The file's own; and POSIX locks that another thread got while the descriptor was being closed. */
void locks_release(struct file *f)
{
	drop_locks(f, NULL);
}

void locks_init(void)
{
	locks = slab_create("file_lock", sizeof(struct file_lock), 0);
}
