/* SPDX-License-Identifier: MIT */
/*
 * Control messages: SCM_RIGHTS (open files) and SCM_CREDENTIALS.
 *
 * Dropping rights can be the last use of a socket with more rights in its queue, and so on: as deep as
 * somebody cared to nest them.  So it is a loop: while a task drops rights, those that this uncovers are put on a list of the
 * task's (task->rights_dropped), which the outermost call works off.
 */
#include <linux/errno.h>
#include <proc/process.h>
#include <proc/user.h>

#include "internal.h"

/* --- The files ---------------------------------------------------------------------------------- */

void rights_drop(struct rights *r)
{
	struct list todo, *pending = current->rights_dropped;

	if (pending) {
		list_push_back(pending, &r->link);
		return;
	}
	list_init(&todo);
	list_push_back(&todo, &r->link);
	current->rights_dropped = &todo;
	while (!list_empty(&todo)) {
		r = list_first(&todo, struct rights, link);
		list_remove(&r->link);
		if (r->counted)
			local_rights_landed(r);
		for (u32 i = 0; i < r->count; i++)
			file_put(r->files[i]);
		if (r->user)
			user_put(r->user);
		kfree(r);
	}
	current->rights_dropped = NULL;
}

static struct rights *rights_new(u32 room)
{
	struct rights *r = kmalloc(sizeof *r + room * sizeof r->files[0], 0);

	if (r) {
		r->count = 0;
		r->counted = false;
		r->user = NULL;
		list_init(&r->link);
	}
	return r;
}

struct rights *rights_copy(const struct rights *from)
{
	struct rights *r = rights_new(from->count);

	if (!r)
		return NULL;
	for (; r->count < from->count; r->count++) {
		r->files[r->count] = from->files[r->count];
		file_get(r->files[r->count]);
	}
	return r;
}

/* --- Sending ------------------------------------------------------------------------------------ */

/* A list of descriptors: all of them are taken, or none. */
static int rights_get(struct transfer *t, const void *data, size_t n)
{
	u32 count = (u32)(n / sizeof(s32)), before = t->rights ? t->rights->count : 0;
	const s32 *fds = data;

	if (!count)
		return 0;
	if (count > SCM_MAX_FD || before + count > SCM_MAX_FD)
		return -EINVAL;
	struct rights *r = rights_new(before + count);
	if (!r)
		return -ENOMEM;
	if (t->rights) { /* a second list: both become one */
		memcpy(r->files, t->rights->files, before * sizeof r->files[0]);
		r->count = before;
		r->user = t->rights->user;
		kfree(t->rights);
	}
	t->rights = r;
	for (u32 i = 0; i < count; i++) {
		FD_GUARD_ANY(f, fds[i]); /* O_PATH ones, too */
		if (!f)
			return -EBADF;
		file_get(f);
		r->files[r->count++] = f;
	}
	if (!r->user) {
		r->user = current->cred->user;
		user_get(r->user);
	}
	return 0;
}

static bool one_of(u32 id, u32 a, u32 b, u32 c) { return id == a || id == b || id == c; }

/* Who a message says it is from: the truth, or what privilege allows. */
static int sender_get(struct transfer *t, const void *data, size_t n)
{
	const struct cred *c = current->cred;
	struct ucred u;

	if (n != sizeof u)
		return -EINVAL;
	memcpy(&u, data, sizeof u);
	if (u.uid == (u32)-1 || u.gid == (u32)-1)
		return -EINVAL;
	if (u.pid != process_pid(current->process) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!one_of(u.uid, c->uid, c->euid, c->suid) && !capable(CAP_SETUID))
		return -EPERM;
	if (!one_of(u.gid, c->gid, c->egid, c->sgid) && !capable(CAP_SETGID))
		return -EPERM;
	if (u.pid != process_pid(current->process)) {
		struct process *p = process_find(u.pid);
		if (!p)
			return -ESRCH;
		process_put(p);
	}
	t->sender = (struct sender){ u.pid, u.uid, u.gid };
	t->explicit_sender = true;
	return 0;
}

