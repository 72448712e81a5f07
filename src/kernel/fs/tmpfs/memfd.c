/* SPDX-License-Identifier: MIT */
/* memfd_create(2): files of a tmpfs that is mounted nowhere, with seals. */
#include "internal.h"

#include <linux/memfd.h>
#include <syscall/handlers.h>

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define MEMFD_PREFIX "memfd:"
#define MEMFD_NAME_MAX (NAME_LENGTH_MAX - (sizeof MEMFD_PREFIX - 1))

static struct super *memfd_super;
static struct mount *memfd_mount;

s64 memfd_add_seals(struct file *f, unsigned seals)
{
	struct inode *i = f->inode;

	if (i->fops != &tmpfs_file_ops)
		return -EINVAL;
	if (!(f->mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(unsigned)ALL_SEALS)
		return -EINVAL;
	struct tmpfs_node *n = tmpfs_node_of(i);
	rwsem_write_lock(&i->lock);
	s64 r = 0;
	if (n->seals & F_SEAL_SEAL)
		r = -EPERM;
	else if (seals & F_SEAL_WRITE && !(n->seals & F_SEAL_WRITE) && READ_ONCE(i->cache->writable_mappings))
		r = -EBUSY;
	else
		WRITE_ONCE(n->seals, n->seals | seals);
	rwsem_write_unlock(&i->lock);
	return r;
}

s64 memfd_get_seals(struct file *f)
{
	if (f->inode->fops != &tmpfs_file_ops)
		return -EINVAL;
	return READ_ONCE(tmpfs_node_of(f->inode)->seals);
}

static int memfd_open(const char *name, unsigned flags, struct file **out)
{
	struct open_request r = { .flags = O_RDWR | O_LARGEFILE };
	struct inode *i;
	int err = tmpfs_inode_new(memfd_super, NULL, S_IFREG | 0777, 0, &i);

	if (err)
		return err;
	i->nlink = 0;
	tmpfs_node_of(i)->seals = flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
	struct path p = { memfd_mount, dentry_make_root_named(i, name) };
	if (!p.dentry) {
		inode_put(i);
		return -ENOMEM;
	}
	mount_get(p.mount);
	return file_new(&p, &r, true, out);
}

s64 sys_memfd_create(uptr_t uname, uint flags)
{
	char name[NAME_LENGTH_MAX + 1] = "/" MEMFD_PREFIX;
	struct file *f;

	if (flags & ~(uint)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	ssize_t n = strncpy_from_user(name + sizeof MEMFD_PREFIX, uname, MEMFD_NAME_MAX - 1);
	if (n < 0)
		return n == -ENAMETOOLONG ? -EINVAL : n;
	int err = memfd_open(name, flags, &f);
	return err ? err : fd_install_new(f, flags & MFD_CLOEXEC);
}

void memfd_init(void)
{
	VERIFY(!tmpfs_get_super(&tmpfs_type, "tmpfs", SB_ANON, "size=0,nr_inodes=0", &memfd_super));
	VERIFY((memfd_mount = mount_new_internal(memfd_super)));
}
