/* SPDX-License-Identifier: MIT */
/* Archives made on the spot, unpacked over the root. */
#include <debug/selftest.h>
#include <fs/initramfs.h>
#include <fs/internal.h>
#include <lib/cpio.h>

struct archive {
	char *bytes;
	size_t size;
};

static void add(struct archive *a, const char *name, u32 mode, u32 ino, u32 nlink, const char *data, size_t n)
{
	a->size += (size_t)snprintf(a->bytes + a->size, 111, "070701%08x%08x%08x%08x%08x%08x%08lx%08x%08x%08x%08x%08lx%08x", ino,
				    mode, 0, 0, nlink, 1000000000, n, 0, 0, 0, 0, strlen(name) + 1, 0);
	memcpy(a->bytes + a->size, name, strlen(name) + 1);
	a->size = ALIGN_UP(a->size + strlen(name) + 1, 4);
	memcpy(a->bytes + a->size, data, n);
	a->size = ALIGN_UP(a->size + n, 4);
}

static bool file_says(const char *path, const char *text)
{
	char buf[64];
	struct file *f;

	if (vfs_open(AT_FDCWD, path, O_RDONLY, 0, &f))
		return false;
	ssize_t n = file_read_kernel(f, buf, sizeof buf, 0);
	file_put(f);
	return n == (ssize_t)strlen(text) && !memcmp(buf, text, (size_t)n);
}

SELFTEST(fs_cpio_unpack)
{
	struct frame *block = frame_alloc(2, ALLOC_ZERO);
	struct archive a = { frame_virt(block), 0 };
	struct path p;

	CHECK(block);
	add(&a, "cpio-test", S_IFDIR | 0750, 1, 2, "", 0);
	add(&a, "./cpio-test/a", S_IFREG | 04755, 2, 1, "first", 5);
	add(&a, "/cpio-test/link", S_IFLNK | 0777, 3, 1, "a", 1);
	add(&a, "cpio-test/h1", S_IFREG | 0644, 4, 2, "", 0);
	add(&a, "cpio-test/h2", S_IFREG | 0644, 4, 2, "shared", 6);
	add(&a, "cpio-test/a", S_IFREG | 0600, 5, 1, "second", 6);
	add(&a, "TRAILER!!!", 0, 0, 1, "", 0);
	CHECK(initramfs_unpack_bytes(a.bytes, a.size) == 0);
	CHECK(file_says("/cpio-test/a", "second") && file_says("/cpio-test/link", "second"));
	CHECK(file_says("/cpio-test/h1", "shared") && file_says("/cpio-test/h2", "shared"));
	CHECK(!path_lookup(AT_FDCWD, "/cpio-test/h1", 0, &p) && p.dentry->inode->nlink == 2);
	path_put(&p);
	CHECK(!path_lookup(AT_FDCWD, "/cpio-test", 0, &p) && p.dentry->inode->mode == (S_IFDIR | 0750) &&
	      p.dentry->inode->mtime.sec == 1000000000);
	path_put(&p);
	frame_put(block);
}

SELFTEST(fs_cpio_damaged)
{
	struct frame *block = frame_alloc(1, ALLOC_ZERO);
	struct archive a = { frame_virt(block), 0 };

	CHECK(block);
	add(&a, "cpio-bad", S_IFREG | 0644, 1, 1, "data", 4);
	size_t second = a.size;
	add(&a, "cpio-bad2", S_IFREG | 0644, 2, 1, "data", 4);
	CHECK(initramfs_unpack_bytes(a.bytes, a.size - 3) == CPIO_TRUNCATED);
	a.bytes[second] = '9';
	CHECK(initramfs_unpack_bytes(a.bytes, a.size) == CPIO_BAD_MAGIC);
	a.bytes[second] = '0';
	a.bytes[second + 20] = 'g';
	CHECK(initramfs_unpack_bytes(a.bytes, a.size) == CPIO_BAD_DIGIT);
	frame_put(block);
}
