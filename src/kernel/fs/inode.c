/* SPDX-License-Identifier: MIT */
/*
 * Inodes: their life, times, permissions, and what is common to all of them.
 *
 * An inode is held by the dentries that name it and by whoever else uses it; with
 * the last reference it goes (a disk's file system keeps what it must in evict).
 * Its memory is freed after an RCU grace period, because path walks look at inodes without a
 * reference.
 */
#include <fs/device_file.h>
#include <fs/internal.h>
#include <lib/hash.h>
#include <time/clock.h>

#define DAY_SECONDS 86400

static struct slab_cache *inodes;

struct timestamp timestamp_now(void)
{
	u64 ns = clock_realtime_coarse_ns();
	u64 sec = ns / NSEC_PER_SEC;

	return (struct timestamp){ .sec = (s64)sec, .nsec = (u32)(ns - sec * NSEC_PER_SEC) };
}

struct inode *inode_alloc(struct super *s)
{
	struct inode *i = slab_alloc(inodes, ALLOC_ZERO);

	if (!i)
		return NULL;
	ref_init(&i->refs, 1);
	i->nlink = 1;
	i->super = s;
	i->ino = __atomic_fetch_add(&s->next_ino, 1, __ATOMIC_RELAXED);
	i->atime = i->mtime = i->ctime = i->btime = timestamp_now();
	rwsem_init(&i->lock);
	spin_init(&i->attr_lock);
	list_init(&i->locks);
	spin_lock(&s->inodes_lock);
	list_push_back(&s->inodes, &i->super_link);
	spin_unlock(&s->inodes_lock);
	return i;
}

static void inode_free_rcu(struct rcu_head *head)
{
	slab_free(inodes, container_of(head, struct inode, rcu));
}

void inode_put(struct inode *i)
{
	struct super *s = i->super;

	if (!ref_put(&i->refs))
		return;
	ASSERT(list_empty(&i->locks));
	if (s->ops && s->ops->evict)
		s->ops->evict(i);
	spin_lock(&s->inodes_lock);
	list_remove(&i->super_link);
	spin_unlock(&s->inodes_lock);
	call_rcu(&i->rcu, inode_free_rcu);
}

void inode_touch(struct inode *i, unsigned which)
{
	struct timestamp now = timestamp_now();

	SPIN_GUARD(&i->attr_lock);
	if (which & SETATTR_ATIME)
		i->atime = now;
	if (which & SETATTR_MTIME)
		i->mtime = now;
	if (which & SETATTR_CTIME)
		i->ctime = now;
}

static bool later(struct timestamp a, struct timestamp b)
{
	return a.sec > b.sec || (a.sec == b.sec && a.nsec > b.nsec);
}

/* relatime: only when it is not newer than the last change, or a day old. */
static bool atime_is_due(const struct inode *i, u32 flags, struct timestamp now)
{
	if (flags & MS_STRICTATIME)
		return true;
	return !later(i->atime, i->mtime) || !later(i->atime, i->ctime) ||
	       now.sec - i->atime.sec >= DAY_SECONDS;
}

void path_accessed(const struct path *p)
{
	struct inode *i = p->dentry->inode;
	u32 flags = p->mount->flags | p->mount->super->flags;

	if (flags & (MS_RDONLY | MS_NOATIME) || (flags & MS_NODIRATIME && inode_is(i, S_IFDIR)))
		return;
	struct timestamp now = timestamp_now();
	if (!atime_is_due(i, flags, now) || (i->atime.sec == now.sec && i->atime.nsec == now.nsec))
		return;
	SPIN_GUARD(&i->attr_lock);
	i->atime = now;
}

void file_accessed(struct file *f)
{
	if (!(f->flags & O_NOATIME))
		path_accessed(&f->path);
}

/* --- Permissions ----------------------------------------------------------------------------- */

static bool mode_allows(const struct inode *i, const struct cred *c, unsigned mask)
{
	u32 mode = READ_ONCE(i->mode);

	if (c->fsuid == i->uid)
		mode >>= 6;
	else if ((mode >> 3 ^ mode) & mask && cred_in_group(c, i->gid))
		mode >>= 3;
	return (mode & mask) == mask;
}

