/* SPDX-License-Identifier: MIT */
/*
 * Sockets as files, and the families.
 *
 * A socket's file has an inode of its own in the anonymous file system, "socket:[N]".  The file holds one
 * reference to the socket; its release is the family's `release`, which gives that up.
 *
 * read and write are receive and send without address, flags and control messages; what comes with them is dropped.
 */
#include <fs/poll.h>
#include <lib/format.h>
#include <net/rights.h>
#include <net/socket.h>
#include <linux/errno.h>
#include <linux/stat.h>
#include <time/clock.h>

#include "internal.h"

static const struct socket_family *families[AF_MAX];

u64 socket_default_limit = 212992, socket_send_max = 212992, socket_receive_max = 212992, socket_backlog_max = 4096;

void socket_family_register(const struct socket_family *f)
{
	ASSERT(f->family < AF_MAX && !families[f->family]);
	families[f->family] = f;
}

const struct socket_family *socket_family_find(int family)
{
	return (u32)family < AF_MAX ? families[family] : NULL;
}

void socket_init(struct socket *s, u16 family, u16 type, u16 protocol, const struct socket_ops *ops)
{
	*s = (struct socket){
		.family = family, .type = type, .protocol = protocol, .ops = ops,
		.send_limit = (u32)socket_default_limit, .receive_limit = (u32)socket_default_limit,
		.low_water = 1, .peek_offset = -1,
	};
	ref_init(&s->refs, 1);
}

u64 socket_deadline(u64 timeout_ns)
{
	return timeout_ns ? clock_monotonic_ns() + timeout_ns : 0;
}

int socket_wait_error(int err, u64 timeout_ns)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return err == -ERESTARTSYS && timeout_ns ? -EINTR : err;
}

/* --- The file ---------------------------------------------------------------------------------- */

static ssize_t socket_read(struct file *f, struct uio *u, u64 *pos)
{
	struct socket *s = f->priv;
	struct transfer t;

	if (unlikely(!u->left))
		return 0;
	t.data = u;
	t.flags = 0;
	t.nowait = f->flags & O_NONBLOCK || u->nowait;
	t.from = NULL;
	t.rights = NULL;
	ssize_t n = s->ops->receive(s, &t);
	if (unlikely(t.rights))
		rights_drop(t.rights);
	return n;
}

static ssize_t socket_write(struct file *f, struct uio *u, u64 *pos)
{
	struct socket *s = f->priv;
	struct transfer t;

	t.data = u;
	t.flags = 0;
	t.nowait = f->flags & O_NONBLOCK || u->nowait;
	t.to = NULL;
	t.rights = NULL;
	t.explicit_sender = false;
	return s->ops->send(s, &t);
}

static unsigned socket_poll(struct file *f, struct poll_table *pt)
{
	struct socket *s = f->priv;

	return s->ops->poll(s, f, pt);
}

static s64 socket_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	struct socket *s = f->priv;

	return s->ops->ioctl(s, cmd, arg);
}

static void socket_release(struct file *f)
{
	struct socket *s = f->priv;

	s->ops->release(s);
}

const struct file_ops socket_file_ops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.release = socket_release,
	.stream = true,
};

int socket_file_new(struct socket *s, int flags, struct file **out)
{
	char name[32];
	struct inode *i = anon_inode_new(S_IFSOCK | 0777);
	int err = -ENOMEM;

	if (i) {
		inode_init_special(i, S_IFSOCK | 0777, 0);
		scnprintf(name, sizeof name, "socket:[%lu]", i->ino);
		err = file_open_anon_inode(name, i, &socket_file_ops, s, O_RDWR | (flags & SOCK_NONBLOCK), out);
		inode_put(i);
	}
	if (unlikely(err)) {
		s->ops->release(s);
		return err;
	}
	atomic_store(&s->file, *out);
	return 0;
}

/* --- /proc/sys/net/core ------------------------------------------------------------------------- */

static const struct procfs_number numbers[] = {
	{ &socket_default_limit, 4608, 1 << 30 },
	{ &socket_send_max, 4608, 1 << 30 },
	{ &socket_receive_max, 2304, 1 << 30 },
	{ &socket_backlog_max, 0, 65535 },
};

void net_init(void)
{
	procfs_add_number("sys/net/core/wmem_default", 0644, &numbers[0]);
	procfs_add_number("sys/net/core/wmem_max", 0644, &numbers[1]);
	procfs_add_number("sys/net/core/rmem_max", 0644, &numbers[2]);
	procfs_add_number("sys/net/core/somaxconn", 0644, &numbers[3]);
	local_init();
}
