/* SPDX-License-Identifier: MIT */
/*
 * The tree of mounts.
 *
 * A mount shows a super's tree, from `root` downwards, at (parent, mountpoint); one that
 * hangs in the tree is in a hash table by that pair, which path walks read under RCU, and in the
 * list of all mounts.  The dentry it covers has DENTRY_MOUNTPOINT, so that a
 * walk looks into the table only where there is something to find.
 *
 * References: one for hanging in the tree, one for each path.  An unmount is refused
 * (EBUSY) while there are paths; MNT_DETACH takes the mount out of the tree and lets
 * it live until the last path is gone.
 *
 * There is one namespace, and mounts do not propagate: all are private.
 *
 * Locking: changes of the tree under mounts_lock and a write section of walk_seq.
 */
#include <debug/log.h>
#include <fs/internal.h>
#include <lib/format.h>
#include <lib/hash.h>

#define BUCKETS 256

static struct hlist table[BUCKETS];
static struct list all = LIST_INIT(all); /* mounts_lock */
static struct slab_cache *mounts;
static u32 next_id = 20;                 /* atomic */

struct mutex mounts_lock = MUTEX_INIT(mounts_lock);

static struct hlist *bucket_of(const struct mount *m, const struct dentry *d)
{
	return &table[hash_u64((u64)m ^ (u64)d >> 3, 8)];
}

struct mount *mount_at(const struct mount *m, const struct dentry *d)
{
	struct hlist_node *n = rcu_load(&bucket_of(m, d)->first);

	for (; n; n = rcu_load(&n->next)) {
		struct mount *child = container_of(n, struct mount, hash_link);
		if (child->parent == m && child->mountpoint == d)
			return child;
	}
	return NULL;
}

/* Takes references of its own. */
static struct mount *mount_new(struct super *s, struct dentry *root, u32 flags)
{
	struct mount *m = slab_alloc(mounts, ALLOC_ZERO);

	if (!m)
		return NULL;
	ref_init(&m->refs, 1);
	ref_get(&s->refs);
	m->super = s;
	dentry_get(root);
	m->root = root;
	m->parent = m;
	m->mountpoint = root;
	m->flags = flags & MOUNT_FLAGS;
	m->id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
	list_init(&m->children);
	list_init(&m->child_link);
	list_init(&m->all_link);
	return m;
}

struct mount *mount_new_internal(struct super *s)
{
	return mount_new(s, s->root, 0);
}

void mount_get(struct mount *m)
{
	ref_get(&m->refs);
}

static void mount_free_rcu(struct rcu_head *head)
{
	slab_free(mounts, container_of(head, struct mount, rcu));
}

void mount_put(struct mount *m)
{
	if (likely(!ref_put(&m->refs)))
		return;
	struct super *s = m->super;
	struct dentry *root = m->root;
	call_rcu(&m->rcu, mount_free_rcu);
	dentry_put(root);
	super_put(s);
}

/* --- Changing the tree: mounts_lock held ------------------------------------------------------ */

static void dentry_set_mountpoint(struct dentry *d, bool on)
{
	SPIN_GUARD(&d->lock);
	if (on)
		d->flags |= DENTRY_MOUNTPOINT;
	else
		d->flags &= ~(u32)DENTRY_MOUNTPOINT;
}

/* Hangs `m` (whose tree reference the caller gives) at (parent, d). */
static void attach(struct mount *m, struct mount *parent, struct dentry *d)
{
	mount_get(parent);
	dentry_get(d);
	dentry_set_mountpoint(d, true);
	u64 irq = seqlock_write_begin(&walk_seq);
	m->parent = parent;
	m->mountpoint = d;
	hlist_add(bucket_of(parent, d), &m->hash_link);
	seqlock_write_end(&walk_seq, irq);
	list_push_back(&parent->children, &m->child_link);
	list_push_back(&all, &m->all_link);
}

static bool is_covered(struct dentry *d)
{
	struct mount *m;

	list_for_each(m, &all, all_link)
		if (m->mountpoint == d && m->parent != m)
			return true;
	return false;
}

