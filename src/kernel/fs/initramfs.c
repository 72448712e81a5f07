/* SPDX-License-Identifier: MIT */
/*
 * The first root file system: the boot loader's modules, cpio archives (newc),
 * unpacked over a tmpfs, later ones over earlier ones.
 *
 * The data of a file is not copied where the archive has it page-aligned: the
 * module's frames become the file's.  A module is reserved memory; it is cut into
 *
 *   | header, name | data of A, zeros to the page's end | header, name | data of B ...
 *   |   released   |            adopted by A            |   released   |
 *
 * A last page is adopted only if all behind the data is zero up to its end (it is
 * seen by mmap); else the file is copied.  Frames that nobody adopted go back to the
 * allocator, so a name must have been read before its frames are released: that
 * is done when the whole module is through.
 */
#include <fs/initramfs.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <fs/device_file.h>
#include <fs/internal.h>
#include <lib/cpio.h>
#include <lib/string.h>
#include <mm/kmap.h>

#define MODULES_MAX 16
#define NAME_SLACK 8 /* path walks read names by words */

static struct region {
	u64 start, end;
} modules[MODULES_MAX];
static unsigned module_count;

/* A file with more names to come: where the next one links to. */
struct hard_link {
	struct list link;
	u32 ino, major, minor;
	struct inode *inode; /* referenced */
};

struct unpacker {
	const struct region *module; /* NULL: the bytes are not to be adopted */
	struct list hard_links;
	char *path;        /* "/" name, with slack */
	u64 files, adopted, copied;
};

void initramfs_add(u64 start, u64 end)
{
	if (module_count == MODULES_MAX)
		panic("initramfs: more than %d modules", MODULES_MAX);
	modules[module_count++] = (struct region){ start, end };
}

/* ---- names ---- */

/* Writes "/name" to u->path without "./", doubled slashes and the like in front; false: nothing to make. */
static bool set_path(struct unpacker *u, const struct cpio_entry *e)
{
	const char *n = e->name;

	while (*n == '/' || (n[0] == '.' && (n[1] == '/' || !n[1])))
		n++;
	size_t length = strlen(n);
	if (!length || length + 2 > PATH_LENGTH_MAX)
		return false;
	u->path[0] = '/';
	memcpy(u->path + 1, n, length + 1);
	memset(u->path + length + 2, 0, NAME_SLACK);
	return true;
}

/* Directory locked for writing, *d the (maybe negative) name in it, referenced. */
static int name_begin(struct unpacker *u, struct parent_path *p, struct dentry **d)
{
	int err = path_lookup_parent(AT_FDCWD, u->path, 0, p);

	if (err)
		return err;
	if (p->type != LAST_NAME) {
		parent_path_end(p);
		return -EEXIST;
	}
	rwsem_write_lock(&p->path.dentry->inode->lock);
	err = dir_lookup(p->path.dentry, p->last, p->length, d);
	if (err) {
		rwsem_write_unlock(&p->path.dentry->inode->lock);
		parent_path_end(p);
	}
	return err;
}

static void name_end_locked(struct parent_path *p, struct dentry *d)
{
	rwsem_write_unlock(&p->path.dentry->inode->lock);
	dentry_put(d);
	parent_path_end(p);
}

/* ---- making ---- */

static int make_node(struct inode *dir, struct dentry *d, const struct cpio_entry *e, struct inode *link_to)
{
	const struct inode_ops *ops = dir->ops;
	u32 mode = e->mode & 07777;
	char *target;

	if (link_to)
		return ops->link(dir, d, link_to);
	switch (e->mode & S_IFMT) {
	case S_IFREG: return ops->create(dir, d, S_IFREG | mode);
	case S_IFDIR: return ops->mkdir(dir, d, S_IFDIR | mode);
	case S_IFLNK: {
		target = kmalloc(e->size + 1, 0);
		if (!target)
			return -ENOMEM;
		memcpy(target, e->data, e->size);
		target[e->size] = 0;
		int err = ops->symlink(dir, d, target);
		kfree(target);
		return err;
	}
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK: return ops->mknod(dir, d, e->mode, DEVNO(e->rdev_major, e->rdev_minor));
	default: return -EINVAL;
	}
}

