/* SPDX-License-Identifier: MIT */
/* Names: making, finding, moving, forgetting; directories with many entries; descriptor tables. */
#include <debug/selftest.h>
#include <fs/internal.h>

/* A directory of its own in the root for the length of a test. */
static struct dentry *scratch(void)
{
	struct path root;
	struct dentry *d = NULL;

	fs_root_get(&root);
	struct inode *dir = root.dentry->inode;
	rwsem_write_lock(&dir->lock);
	if (!dir_lookup(root.dentry, "fs-test\0\0\0\0\0\0\0", 7, &d) && !d->inode)
		VERIFY(!dir->ops->mkdir(dir, d, S_IFDIR | 0755));
	rwsem_write_unlock(&dir->lock);
	path_put(&root);
	return d;
}

static struct dentry *make(struct dentry *dir, const char *name, u32 mode)
{
	char padded[NAME_LENGTH_MAX + 16] = "";
	struct dentry *d;

	strlcpy(padded, name, sizeof padded);
	rwsem_write_lock(&dir->inode->lock);
	int err = dir_lookup(dir, padded, strlen(padded), &d);
	if (!err)
		err = S_ISDIR(mode) ? dir->inode->ops->mkdir(dir->inode, d, mode) : dir->inode->ops->create(dir->inode, d, mode);
	rwsem_write_unlock(&dir->inode->lock);
	return err ? NULL : d;
}

/* Takes the caller's reference, too. */
static void remove(struct dentry *d)
{
	struct inode *dir = d->parent->inode;

	rwsem_write_lock(&dir->lock);
	VERIFY(!(inode_is(d->inode, S_IFDIR) ? dir->ops->rmdir : dir->ops->unlink)(dir, d));
	dentry_unpin(d);
	rwsem_write_unlock(&dir->lock);
	dentry_put(d);
}

SELFTEST(fs_create_find_unlink)
{
	struct dentry *dir = scratch(), *d;
	struct path p;

	CHECK(dir && (d = make(dir, "file", S_IFREG | 0644)));
	CHECK(!path_lookup(AT_FDCWD, "/fs-test/file", 0, &p));
	CHECK(p.dentry == d && p.dentry->inode->nlink == 1);
	path_put(&p);
	CHECK(path_lookup(AT_FDCWD, "/fs-test/file/x", 0, &p) == -ENOTDIR);
	CHECK(path_lookup(AT_FDCWD, "/fs-test/file/", 0, &p) == -ENOTDIR);
	CHECK(path_lookup(AT_FDCWD, "/fs-test//./../fs-test/file", 0, &p) == 0);
	path_put(&p);
	CHECK(dir->inode->ops->rmdir(dir->parent->inode, dir) == -ENOTEMPTY);
	remove(d);
	CHECK(path_lookup(AT_FDCWD, "/fs-test/file", 0, &p) == -ENOENT);
	remove(dir);
}

SELFTEST(fs_names_of_all_lengths)
{
	struct dentry *dir = scratch(), *d;
	char name[NAME_LENGTH_MAX + 2], path[NAME_LENGTH_MAX + 16] = "/fs-test/";
	struct path p;

	CHECK(dir);
	for (unsigned n = 1; n <= NAME_LENGTH_MAX; n++) {
		memset(name, 'a' + (int)(n % 26), n);
		name[n] = 0;
		CHECK((d = make(dir, name, S_IFREG | 0600)));
		strlcpy(path + 9, name, sizeof path - 9);
		CHECK(!path_lookup(AT_FDCWD, path, 0, &p));
		CHECK(p.dentry == d);
		path_put(&p);
		path[9 + n - 1] ^= 1;
		CHECK(path_lookup(AT_FDCWD, path, 0, &p) == -ENOENT);
		CHECK(dentry_find(dir, name, n) == d);
		dentry_put(d);
		remove(d);
	}
	memset(name, 'x', NAME_LENGTH_MAX + 1);
	strlcpy(path + 9, name, NAME_LENGTH_MAX + 2);
	CHECK(path_lookup(AT_FDCWD, path, 0, &p) == -ENAMETOOLONG);
	remove(dir);
}