/* Takes `m` out of the tree; its tree reference becomes the caller's. */
static void detach(struct mount *m)
{
	struct mount *parent = m->parent;
	struct dentry *d = m->mountpoint;

	u64 irq = seqlock_write_begin(&walk_seq);
	hlist_remove(&m->hash_link);
	m->parent = m;
	m->mountpoint = m->root;
	seqlock_write_end(&walk_seq, irq);
	list_remove(&m->child_link);
	list_remove(&m->all_link);
	if (!is_covered(d))
		dentry_set_mountpoint(d, false);
	dentry_put(d);
	mount_put(parent);
}

/* `at` with what is mounted over it followed to the top. Takes new references, drops the old. */
static void follow_down(struct path *at)
{
	for (;;) {
		rcu_read_lock();
		struct mount *m = mount_at(at->mount, at->dentry);
		bool got = m && ref_get_unless_zero(&m->refs);
		rcu_read_unlock();
		if (!got)
			return;
		dentry_get(m->root);
		path_put(at);
		*at = (struct path){ m, m->root };
	}
}

static int check_mountpoint(const struct path *at, bool dir)
{
	if (!mount_is_attached(at->mount) || at->dentry->flags & DENTRY_UNHASHED)
		return -EINVAL;
	return dir == inode_is(at->dentry->inode, S_IFDIR) ? 0 : -ENOTDIR;
}

/* Mounts (s, root) on `at`. */
static int graft(struct super *s, struct dentry *root, const struct path *at, u32 flags)
{
	struct path top = *at;
	int err;

	MUTEX_GUARD(&mounts_lock);
	path_get(&top);
	follow_down(&top);
	err = check_mountpoint(&top, inode_is(root->inode, S_IFDIR));
	if (!err && top.mount->super == s && top.dentry == top.mount->root && root == top.dentry &&
	    at->dentry == top.dentry && !(flags & MS_BIND))
		err = -EBUSY;
	if (!err) {
		struct mount *m = mount_new(s, root, flags);
		if (m)
			attach(m, top.mount, top.dentry);
		else
			err = -ENOMEM;
	}
	path_put(&top);
	return err;
}

int vfs_mount(const char *source, const struct path *at, const char *type, unsigned flags, const char *data)
{
	struct fs_type *t = fs_type_find(type);
	struct super *s;

	if (!t)
		return -ENODEV;
	int err = t->get_super(t, source, flags, data, &s);
	if (err)
		return err;
	if (!(flags & (MS_NOATIME | MS_STRICTATIME)))
		flags |= MS_RELATIME;
	err = graft(s, s->root, at, flags & ~(u32)MS_BIND);
	super_put(s);
	return err;
}

/* A copy of each mount below `from`, at the same place below `to`. rename_lock held, too. */
static int copy_children(struct mount *from, struct dentry *top, struct mount *to)
{
	struct mount *child;

	list_for_each(child, &from->children, child_link) {
		if (child == to || !dentry_is_below(child->mountpoint, top))
			continue;
		struct mount *m = mount_new(child->super, child->root, child->flags);
		if (!m)
			return -ENOMEM;
		attach(m, to, child->mountpoint);
		int err = copy_children(child, child->root, m);
		if (err)
			return err;
	}
	return 0;
}

int mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct path top = *at;
	int err;

	MUTEX_GUARD(&rename_lock);
	MUTEX_GUARD(&mounts_lock);
	path_get(&top);
	follow_down(&top);
	err = check_mountpoint(&top, inode_is(from->dentry->inode, S_IFDIR));
	if (!err && !mount_is_attached(from->mount))
		err = -EINVAL;
	if (!err) {
		struct mount *m = mount_new(from->mount->super, from->dentry, from->mount->flags);
		if (m) {
			/* Copied while it hangs nowhere yet, so that it does not copy itself. */
			if (recursive)
				err = copy_children(from->mount, from->dentry, m);
			attach(m, top.mount, top.dentry);
		} else {
			err = -ENOMEM;
		}
	}
	path_put(&top);
	return err;
}