/* Makes way for the entry: an older module's file of the same name goes, a directory stays for a directory. */
static int replace_old(struct inode *dir, struct dentry *d, const struct cpio_entry *e, bool *keep)
{
	*keep = false;
	if (!d->inode)
		return 0;
	if (S_ISDIR(d->inode->mode)) {
		*keep = S_ISDIR(e->mode);
		return *keep ? 0 : -EISDIR;
	}
	int err = dir->ops->unlink(dir, d);
	if (!err)
		dentry_unpin(d);
	return err;
}

static void set_attributes(struct inode *i, const struct cpio_entry *e)
{
	spin_lock(&i->attr_lock);
	if (!S_ISLNK(i->mode))
		i->mode = (i->mode & S_IFMT) | (e->mode & 07777);
	i->uid = e->uid;
	i->gid = e->gid;
	i->mtime = i->ctime = i->atime = (struct timestamp){ .sec = e->mtime };
	spin_unlock(&i->attr_lock);
}

/* The inode for the entry, referenced. */
static int make_entry(struct unpacker *u, const struct cpio_entry *e, struct inode *link_to, struct inode **out)
{
	struct parent_path p;
	struct dentry *d;
	struct path there;
	bool keep;

	/* A directory that is there already, maybe by a link (/lib -> usr/lib), takes the entry's place. */
	if (S_ISDIR(e->mode) && !path_lookup(AT_FDCWD, u->path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &there)) {
		*out = there.dentry->inode;
		inode_get(*out);
		path_put(&there);
		return 0;
	}
	int err = name_begin(u, &p, &d);

	if (err)
		return err;
	struct inode *dir = p.path.dentry->inode;
	err = replace_old(dir, d, e, &keep);
	if (!err && d->inode && !keep) {
		/* The old name is unhashed: take a fresh one. */
		dentry_put(d);
		err = dir_lookup(p.path.dentry, p.last, p.length, &d);
		if (err) {
			rwsem_write_unlock(&dir->lock);
			parent_path_end(&p);
			return err;
		}
	}
	if (!err && !keep)
		err = make_node(dir, d, e, link_to);
	if (!err) {
		inode_get(d->inode);
		*out = d->inode;
	}
	name_end_locked(&p, d);
	return err;
}

/* ---- contents ---- */

/* Can the data's frames be the file's? */
static bool adoptable(const struct unpacker *u, const struct cpio_entry *e)
{
	if (!u->module)
		return false;
	u64 start = virt_to_phys(e->data).raw, end = ALIGN_UP(start + e->size, PAGE_SIZE);

	return IS_ALIGNED(start, PAGE_SIZE) && end <= u->module->end &&
	       !memchr_inv(e->data + e->size, 0, end - start - e->size);
}

static int adopt(struct unpacker *u, struct inode *i, const struct cpio_entry *e)
{
	u64 start = virt_to_phys(e->data).raw, end = ALIGN_UP(start + e->size, PAGE_SIZE);
	int err = 0;

	frames_adopt(start, end);
	for (u64 at = start; at < end; at += PAGE_SIZE) {
		struct frame *f = paddr_frame(PADDR(at));
		if (!err)
			err = page_cache_adopt(i->cache, (at - start) / PAGE_SIZE, f);
		if (err)
			frame_put(f);
	}
	if (err)
		return err;
	WRITE_ONCE(i->size, e->size);
	u->adopted += end - start;
	return 0;
}

static int copy(struct unpacker *u, const struct cpio_entry *e)
{
	struct file *f = NULL;
	int err = vfs_open(AT_FDCWD, u->path, O_WRONLY | O_LARGEFILE, 0, &f);

	for (u64 done = 0; !err && done < e->size;) {
		ssize_t n = file_write_kernel(f, e->data + done, e->size - done, done);
		if (n <= 0)
			err = n ? (int)n : -EIO;
		else
			done += (u64)n;
	}
	u->copied += e->size;
	if (f)
		file_put(f);
	return err;
}

