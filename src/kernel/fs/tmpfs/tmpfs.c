/* SPDX-License-Identifier: MIT */
/*
 * tmpfs: files that live in memory.
 *
 * There is nothing here but what the VFS keeps anyway.  A directory is its dentry, whose
 * children are pinned; a file is its page cache, whose pages are born zeroed and never written
 * anywhere; a link's text is in its inode.
 *
 * An instance counts pages and inodes against its limits (half of RAM unless options say
 * otherwise).  ramfs is the same without limits.
 */
#include "internal.h"

#include <lib/parse.h>
#include <linux/magic.h>

static int tmpfs_statfs(struct super *s, struct kstatfs *st)
{
	struct tmpfs_super *t = s->priv;

	*st = (struct kstatfs){ .type = s->type->magic, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = NAME_LENGTH_MAX };
	if (t->limit_pages) {
		u64 used = min(READ_ONCE(t->used_pages), t->limit_pages);
		st->blocks = t->limit_pages;
		st->bfree = st->bavail = t->limit_pages - used;
	}
	if (t->limit_inodes) {
		st->files = t->limit_inodes;
		st->ffree = t->limit_inodes - min(READ_ONCE(t->used_inodes), t->limit_inodes);
	}
	return 0;
}

static void tmpfs_destroy(struct super *s)
{
	kfree(s->priv);
}

/* --- Options ---------------------------------------------------------------------------------- */

static int parse_pages(const char *text, u64 *pages)
{
	size_t n = strlen(text);
	struct mem_stats m;
	u64 v;

	if (n && text[n - 1] == '%') {
		const char *end = parse_digits(text, 10, &v);
		if (!end || end != text + n - 1)
			return -EINVAL;
		mem_stats_read(&m);
		*pages = m.total * v / 100;
		return 0;
	}
	if (parse_size(text, &v))
		return -EINVAL;
	*pages = DIV_ROUND_UP(v, PAGE_SIZE);
	return 0;
}

static int parse_option(struct tmpfs_super *t, const char *key, const char *value)
{
	u64 v;

	if (!value) /* flags without a value, which some pass along: none is known */
		return -EINVAL;
	if (str_eq(key, "size"))
		return parse_pages(value, &t->limit_pages);
	if (str_eq(key, "nr_blocks"))
		return parse_size(value, &t->limit_pages) ? -EINVAL : 0;
	if (str_eq(key, "nr_inodes"))
		return parse_size(value, &t->limit_inodes) ? -EINVAL : 0;
	if (str_eq(key, "mode")) {
		if (parse_u64(value, 8, &v))
			return -EINVAL;
		t->mode = (u32)v & 07777;
		return 0;
	}
	if (str_eq(key, "uid"))
		return parse_u32(value, 10, &t->uid) ? -EINVAL : 0;
	if (str_eq(key, "gid"))
		return parse_u32(value, 10, &t->gid) ? -EINVAL : 0;
	return -EINVAL;
}

static int parse_options(struct tmpfs_super *t, const char *data)
{
	char *text KFREE_GUARD = NULL, *rest, *word;

	if (!data || !*data)
		return 0;
	if (!(text = rest = kstrdup(data)))
		return -ENOMEM;
	while ((word = strsep(&rest, ","))) {
		if (!*word)
			continue;
		char *value = strchr(word, '=');
		if (value)
			*value++ = 0;
		int err = parse_option(t, word, value);
		if (err)
			return err;
	}
	return 0;
}

static int tmpfs_show_options(struct super *s, char *buf, size_t size)
{
	struct tmpfs_super *t = s->priv;
	int n = 0;

	if (!size)
		return 0;
	buf[0] = 0;
	if (t->limit_pages)
		n += scnprintf(buf + n, size - n, ",size=%luk", t->limit_pages << (PAGE_SHIFT - 10));
	if (t->limit_inodes)
		n += scnprintf(buf + n, size - n, ",nr_inodes=%lu", t->limit_inodes);
	if (t->mode != 01777)
		n += scnprintf(buf + n, size - n, ",mode=%o", t->mode);
	if (t->uid)
		n += scnprintf(buf + n, size - n, ",uid=%u", t->uid);
	if (t->gid)
		n += scnprintf(buf + n, size - n, ",gid=%u", t->gid);
	return n;
}

static int tmpfs_remount(struct super *s, unsigned flags, const char *data)
{
	struct tmpfs_super *t = s->priv, new = *t;
	int err = parse_options(&new, data);

	if (err)
		return err;
	if ((new.limit_pages && new.limit_pages < READ_ONCE(t->used_pages)) ||
	    (new.limit_inodes && new.limit_inodes < READ_ONCE(t->used_inodes)))
		return -EINVAL;
	WRITE_ONCE(t->limit_pages, new.limit_pages);
	WRITE_ONCE(t->limit_inodes, new.limit_inodes);
	return 0;
}

static const struct super_ops tmpfs_super_ops = {
	.statfs = tmpfs_statfs,
	.evict = tmpfs_evict,
	.destroy = tmpfs_destroy,
	.remount = tmpfs_remount,
	.show_options = tmpfs_show_options,
};

/* --- Mounting --------------------------------------------------------------------------------- */

static int make_root(struct super *s, const struct tmpfs_super *t)
{
	struct inode *root;
	int err = tmpfs_inode_new(s, NULL, S_IFDIR | t->mode, 0, &root);

	if (err)
		return err;
	root->uid = t->uid;
	root->gid = t->gid;
	if (!(s->root = dentry_make_root(root))) {
		inode_put(root);
		return -ENOMEM;
	}
	return 0;
}

static int new_super(const struct fs_type *t, const char *source, unsigned flags, const struct tmpfs_super *options,
		     struct super **out)
{
	struct super *s = super_alloc(t, &tmpfs_super_ops, source, flags);
	struct tmpfs_super *own = kzalloc(sizeof *own);

	if (!s || !own) {
		kfree(own);
		if (s)
			super_put(s);
		return -ENOMEM;
	}
	*own = *options;
	s->priv = own;
	int err = make_root(s, own);
	if (err) {
		super_put(s);
		return err;
	}
	*out = s;
	return 0;
}

int tmpfs_get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data, struct super **out)
{
	const struct cred *c = current->cred;
	struct tmpfs_super o = { .mode = 01777, .uid = c->fsuid, .gid = c->fsgid };
	struct mem_stats m;

	mem_stats_read(&m);
	o.limit_pages = m.total / 2;
	o.limit_inodes = m.total / 2;
	int err = parse_options(&o, data);
	return err ? err : new_super(t, source, flags, &o, out);
}

/* ramfs: no limits; the only option is the mode. */
static int ramfs_get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data,
			   struct super **out)
{
	struct tmpfs_super o = { .mode = 0755 };
	int err = parse_options(&o, data);

	o.limit_pages = o.limit_inodes = 0;
	return err ? err : new_super(t, source, flags, &o, out);
}

const struct fs_type tmpfs_type = { .name = "tmpfs", .magic = TMPFS_MAGIC, .nodev = true, .get_super = tmpfs_get_super };

void tmpfs_init(void)
{
	static struct fs_type tmpfs, ramfs = {
		.name = "ramfs", .magic = RAMFS_MAGIC, .nodev = true, .get_super = ramfs_get_super,
	};

	tmpfs = tmpfs_type;
	tmpfs_inodes_init();
	fs_type_register(&tmpfs);
	fs_type_register(&ramfs);
	memfd_init();
}