int mount_move(const struct path *from, const struct path *at)
{
	struct mount *m = from->mount;
	struct path top = *at;
	int err = 0;

	MUTEX_GUARD(&mounts_lock);
	path_get(&top);
	follow_down(&top);
	if (from->dentry != m->root || m->parent == m || !mount_is_attached(m))
		err = -EINVAL;
	if (!err)
		err = check_mountpoint(&top, inode_is(m->root->inode, S_IFDIR));
	for (struct mount *p = top.mount; !err; p = p->parent) {
		if (p == m)
			err = -ELOOP;
		if (p->parent == p)
			break;
	}
	if (!err) {
		detach(m);
		attach(m, top.mount, top.dentry);
	}
	path_put(&top);
	return err;
}

int mount_remount(const struct path *at, unsigned flags, const char *data, bool bind)
{
	struct mount *m = at->mount;
	struct super *s = m->super;
	int err = 0;

	MUTEX_GUARD(&mounts_lock);
	if (at->dentry != m->root)
		return -EINVAL;
	if (!bind) {
		if (s->ops->remount)
			err = s->ops->remount(s, flags, data);
		if (err)
			return err;
		s->flags = (s->flags & ~(u32)MS_RDONLY) | (flags & MS_RDONLY);
		flags &= ~(u32)MS_RDONLY;
	}
	if (!(flags & (MS_NOATIME | MS_STRICTATIME)))
		flags |= MS_RELATIME;
	WRITE_ONCE(m->flags, flags & MOUNT_FLAGS);
	return 0;
}

/* --- Unmounting ------------------------------------------------------------------------------ */

static void detach_tree(struct mount *m, struct list *gone)
{
	struct mount *child, *next;

	list_for_each_safe(child, next, &m->children, child_link)
		detach_tree(child, gone);
	detach(m);
	list_push_back(gone, &m->child_link);
}

int vfs_umount(struct path *at, unsigned flags)
{
	struct mount *m = at->mount, *next;
	struct list gone = LIST_INIT(gone);
	int err = 0;

	mutex_lock(&mounts_lock);
	if (at->dentry != m->root || !mount_is_attached(m))
		err = -EINVAL;
	else if (m->parent == m)
		err = -EBUSY;
	else if (!(flags & MNT_DETACH) && (!list_empty(&m->children) || ref_read(&m->refs) > 2))
		err = -EBUSY; /* more than the tree's reference and the caller's path */
	else
		detach_tree(m, &gone);
	mutex_unlock(&mounts_lock);
	list_for_each_safe(m, next, &gone, child_link) {
		list_remove(&m->child_link);
		mount_put(m);
	}
	return err;
}

/* --- What /proc shows ------------------------------------------------------------------------- */

static size_t show_flags(const struct mount *m, u32 flags, char *buf, size_t size)
{
	static const struct { u32 flag; const char *text; } names[] = {
		{ MS_NOSUID, ",nosuid" }, { MS_NODEV, ",nodev" }, { MS_NOEXEC, ",noexec" },
		{ MS_NOATIME, ",noatime" }, { MS_NODIRATIME, ",nodiratime" }, { MS_RELATIME, ",relatime" },
		{ MS_NOSYMFOLLOW, ",nosymfollow" },
	};
	size_t n = (size_t)scnprintf(buf, size, "%s", flags & MS_RDONLY ? "ro" : "rw");

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (m->flags & names[i].flag)
			n += (size_t)scnprintf(buf + n, size - n, "%s", names[i].text);
	return n;
}

/* Spaces and the like in octal. */
static size_t show_escaped(const char *s, char *buf, size_t size)
{
	size_t n = 0;

	for (; *s && n + 5 < size; s++) {
		if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\\')
			n += (size_t)scnprintf(buf + n, size - n, "\\%03o", (unsigned char)*s);
		else
			buf[n++] = *s;
	}
	buf[n] = 0;
	return n;
}

static size_t show_place(const struct mount *m, char *buf, size_t size)
{
	struct path p = { (struct mount *)m, m->root };
	char *name = kmalloc(PATH_LENGTH_MAX, 0);
	int err = 0;

	if (!name)
		return 0;
	char *s = path_to_string(&p, name, PATH_LENGTH_MAX, &err);
	size_t n = show_escaped(s ? s : "?", buf, size);
	kfree(name);
	return n;
}

