/* SPDX-License-Identifier: MIT */
/* null, zero and full. */
#include <debug/log.h>
#include <drivers/char/char.h>
#include <fs/device_file.h>
#include <fs/uio.h>
#include <linux/major.h>

static ssize_t null_read(struct file *f, struct uio *u, u64 *pos)
{
	return 0;
}

static ssize_t null_write(struct file *f, struct uio *u, u64 *pos)
{
	return u->left;
}

static ssize_t zero_read(struct file *f, struct uio *u, u64 *pos)
{
	size_t n = u->left, done = uio_put_zero(u, n);

	return done || !n ? (ssize_t)done : -EFAULT;
}

static ssize_t full_write(struct file *f, struct uio *u, u64 *pos)
{
	return -ENOSPC;
}

/* Any position will do: nothing depends on it. */
static s64 null_llseek(struct file *f, s64 off, int whence)
{
	return f->pos = 0;
}

static int zero_mmap(struct file *f, struct mmap_request *r)
{
	r->zero = true;
	return 0;
}

static const struct file_ops null_ops = {
	.read = null_read, .write = null_write, .llseek = null_llseek, .stream = true,
};
static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .llseek = null_llseek, .mmap = zero_mmap, .stream = true,
};
static const struct file_ops full_ops = {
	.read = zero_read, .write = full_write, .llseek = null_llseek, .stream = true,
};

void char_devices_init(void)
{
	int err = chardev_register(DEVNO(MEM_MAJOR, 3), "null", 0666, 0, &null_ops, NULL);

	if (!err)
		err = chardev_register(DEVNO(MEM_MAJOR, 5), "zero", 0666, 0, &zero_ops, NULL);
	if (!err)
		err = chardev_register(DEVNO(MEM_MAJOR, 7), "full", 0666, 0, &full_ops, NULL);
	if (err)
		log_err("mem: devices cannot be registered (error %d)", -err);
	random_devices_init();
	kmsg_init();
}
