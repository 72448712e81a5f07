/* SPDX-License-Identifier: MIT */
/* File-system types and their instances. */
#include <fs/device_file.h>
#include <fs/internal.h>

static spinlock_t types_lock;
static struct fs_type *types, **types_tail = &types; /* types_lock; never shrinks */
static struct list supers = LIST_INIT(supers);       /* supers_lock */
static struct mutex supers_lock = MUTEX_INIT(supers_lock);
static u32 next_minor = 1;                           /* atomic: device numbers 0:N for those without a device */

void fs_type_register(struct fs_type *t)
{
	SPIN_GUARD(&types_lock);
	t->next = NULL;
	rcu_store(types_tail, t);
	types_tail = &t->next;
}

struct fs_type *fs_type_find(const char *name)
{
	for (struct fs_type *t = rcu_load(&types); t; t = rcu_load(&t->next))
		if (str_eq(t->name, name))
			return t;
	return NULL;
}

struct fs_type *fs_type_nth(unsigned i)
{
	struct fs_type *t = rcu_load(&types);

	while (t && i--)
		t = rcu_load(&t->next);
	return t;
}

struct super *super_alloc(const struct fs_type *t, const struct super_ops *ops, const char *source, unsigned flags)
{
	struct super *s = kzalloc(sizeof *s);

	if (!s)
		return NULL;
	ref_init(&s->refs, 1);
	s->type = t;
	s->ops = ops;
	s->flags = flags & ~(u32)(MOUNT_FLAGS & ~MS_RDONLY);
	s->dev = DEVNO(0, __atomic_fetch_add(&next_minor, 1, __ATOMIC_RELAXED));
	s->max_file_size = INT64_MAX;
	s->block_size = PAGE_SIZE;
	s->next_ino = 1;
	spin_init(&s->inodes_lock);
	list_init(&s->inodes);
	strlcpy(s->source, source && *source ? source : "none", sizeof s->source);
	MUTEX_GUARD(&supers_lock);
	list_push_back(&supers, &s->link);
	return s;
}

void super_put(struct super *s)
{
	if (!ref_put(&s->refs))
		return;
	mutex_lock(&supers_lock);
	list_remove(&s->link);
	mutex_unlock(&supers_lock);
	if (s->ops->sync)
		s->ops->sync(s);
	if (s->root) {
		dcache_evict(s->root);
		dentry_put(s->root);
	}
	if (s->ops->destroy)
		s->ops->destroy(s);
	kfree(s);
}

void vfs_sync_all(void)
{
	struct super *s;

	MUTEX_GUARD(&supers_lock);
	list_for_each(s, &supers, link)
		if (s->ops->sync && !(s->flags & MS_RDONLY))
			s->ops->sync(s);
}