int inode_permission_by_mode(struct inode *i, int mask)
{
	if (mode_allows(i, current->cred, (unsigned)mask))
		return 0;
	if (inode_is(i, S_IFDIR)) {
		if (!(mask & MAY_WRITE) && capable(CAP_DAC_READ_SEARCH))
			return 0;
		return capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (mask == MAY_READ && capable(CAP_DAC_READ_SEARCH))
		return 0;
	if ((!(mask & MAY_EXEC) || i->mode & 0111) && capable(CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *i, int mask)
{
	if (mask & MAY_WRITE) {
		u32 type = i->mode & S_IFMT;
		if (i->super->flags & MS_RDONLY && (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
			return -EROFS;
		if (i->flags & INODE_IMMUTABLE)
			return -EPERM;
	}
	if (i->ops && i->ops->permission)
		return i->ops->permission(i, mask);
	return inode_permission_by_mode(i, mask);
}

bool inode_owner_or_capable(const struct inode *i)
{
	return current->cred->fsuid == i->uid || capable(CAP_FOWNER);
}

/* --- Making ---------------------------------------------------------------------------------- */

static int no_device_open(struct inode *i, struct file *f)
{
	return -ENXIO;
}

/* Hands the file over to the driver of its number. */
static int device_open(struct inode *i, struct file *f)
{
	const struct file_ops *ops;
	void *priv;
	int err = chardev_find(i->rdev, &ops, &priv);

	if (err)
		return err;
	f->ops = ops;
	f->priv = priv;
	return ops->open ? ops->open(i, f) : 0;
}

static const struct file_ops chardev_ops = { .open = device_open };
static const struct file_ops no_device_ops = { .open = no_device_open };

void inode_init_special(struct inode *i, u32 mode, dev_t rdev)
{
	i->mode = mode;
	switch (mode & S_IFMT) {
	case S_IFCHR:
		i->rdev = rdev;
		i->fops = &chardev_ops;
		break;
	case S_IFBLK:
		i->rdev = rdev;
		i->fops = &no_device_ops;
		break;
	case S_IFIFO:
		i->fops = &fifo_ops;
		break;
	default: /* a socket */
		i->fops = &no_device_ops;
	}
}

void inode_init_owner(struct inode *i, const struct inode *dir, u32 mode)
{
	const struct cred *c = current->cred;

	i->uid = c->fsuid;
	i->gid = c->fsgid;
	i->mode = mode;
	if (!dir || !(dir->mode & S_ISGID))
		return;
	i->gid = dir->gid;
	if (S_ISDIR(mode))
		i->mode |= S_ISGID;
	else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && !cred_in_group(c, i->gid) &&
		 !capable(CAP_FSETID))
		i->mode &= ~(u32)S_ISGID;
}

int inode_deny_write(struct inode *i)
{
	SPIN_GUARD(&i->attr_lock);
	if (i->writers > 0)
		return -ETXTBSY;
	i->writers--;
	return 0;
}

void inode_allow_write(struct inode *i)
{
	SPIN_GUARD(&i->attr_lock);
	ASSERT(i->writers < 0);
	i->writers++;
}

/* --- Attributes ------------------------------------------------------------------------------ */

void inode_stat(struct inode *i, struct kstat *st)
{
	st->ino = i->ino;
	st->dev = i->super->dev;
	st->rdev = i->rdev;
	st->nlink = i->nlink;
	st->blksize = i->super->block_size;
	st->size = READ_ONCE(i->size);
	st->blocks = READ_ONCE(i->blocks);
	SPIN_GUARD(&i->attr_lock);
	st->mode = i->mode;
	st->uid = i->uid;
	st->gid = i->gid;
	st->atime = i->atime;
	st->mtime = i->mtime;
	st->ctime = i->ctime;
	st->btime = i->btime;
}

void inode_apply(struct inode *i, const struct setattr *a)
{
	struct timestamp now = timestamp_now();

	SPIN_GUARD(&i->attr_lock);
	if (a->valid & SETATTR_MODE)
		i->mode = (i->mode & S_IFMT) | (a->mode & 07777);
	if (a->valid & SETATTR_UID)
		i->uid = a->uid;
	if (a->valid & SETATTR_GID)
		i->gid = a->gid;
	if (a->valid & SETATTR_ATIME)
		i->atime = a->atime;
	if (a->valid & SETATTR_MTIME)
		i->mtime = a->mtime;
	i->ctime = now;
}

void inode_strip_suid(struct inode *i)
{
	u32 kill = S_ISUID;

	if (likely(!(READ_ONCE(i->mode) & (S_ISUID | S_ISGID))) || !inode_is(i, S_IFREG))
		return;
	if (capable(CAP_FSETID))
		return;
	if (i->mode & S_IXGRP)
		kill |= S_ISGID;
	SPIN_GUARD(&i->attr_lock);
	i->mode &= ~kill;
}

void inodes_init(void)
{
	inodes = slab_create("inode", sizeof(struct inode), 0);
}
