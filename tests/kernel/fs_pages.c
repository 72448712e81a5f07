/* SPDX-License-Identifier: MIT */
/* The page cache and files of tmpfs: what is written is read, holes are zeros, frames come and go. */
#include <debug/selftest.h>
#include <fs/internal.h>

static const struct page_cache_ops memory_ops;

SELFTEST(fs_page_cache_adopt_and_truncate)
{
	static struct page_cache c;
	struct frame *f, *held;
	u64 free = frames_free();

	page_cache_init(&c, NULL, &memory_ops);
	for (u64 i = 0; i < 200; i++) {
		CHECK((f = frame_alloc(0, ALLOC_ZERO)));
		*(u64 *)frame_virt(f) = i;
		CHECK(!page_cache_adopt(&c, i * 3, f));
	}
	CHECK((f = frame_alloc(0, 0)));
	CHECK(page_cache_adopt(&c, 3, f) == -EEXIST);
	frame_put(f);
	CHECK(c.count == 200);
	CHECK((held = page_cache_peek(&c, 30)) && *(u64 *)frame_virt(held) == 10);
	CHECK(!page_cache_peek(&c, 31));
	rwsem_write_lock(&c.invalidate_lock);
	page_cache_truncate(&c, 10, 99);
	rwsem_write_unlock(&c.invalidate_lock);
	CHECK(c.count == 200 - 30);
	CHECK(*(u64 *)frame_virt(held) == 10 && held->refs == 1 && !(held->flags & FRAME_CACHE));
	frame_put(held);
	CHECK(!page_cache_peek(&c, 99) && (f = page_cache_peek(&c, 102)));
	frame_put(f);
	CHECK(!page_cache_get(&c, 5000, 0, &f) && !f);
	CHECK(!page_cache_get(&c, 5000, CACHE_CREATE, &f) && f && f->refs == 2);
	CHECK(!memchr_inv(frame_virt(f), 0, PAGE_SIZE));
	frame_put(f);
	page_cache_destroy(&c);
	CHECK(c.count == 0);
	CHECK(free - min(free, frames_free()) < 64); /* but for the slabs' own */
}

static struct file *open_scratch(void)
{
	struct file *f;

	return vfs_open(AT_FDCWD, "/", O_RDWR | O_TMPFILE, 0600, &f) ? NULL : f;
}

SELFTEST(fs_tmpfs_holes_and_sizes)
{
	static char page[PAGE_SIZE], back[3 * PAGE_SIZE];
	struct file *f = open_scratch();

	CHECK(f);
	memset(page, 'x', sizeof page);
	CHECK(file_write_kernel(f, page, 10, 5 * PAGE_SIZE - 5) == 10); /* over a page's end */
	CHECK(f->inode->size == 5 * PAGE_SIZE + 5 && f->inode->blocks == 16);
	CHECK(file_read_kernel(f, back, sizeof back, 4 * PAGE_SIZE) == PAGE_SIZE + 5);
	CHECK(!memchr_inv(back, 0, PAGE_SIZE - 5) && !memchr_inv(back + PAGE_SIZE - 5, 'x', 10));
	CHECK(page_cache_llseek(f, 0, SEEK_DATA) == 4 * PAGE_SIZE);
	CHECK(page_cache_llseek(f, 4 * PAGE_SIZE + 1, SEEK_HOLE) == 5 * PAGE_SIZE + 5);
	CHECK(page_cache_llseek(f, 1, SEEK_HOLE) == 1);
	/* Cut in the middle of a page, grow again: what was there is zeros. */
	CHECK(!inode_truncate(&f->path, f, 4 * PAGE_SIZE + 4093));
	CHECK(!inode_truncate(&f->path, f, 6 * PAGE_SIZE));
	CHECK(file_read_kernel(f, back, sizeof back, 4 * PAGE_SIZE) == 2 * PAGE_SIZE);
	CHECK(back[4092] == 'x' && !memchr_inv(back + 4093, 0, 2 * PAGE_SIZE - 4093));
	CHECK(f->inode->blocks == 8);
	rwsem_write_lock(&f->inode->lock);
	CHECK(!page_cache_punch(f->inode->cache, 4 * PAGE_SIZE, 5 * PAGE_SIZE));
	rwsem_write_unlock(&f->inode->lock);
	CHECK(f->inode->blocks == 0 && f->inode->size == 6 * PAGE_SIZE);
	CHECK(page_cache_llseek(f, 0, SEEK_DATA) == -ENXIO);
	file_put(f);
}

SELFTEST(fs_tmpfs_gives_pages_back)
{
	static char page[PAGE_SIZE];
	u64 free = frames_free();
	struct file *f = open_scratch();

	CHECK(f);
	for (u64 i = 0; i < 1000; i++) {
		*(u64 *)page = i;
		CHECK(file_write_kernel(f, page, PAGE_SIZE, i * PAGE_SIZE) == (ssize_t)PAGE_SIZE);
	}
	CHECK(free - frames_free() >= 1000 - 64);
	for (u64 i = 0; i < 1000; i += 37)
		CHECK(file_read_kernel(f, page, 8, i * PAGE_SIZE) == 8 && *(u64 *)page == i);
	file_put(f);
	CHECK(free - min(free, frames_free()) < 128);
}

SELFTEST(fs_tmpfs_limit)
{
	static char page[PAGE_SIZE];
	struct fs_type *t = fs_type_find("tmpfs");
	struct super *s;
	struct inode *i;
	struct kstatfs st;

	CHECK(t && !t->get_super(t, "limited", 0, "size=16k,nr_inodes=2", &s));
	struct dentry *d = dentry_alloc(s->root, "f", 1);
	CHECK(d && !s->root->inode->ops->create(s->root->inode, d, S_IFREG | 0600));
	CHECK(s->root->inode->ops->tmpfile(s->root->inode, &i, S_IFREG) == -ENOSPC);
	struct mount *m = mount_new_internal(s);
	CHECK(m);
	struct path p = { m, d };
	struct file *f;
	CHECK(!vfs_open_path(&p, O_WRONLY, &f));
	for (u64 n = 0; n < 4; n++)
		CHECK(file_write_kernel(f, page, PAGE_SIZE, n * PAGE_SIZE) == (ssize_t)PAGE_SIZE);
	CHECK(file_write_kernel(f, page, PAGE_SIZE, 4 * PAGE_SIZE) == -ENOSPC);
	CHECK(!s->ops->statfs(s, &st) && st.blocks == 4 && st.bfree == 0 && st.ffree == 0);
	CHECK(t->get_super(t, "bad", 0, "size=x", &s) == -EINVAL);
	CHECK(t->get_super(t, "bad", 0, "color=red", &s) == -EINVAL);
	struct super *mine = m->super;
	file_put(f);
	dentry_put(d);
	mount_put(m);
	super_put(mine);
}
