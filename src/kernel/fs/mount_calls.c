/* SPDX-License-Identifier: MIT */
/* mount(2) and umount2(2). */
#include <fs/internal.h>
#include <syscall/handlers.h>

#define MS_PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

/* A string argument, NULL when the pointer is. */
static int get_string(uptr_t p, char **out, size_t max)
{
	*out = NULL;
	if (uptr_null(p))
		return 0;
	char *s = kmalloc(max, 0);
	if (!s)
		return -ENOMEM;
	ssize_t n = strncpy_from_user(s, p, max);
	if (n < 0) {
		kfree(s);
		return n == -ENAMETOOLONG ? -EINVAL : (int)n;
	}
	*out = s;
	return 0;
}

/* Options: up to a page, cut there; a fault after the first byte ends them. */
static int get_data(uptr_t p, char **out)
{
	*out = NULL;
	if (uptr_null(p))
		return 0;
	char *s = kmalloc(PAGE_SIZE, ALLOC_ZERO);
	if (!s)
		return -ENOMEM;
	if (usercopy_in(s, p, PAGE_SIZE - 1) == PAGE_SIZE - 1) {
		kfree(s);
		return -EFAULT;
	}
	*out = s;
	return 0;
}

static int lookup_source(const char *source, struct path *p)
{
	if (!source || !*source)
		return source ? -ENOENT : -EINVAL;
	return path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, p);
}

static int do_bind_or_move(const char *source, const struct path *at, u64 flags)
{
	struct path from;
	int err = lookup_source(source, &from);

	if (err)
		return err;
	err = flags & MS_MOVE ? mount_move(&from, at) : mount_bind(&from, at, flags & MS_REC);
	path_put(&from);
	return err;
}

static int do_mount(const char *source, const struct path *at, const char *type, u64 flags, const char *data)
{
	if (flags & MS_REMOUNT)
		return mount_remount(at, (unsigned)flags, data, flags & MS_BIND);
	if (flags & (MS_BIND | MS_MOVE))
		return do_bind_or_move(source, at, flags);
	if (flags & MS_PROPAGATION)
		return (flags & MS_PROPAGATION) == MS_PRIVATE ? 0 : -EINVAL; /* all mounts are private */
	if (!type)
		return -EINVAL;
	return vfs_mount(source, at, type, (unsigned)flags, data);
}

s64 sys_mount(uptr_t usource, uptr_t utarget, uptr_t utype, ulong flags, uptr_t udata)
{
	char *source KFREE_GUARD = NULL, *type KFREE_GUARD = NULL, *data KFREE_GUARD = NULL;
	struct path at;
	int err;

	if ((err = get_string(utype, &type, PAGE_SIZE)) || (err = get_string(usource, &source, PATH_LENGTH_MAX)) ||
	    (err = get_data(udata, &data)))
		return err;
	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(u64)MS_MGC_MSK;
	if ((err = path_lookup_user(AT_FDCWD, utarget, LOOKUP_FOLLOW, &at)))
		return err;
	err = capable(CAP_SYS_ADMIN) ? do_mount(source, &at, type, flags, data) : -EPERM;
	path_put(&at);
	return err;
}

s64 sys_umount2(uptr_t utarget, int flags)
{
	struct path at;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	int err = path_lookup_user(AT_FDCWD, utarget, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &at);
	if (err)
		return err;
	if (!capable(CAP_SYS_ADMIN))
		err = -EPERM;
	else if (flags & MNT_EXPIRE)
		err = flags & (MNT_FORCE | MNT_DETACH) ? -EINVAL : -EAGAIN;
	else
		err = vfs_umount(&at, (unsigned)flags);
	path_put(&at);
	return err;
}