/* Frames of the module that are a file's now. */
struct adopted_range {
	u64 start, end;
};

static int fill(struct unpacker *u, struct inode *i, const struct cpio_entry *e, bool *was_adopted)
{
	*was_adopted = false;
	if (!e->size)
		return 0;
	if (i->cache && i->size == 0 && adoptable(u, e)) {
		*was_adopted = true;
		return adopt(u, i, e);
	}
	return copy(u, e);
}

/* ---- hard links ---- */

static struct inode *linked_inode(struct unpacker *u, const struct cpio_entry *e)
{
	struct hard_link *h;

	if (e->nlink < 2 || S_ISDIR(e->mode))
		return NULL;
	list_for_each(h, &u->hard_links, link)
		if (h->ino == e->ino && h->major == e->dev_major && h->minor == e->dev_minor)
			return h->inode;
	return NULL;
}

static int remember_link(struct unpacker *u, const struct cpio_entry *e, struct inode *i)
{
	if (e->nlink < 2 || S_ISDIR(e->mode))
		return 0;
	struct hard_link *h = kmalloc(sizeof *h, 0);
	if (!h)
		return -ENOMEM;
	*h = (struct hard_link){ .ino = e->ino, .major = e->dev_major, .minor = e->dev_minor, .inode = i };
	inode_get(i);
	list_push_back(&u->hard_links, &h->link);
	return 0;
}

static void forget_links(struct unpacker *u)
{
	struct hard_link *h, *tmp;
	list_for_each_safe(h, tmp, &u->hard_links, link) {
		inode_put(h->inode);
		list_remove(&h->link);
		kfree(h);
	}
}

/* ---- a module ---- */

static int unpack_entry(struct unpacker *u, const struct cpio_entry *e, bool *adopted)
{
	struct inode *i, *link_to = linked_inode(u, e);

	*adopted = false;
	if (!set_path(u, e))
		return 0;
	int err = make_entry(u, e, link_to, &i);
	if (err)
		return err;
	if (S_ISREG(e->mode))
		err = fill(u, i, e, adopted);
	if (!err && !link_to)
		err = remember_link(u, e, i);
	set_attributes(i, e);
	inode_put(i);
	u->files++;
	return err;
}

/* First pass: make everything and note what was adopted.  Second: release the frames between. */
static void release_rest(const struct region *m, const struct adopted_range *taken, size_t n)
{
	u64 from = m->start;

	for (size_t i = 0; i < n; i++) {
		if (taken[i].start > from)
			frames_release(from, taken[i].start);
		from = taken[i].end;
	}
	if (m->end > from)
		frames_release(from, ALIGN_UP(m->end, PAGE_SIZE));
}

/* Directories' times last: making their contents has changed them. */
static void fix_directories(struct unpacker *u, const void *bytes, size_t length)
{
	struct cpio_iter it;
	struct cpio_entry e;
	struct path p;

	cpio_init(&it, bytes, length);
	while (cpio_next(&it, &e) == CPIO_ENTRY) {
		if (!S_ISDIR(e.mode) || !set_path(u, &e) || path_lookup(AT_FDCWD, u->path, 0, &p))
			continue;
		if (S_ISDIR(p.dentry->inode->mode))
			set_attributes(p.dentry->inode, &e);
		path_put(&p);
	}
}

static size_t count_entries(const struct region *m)
{
	struct cpio_iter it;
	struct cpio_entry e;
	size_t n = 0;

	cpio_init(&it, phys_to_virt(PADDR(m->start)), m->end - m->start);
	while (cpio_next(&it, &e) == CPIO_ENTRY)
		n++;
	return n;
}

