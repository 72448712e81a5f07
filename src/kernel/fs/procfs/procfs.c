/* SPDX-License-Identifier: MIT */
/*
 * The fixed tree has the root's own inode operations replaced, so that names that
 * are not in it are asked of proc/.  Directory positions of /proc: 0 and 1 are "."
 * and "..", fixed entries follow, and processes begin at PROCESSES_BASE.
 */
#include <fs/procfs/procfs.h>

#include <fs/procfs/internal.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <linux/magic.h>
#include <linux/mount.h>

#define PROCESSES_BASE 0x10000

static const struct procfs_processes *processes;

static void evict(struct inode *i)
{
	if (processes && !(i->flags & INODE_PINNED))
		processes->evict(i);
}

static const struct super_ops procfs_super_ops = { .evict = evict };
struct tree procfs_tree = { .name = "procfs", .super_ops = &procfs_super_ops };

void procfs_set_processes(const struct procfs_processes *p)
{
	processes = p;
}

static int root_lookup(struct inode *dir, struct dentry *d)
{
	return processes ? processes->lookup(dir, d) : 0;
}

/* Passes entries on and remembers that the receiver was full. */
struct watched_emitter {
	struct dir_emitter e;
	struct dir_emitter *to;
	bool full;
};

static bool watched_emit(struct dir_emitter *e, const char *name, size_t length, u64 ino, unsigned type, u64 next)
{
	struct watched_emitter *w = container_of(e, struct watched_emitter, e);

	/* The cache has what proc/ looked up among the fixed names. */
	if ((name[0] >= '0' && name[0] <= '9') || str_eq(name, "self") || str_eq(name, "thread-self"))
		return true;
	w->full = !w->to->emit(w->to, name, length, ino, type, next);
	return !w->full;
}

static int root_readdir(struct file *f, struct dir_emitter *e)
{
	if (f->pos < PROCESSES_BASE) {
		struct watched_emitter w = { .e.emit = watched_emit, .to = e };
		int err = dcache_dir_ops.readdir(f, &w.e);
		if (err || w.full)
			return err;
		f->pos = PROCESSES_BASE;
	}
	return processes ? processes->readdir(f, e, PROCESSES_BASE) : 0;
}

static const struct inode_ops root_iops = { .lookup = root_lookup };
static struct file_ops root_fops;

static int get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data,
		     struct super **out)
{
	ref_get(&procfs_tree.super->refs);
	*out = procfs_tree.super;
	return 0;
}

static struct fs_type procfs_type = { .name = "proc", .magic = PROC_SUPER_MAGIC, .nodev = true, .get_super = get_super };

static int show_number(struct text *t, void *ctx)
{
	const struct procfs_number *n = ctx;
	text_printf(t, "%llu\n", (unsigned long long)READ_ONCE(*n->value));
	return 0;
}

static int write_number(void *ctx, char *buf, size_t size)
{
	const struct procfs_number *n = ctx;
	u64 v;

	while (size && (buf[size - 1] == '\n' || buf[size - 1] == ' '))
		buf[--size] = 0;
	if (parse_u64(buf, 10, &v) || v < n->min || v > n->max)
		return -EINVAL;
	WRITE_ONCE(*n->value, v);
	return 0;
}

int procfs_add_number(const char *path, u32 mode, const struct procfs_number *n)
{
	return tree_add_file(&procfs_tree, path, mode, show_number, mode & 0222 ? write_number : NULL, (void *)n);
}

void procfs_init(void)
{
	fs_type_register(&procfs_type);
	VERIFY(tree_init(&procfs_tree, &procfs_type) == 0);
	struct inode *root = procfs_tree.super->root->inode;
	root_fops = dcache_dir_ops;
	root_fops.readdir = root_readdir;
	root->ops = &root_iops;
	root->fops = &root_fops;
	procfs_system_init();
}