SELFTEST(fs_rename_moves_and_exchanges)
{
	static const char long_name[] = "a name that is far longer than what fits into the dentry itself";
	struct dentry *dir = scratch(), *a, *b, *sub;
	struct path p;
	char *text;

	CHECK(dir && (a = make(dir, "a", S_IFREG | 0600)) && (sub = make(dir, "sub", S_IFDIR | 0700)) &&
	      (b = make(sub, long_name, S_IFREG | 0600)));
	struct inode *ia = a->inode, *ib = b->inode;
	mutex_lock(&rename_lock);
	rwsem_write_lock(&dir->inode->lock);
	rwsem_write_lock_nested(&sub->inode->lock, 1);
	dentry_exchange(a, b);
	rwsem_write_unlock(&sub->inode->lock);
	rwsem_write_unlock(&dir->inode->lock);
	mutex_unlock(&rename_lock);
	CHECK(!path_lookup(AT_FDCWD, "/fs-test/a", 0, &p) && p.dentry->inode == ib);
	path_put(&p);
	CHECK(!path_lookup(AT_FDCWD, "/fs-test/sub/a name that is far longer than what fits into the dentry itself", 0, &p) &&
	      p.dentry->inode == ia);
	path_put(&p);
	/* a is now the one with the long name: over "a" in dir */
	CHECK(!dentry_name_copy(b, &text) && !text);
	mutex_lock(&rename_lock);
	rwsem_write_lock(&dir->inode->lock);
	rwsem_write_lock_nested(&sub->inode->lock, 1);
	dentry_move(a, dir, b, text);
	ib->nlink--;
	dentry_unpin(b);
	rwsem_write_unlock(&sub->inode->lock);
	rwsem_write_unlock(&dir->inode->lock);
	mutex_unlock(&rename_lock);
	CHECK(!path_lookup(AT_FDCWD, "/fs-test/a", 0, &p) && p.dentry->inode == ia);
	path_put(&p);
	CHECK(!dentry_has_children(sub));
	dentry_put(b);
	remove(a);
	remove(sub);
	remove(dir);
}

struct counter {
	struct dir_emitter e;
	unsigned count, stop_after;
};

static bool count_entry(struct dir_emitter *e, const char *name, size_t n, u64 ino, unsigned type, u64 next)
{
	struct counter *c = container_of(e, struct counter, e);

	if (c->count == c->stop_after)
		return false;
	c->count++;
	return true;
}

SELFTEST(fs_readdir_resumes_while_names_go)
{
	enum { ENTRIES = 300 };
	static struct dentry *d[ENTRIES];
	struct dentry *dir = scratch();
	struct counter c = { .e.emit = count_entry };
	struct file *f;
	char name[16];

	CHECK(dir);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof name, "entry%d", i);
		CHECK((d[i] = make(dir, name, S_IFREG | 0600)));
	}
	CHECK(!vfs_open(AT_FDCWD, "/fs-test", O_RDONLY | O_DIRECTORY, 0, &f));
	for (int i = 0; i < ENTRIES; i++) {
		c.stop_after = c.count + 1;
		if (!i)
			c.stop_after += 2; /* . and .. */
		rwsem_read_lock(&dir->inode->lock);
		f->ops->readdir(f, &c.e);
		rwsem_read_unlock(&dir->inode->lock);
		CHECK(c.count == (unsigned)i + 3);
		remove(d[i]);
	}
	file_put(f);
	remove(dir);
}

SELFTEST(fs_cache_of_names_gives_memory_back)
{
	struct path p;
	char name[32];
	u64 before;

	/* /proc asks its file system: absent names become negative dentries. */
	if (path_lookup(AT_FDCWD, "/proc", 0, &p))
		return;
	path_put(&p);
	before = frames_free();
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "/proc/no-such-file-%d", i);
		CHECK(path_lookup(AT_FDCWD, name, 0, &p) == -ENOENT);
	}
	CHECK(before - min(before, frames_free()) < 4096);
}

SELFTEST(fs_descriptor_table_grows)
{
	enum { MANY = 1000 };
	struct files *saved = current->files, *copy;
	struct file *f;

	CHECK((current->files = files_new()));
	CHECK(!vfs_open(AT_FDCWD, "/", O_RDONLY, 0, &f));
	u64 limit = current->process->limits[RLIMIT_NOFILE].rlim_cur;
	current->process->limits[RLIMIT_NOFILE].rlim_cur = MANY;
	for (int i = 0; i < MANY; i++) {
		file_get(f);
		CHECK(fd_install_new(f, i & 1) == i);
	}
	file_get(f);
	CHECK(fd_install_new(f, false) == -EMFILE);
	CHECK(fd_close(500) == 0 && fd_close(77) == 0 && fd_close(77) == -EBADF);
	file_get(f);
	CHECK(fd_install_new(f, false) == 77);
	CHECK(!files_copy(current->files, &copy));
	CHECK(ref_read(&f->refs) == 1 + 2 * (MANY - 1));
	files_put(copy);
	files_close_on_exec();
	CHECK(ref_read(&f->refs) == 1 + MANY / 2 - 1 + 1);
	files_put(current->files);
	current->files = saved;
	current->process->limits[RLIMIT_NOFILE].rlim_cur = limit;
	CHECK(ref_read(&f->refs) == 1);
	file_put(f);
}