/* Makes all entries; those adopted are noted in `taken`. An enum cpio_result: CPIO_END is good; *at: where it stopped. */
static int unpack_archive(struct unpacker *u, const void *bytes, size_t length, struct adopted_range *taken,
			  size_t *taken_count, size_t *at)
{
	struct cpio_iter it;
	struct cpio_entry e;
	bool adopted;
	int result;

	cpio_init(&it, bytes, length);
	while ((result = cpio_next(&it, &e)) == CPIO_ENTRY) {
		int err = unpack_entry(u, &e, &adopted);
		if (err == -ENOMEM || err == -ENOSPC)
			panic("initramfs: no memory left at %s", e.name);
		if (err)
			log_err("initramfs: %s cannot be made (error %d)", e.name, -err);
		if (adopted) {
			u64 start = virt_to_phys(e.data).raw;
			taken[(*taken_count)++] = (struct adopted_range){ start, ALIGN_UP(start + e.size, PAGE_SIZE) };
		}
	}
	*at = it.pos;
	forget_links(u);
	fix_directories(u, bytes, length);
	return result;
}

static void unpacker_init(struct unpacker *u, const struct region *module)
{
	*u = (struct unpacker){ .module = module };
	list_init(&u->hard_links);
	u->path = kmalloc(PATH_LENGTH_MAX + 2 * NAME_SLACK, 0);
	if (!u->path)
		panic("initramfs: no memory to unpack archives");
}

int initramfs_unpack_bytes(const void *bytes, size_t length)
{
	struct unpacker u;
	size_t none = 0, at;

	unpacker_init(&u, NULL);
	int result = unpack_archive(&u, bytes, length, NULL, &none, &at);
	kfree(u.path);
	return result == CPIO_END ? 0 : result;
}

static void unpack_module(const struct region *m)
{
	const u8 *bytes = phys_to_virt(PADDR(m->start));
	struct unpacker u;
	size_t taken_count = 0, at;

	if (m->end - m->start >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
		panic("initramfs: the module at %#lx is gzipped: the boot loader has to unpack it",
		      (unsigned long)m->start);
	unpacker_init(&u, m);
	struct adopted_range *taken = kvmalloc(max(count_entries(m), 1UL) * sizeof *taken);
	if (!taken)
		panic("initramfs: no memory to unpack the module at %#lx", (unsigned long)m->start);
	int result = unpack_archive(&u, bytes, m->end - m->start, taken, &taken_count, &at);
	if (result != CPIO_END)
		panic("initramfs: damaged archive: %s at byte %lu of the module at %#lx (%lu entries were read)",
		      cpio_strerror(result), (unsigned long)at, (unsigned long)m->start, (unsigned long)u.files);
	release_rest(m, taken, taken_count);
	log_info("initramfs: %lu files, %lu KiB in place, %lu KiB copied", (unsigned long)u.files,
		 (unsigned long)u.adopted / 1024, (unsigned long)u.copied / 1024);
	kfree(u.path);
	kvfree(taken);
}

void initramfs_unpack(void)
{
	for (unsigned i = 0; i < module_count; i++)
		unpack_module(&modules[i]);
}

/*
 * The root may take what its contents take and half of the memory that is left, as a tmpfs
 * by default: a full root must leave room to run the programs that empty it.
 */
static void limit_root(struct super *s)
{
	char limits[64];
	struct mem_stats m;

	mem_stats_read(&m);
	u64 pages = m.shmem + m.free / 2;
	scnprintf(limits, sizeof limits, "size=%luk,nr_inodes=%lu", (unsigned long)(pages * (PAGE_SIZE / 1024)),
		  (unsigned long)m.total / 2);
	if (s->ops->remount(s, 0, limits))
		log_warn("initramfs: more files than %lu: the root is not limited", (unsigned long)m.total / 2);
}

/* The root: a tmpfs with the modules' contents, and the devices on its /dev. */
int vfs_mount_root(void)
{
	struct fs_type *type = fs_type_find("tmpfs");
	struct super *s;
	struct path dev;

	VERIFY(type);
	int err = type->get_super(type, "tmpfs", 0, "size=0,nr_inodes=0,mode=755", &s);
	if (!err)
		err = mount_root_super(s);
	if (err)
		return err;
	initramfs_unpack();
	limit_root(s);
	if (!path_lookup(AT_FDCWD, "/dev", LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &dev)) {
		err = vfs_mount("devtmpfs", &dev, "devtmpfs", MS_NOSUID, NULL);
		path_put(&dev);
	}
	return err;
}