/* The root of the mount within its file system. */
static size_t show_root(const struct mount *m, char *buf, size_t size)
{
	char *name;
	const struct dentry *d = m->root;
	size_t at = PATH_LENGTH_MAX - 1, n;

	if (d->parent == d)
		return (size_t)scnprintf(buf, size, "/");
	if (!(name = kmalloc(PATH_LENGTH_MAX, 0)))
		return 0;
	name[at] = 0;
	mutex_lock(&rename_lock);
	for (; d->parent != d && at > d->name_length; d = d->parent) {
		at -= d->name_length;
		memcpy(name + at, d->name, d->name_length);
		name[--at] = '/';
	}
	mutex_unlock(&rename_lock);
	n = show_escaped(name + at, buf, size);
	kfree(name);
	return n;
}

static size_t show_super_options(const struct mount *m, char *buf, size_t size)
{
	struct super *s = m->super;
	int n = s->ops->show_options ? s->ops->show_options(s, buf, size) : 0;

	return n > 0 ? (size_t)n : 0;
}

static void describe_mounts(const struct mount *m, char *buf, size_t size)
{
	size_t n = show_escaped(m->super->source, buf, size);

	n += (size_t)scnprintf(buf + n, size - n, " ");
	n += show_place(m, buf + n, size - n);
	n += (size_t)scnprintf(buf + n, size - n, " %s ", m->super->type->name);
	n += show_flags(m, m->flags | m->super->flags, buf + n, size - n);
	n += show_super_options(m, buf + n, size - n);
	scnprintf(buf + n, size - n, " 0 0\n");
}

static void describe_mountinfo(const struct mount *m, u32 parent_id, char *buf, size_t size)
{
	size_t n = (size_t)scnprintf(buf, size, "%u %u %u:%u ", m->id, parent_id, (u32)(m->super->dev >> 20),
				     (u32)(m->super->dev & 0xfffff));

	n += show_root(m, buf + n, size - n);
	n += (size_t)scnprintf(buf + n, size - n, " ");
	n += show_place(m, buf + n, size - n);
	n += (size_t)scnprintf(buf + n, size - n, " ");
	n += show_flags(m, m->flags, buf + n, size - n);
	n += (size_t)scnprintf(buf + n, size - n, " - %s ", m->super->type->name);
	n += show_escaped(m->super->source, buf + n, size - n);
	n += (size_t)scnprintf(buf + n, size - n, " %s", m->super->flags & MS_RDONLY ? "ro" : "rw");
	n += show_super_options(m, buf + n, size - n);
	scnprintf(buf + n, size - n, "\n");
}

/* Number `i` in the order of mounting, referenced, or NULL. */
static struct mount *mount_nth(unsigned i, u32 *parent_id)
{
	struct mount *m;

	MUTEX_GUARD(&mounts_lock);
	list_for_each(m, &all, all_link) {
		if (i--)
			continue;
		mount_get(m);
		*parent_id = m->parent == m ? 1 : m->parent->id;
		return m;
	}
	return NULL;
}

bool mount_describe(unsigned i, char *buf, size_t size, int style)
{
	u32 parent_id;
	struct mount *m = mount_nth(i, &parent_id);

	if (!m)
		return false;
	if (style)
		describe_mountinfo(m, parent_id, buf, size);
	else
		describe_mounts(m, buf, size);
	mount_put(m);
	return true;
}

/* --- The root -------------------------------------------------------------------------------- */

/* Makes `s` the root of everything. */
int mount_root_super(struct super *s)
{
	struct mount *m = mount_new(s, s->root, MS_RELATIME);

	if (!m)
		return -ENOMEM;
	MUTEX_GUARD(&mounts_lock);
	list_push_back(&all, &m->all_link);
	struct fs_context *c = &fs_context_kernel;
	c->root = c->cwd = (struct path){ m, m->root };
	path_get(&c->root);
	path_get(&c->cwd);
	return 0;
}

void mounts_init(void)
{
	mounts = slab_create("mount", sizeof(struct mount), 0);
}