static int control_one(struct transfer *t, const struct cmsghdr *c, const void *data, size_t n)
{
	if (c->level != SOL_SOCKET)
		return 0; /* for some other protocol */
	switch (c->type) {
	case SCM_RIGHTS:
		return rights_get(t, data, n);
	case SCM_CREDENTIALS:
		return sender_get(t, data, n);
	default:
		return -EINVAL;
	}
}

int control_get(struct transfer *t, uptr_t control, size_t length)
{
	char small[128], *copy = small, *big KFREE_GUARD = NULL;
	struct cmsghdr c;
	int err = 0;

	if (length > 0x7fffffff)
		return -ENOBUFS;
	if (length > sizeof small) {
		if (length > 20480) /* optmem_max */
			return -ENOBUFS;
		if (!(copy = big = kmalloc(length, 0)))
			return -ENOBUFS;
	}
	if (copy_from_user(copy, control, length))
		return -EFAULT;
	for (size_t at = 0; !err && length - at >= sizeof c; at += CMSG_ALIGN(c.length)) {
		memcpy(&c, copy + at, sizeof c);
		if (c.length < sizeof c || c.length > length - at)
			return -EINVAL;
		err = control_one(t, &c, copy + at + sizeof c, c.length - sizeof c);
		if (CMSG_ALIGN(c.length) > length - at)
			break;
	}
	return err;
}

/* --- Receiving ---------------------------------------------------------------------------------- */

/* The part of the user's buffer that is free. */
struct control_room {
	uptr_t at;
	size_t left;
	u32 flags;
};

/* Takes the room of a control message whose data end at `n`. */
static void room_take(struct control_room *r, size_t n)
{
	n = min(CMSG_ALIGN(n), r->left);
	r->at = uptr_add(r->at, n);
	r->left -= n;
}

static void put_sender(struct control_room *r, const struct sender *who)
{
	struct {
		struct cmsghdr c;
		struct ucred u;
	} m = { { sizeof m.c + sizeof m.u, SOL_SOCKET, SCM_CREDENTIALS }, { who->pid, who->uid, who->gid } };
	size_t n = sizeof m.c + sizeof m.u;

	if (r->left < sizeof m.c) {
		r->flags |= MSG_CTRUNC;
		return;
	}
	if (r->left < n) {
		r->flags |= MSG_CTRUNC;
		m.c.length = n = r->left;
	}
	if (!copy_to_user(r->at, &m, n))
		room_take(r, n);
}

/* As many files as fit get a descriptor; the others are closed. */
static void put_rights(struct control_room *r, struct rights *from, u32 flags)
{
	size_t room = r->left >= sizeof(struct cmsghdr) ? (r->left - sizeof(struct cmsghdr)) / sizeof(s32) : 0;
	uptr_t to = uptr_add(r->at, sizeof(struct cmsghdr));
	u32 done = 0;

	for (; done < from->count && done < room; done++) {
		int fd = fd_reserve(0, flags & MSG_CMSG_CLOEXEC);
		if (fd < 0)
			break;
		if (put_user_u32(uptr_add(to, done * sizeof(s32)), (u32)fd)) {
			fd_unreserve(fd);
			break;
		}
		file_get(from->files[done]);
		fd_install(fd, from->files[done]);
	}
	if (done) {
		struct cmsghdr c = { sizeof c + done * sizeof(s32), SOL_SOCKET, SCM_RIGHTS };
		if (!copy_to_user(r->at, &c, sizeof c))
			room_take(r, c.length);
	}
	if (done < from->count)
		r->flags |= MSG_CTRUNC;
}

void control_put(struct transfer *t, struct msghdr *h)
{
	struct control_room r = { UPTR(h->control), h->control ? h->control_length : 0, 0 };

	if (t->has_sender)
		put_sender(&r, &t->sender);
	if (t->rights)
		put_rights(&r, t->rights, t->flags);
	h->flags = r.flags;
	h->control_length = r.at.raw - h->control;
}
