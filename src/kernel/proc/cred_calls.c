/* SPDX-License-Identifier: MIT */
/*
 * The system calls that read and change credentials, with Linux's rules for
 * what a change of user id does to the capabilities.
 */
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <vm/vm.h>

#define NO_ID ((u32)-1)
#define GROUPS_MAX 65536
#define CAPS_FILESYSTEM                                                        \
	(1ULL << CAP_CHOWN | 1ULL << CAP_MKNOD | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH | \
	 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID | 1ULL << CAP_LINUX_IMMUTABLE | 1ULL << CAP_MAC_OVERRIDE)

s64 sys_getuid(void) { return current->cred->uid; }
s64 sys_geteuid(void) { return current->cred->euid; }
s64 sys_getgid(void) { return current->cred->gid; }
s64 sys_getegid(void) { return current->cred->egid; }

/* capabilities(7), "effect of user ID changes on capabilities" */
static void fix_capabilities(struct cred *new, const struct cred *old)
{
	bool was_root = old->uid == 0 || old->euid == 0 || old->suid == 0;
	bool is_root = new->uid == 0 || new->euid == 0 || new->suid == 0;

	if (old->securebits & 1U << SECURE_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(old->securebits & 1U << SECURE_KEEP_CAPS)) {
			new->cap_permitted = 0;
			new->cap_effective = 0;
		}
		new->cap_ambient = 0;
	}
	if (old->euid == 0 && new->euid != 0)
		new->cap_effective = 0;
	if (old->euid != 0 && new->euid == 0)
		new->cap_effective = new->cap_permitted;
}

/* Who changes its effective ids may hold secrets of the old ones: others may not look into it any more. */
static void commit(struct cred *new)
{
	const struct cred *old = current->cred;

	if (new->euid != old->euid || new->egid != old->egid || new->fsuid != old->fsuid ||
	    new->fsgid != old->fsgid || new->cap_permitted & ~old->cap_permitted)
		current->mm->dumpable = 0;
	cred_commit(new);
}

static s64 commit_uids(struct cred *new)
{
	new->fsuid = new->euid;
	fix_capabilities(new, current->cred);
	commit(new);
	return 0;
}

static s64 refuse(struct cred *new)
{
	cred_put(new);
	return -EPERM;
}

s64 sys_setuid(uint uid)
{
	const struct cred *old = current->cred;
	struct cred *new;

	if (uid == NO_ID)
		return -EINVAL;
	if (!(new = cred_prepare()))
		return -ENOMEM;
	if (capable(CAP_SETUID))
		new->uid = new->suid = uid;
	else if (uid != old->uid && uid != old->suid)
		return refuse(new);
	new->euid = uid;
	return commit_uids(new);
}

s64 sys_setreuid(uint ruid, uint euid)
{
	const struct cred *old = current->cred;
	struct cred *new = cred_prepare();
	bool may = capable(CAP_SETUID);

	if (!new)
		return -ENOMEM;
	if (ruid != NO_ID) {
		if (!may && ruid != old->uid && ruid != old->euid)
			return refuse(new);
		new->uid = ruid;
	}
	if (euid != NO_ID) {
		if (!may && euid != old->uid && euid != old->euid && euid != old->suid)
			return refuse(new);
		new->euid = euid;
	}
	if (ruid != NO_ID || (euid != NO_ID && euid != old->uid))
		new->suid = new->euid;
	return commit_uids(new);
}

static bool one_of(u32 id, u32 a, u32 b, u32 c)
{
	return id == NO_ID || id == a || id == b || id == c;
}

s64 sys_setresuid(uint ruid, uint euid, uint suid)
{
	const struct cred *old = current->cred;
	struct cred *new = cred_prepare();

	if (!new)
		return -ENOMEM;
	if (!capable(CAP_SETUID) && !(one_of(ruid, old->uid, old->euid, old->suid) &&
				      one_of(euid, old->uid, old->euid, old->suid) &&
				      one_of(suid, old->uid, old->euid, old->suid)))
		return refuse(new);
	if (ruid != NO_ID)
		new->uid = ruid;
	if (euid != NO_ID)
		new->euid = euid;
	if (suid != NO_ID)
		new->suid = suid;
	return commit_uids(new);
}

static s64 commit_gids(struct cred *new)
{
	new->fsgid = new->egid;
	commit(new);
	return 0;
}

s64 sys_setgid(uint gid)
{
	const struct cred *old = current->cred;
	struct cred *new;

	if (gid == NO_ID)
		return -EINVAL;
	if (!(new = cred_prepare()))
		return -ENOMEM;
	if (capable(CAP_SETGID))
		new->gid = new->sgid = gid;
	else if (gid != old->gid && gid != old->sgid)
		return refuse(new);
	new->egid = gid;
	return commit_gids(new);
}

s64 sys_setregid(uint rgid, uint egid)
{
	const struct cred *old = current->cred;
	struct cred *new = cred_prepare();
	bool may = capable(CAP_SETGID);

	if (!new)
		return -ENOMEM;
	if (rgid != NO_ID) {
		if (!may && rgid != old->gid && rgid != old->egid)
			return refuse(new);
		new->gid = rgid;
	}
	if (egid != NO_ID) {
		if (!may && egid != old->gid && egid != old->egid && egid != old->sgid)
			return refuse(new);
		new->egid = egid;
	}
	if (rgid != NO_ID || (egid != NO_ID && egid != old->gid))
		new->sgid = new->egid;
	return commit_gids(new);
}

s64 sys_setresgid(uint rgid, uint egid, uint sgid)
{
	const struct cred *old = current->cred;
	struct cred *new = cred_prepare();

	if (!new)
		return -ENOMEM;
	if (!capable(CAP_SETGID) && !(one_of(rgid, old->gid, old->egid, old->sgid) &&
				      one_of(egid, old->gid, old->egid, old->sgid) &&
				      one_of(sgid, old->gid, old->egid, old->sgid)))
		return refuse(new);
	if (rgid != NO_ID)
		new->gid = rgid;
	if (egid != NO_ID)
		new->egid = egid;
	if (sgid != NO_ID)
		new->sgid = sgid;
	return commit_gids(new);
}

static s64 put_three(uptr_t a, uptr_t b, uptr_t c, u32 x, u32 y, u32 z)
{
	return put_user_u32(a, x) || put_user_u32(b, y) || put_user_u32(c, z) ? -EFAULT : 0;
}

s64 sys_getresuid(uptr_t r, uptr_t e, uptr_t s)
{
	const struct cred *c = current->cred;
	return put_three(r, e, s, c->uid, c->euid, c->suid);
}

s64 sys_getresgid(uptr_t r, uptr_t e, uptr_t s)
{
	const struct cred *c = current->cred;
	return put_three(r, e, s, c->gid, c->egid, c->sgid);
}

/* Both answer with the old value, changed or not. */
s64 sys_setfsuid(uint uid)
{
	const struct cred *old = current->cred;
	u32 was = old->fsuid;

	if (uid == NO_ID || uid == was)
		return was;
	if (uid != old->uid && uid != old->euid && uid != old->suid && !capable(CAP_SETUID))
		return was;
	struct cred *new = cred_prepare();
	if (!new)
		return was;
	new->fsuid = uid;
	if (!(new->securebits & 1U << SECURE_NO_SETUID_FIXUP)) {
		if (was == 0 && uid != 0)
			new->cap_effective &= ~CAPS_FILESYSTEM;
		if (was != 0 && uid == 0)
			new->cap_effective |= new->cap_permitted & CAPS_FILESYSTEM;
	}
	commit(new);
	return was;
}

s64 sys_setfsgid(uint gid)
{
	const struct cred *old = current->cred;
	u32 was = old->fsgid;

	if (gid == NO_ID || gid == was)
		return was;
	if (gid != old->gid && gid != old->egid && gid != old->sgid && !capable(CAP_SETGID))
		return was;
	struct cred *new = cred_prepare();
	if (!new)
		return was;
	new->fsgid = gid;
	commit(new);
	return was;
}

/* ---- supplementary groups ---- */

s64 sys_getgroups(int size, uptr_t out)
{
	const struct group_list *g = current->cred->groups;
	u32 n = g ? g->count : 0;

	if (size < 0)
		return -EINVAL;
	if (!size)
		return n;
	if ((u32)size < n)
		return -EINVAL;
	if (n && copy_to_user(out, g->gids, n * sizeof(gid_t)))
		return -EFAULT;
	return n;
}

static void sort_gids(gid_t *g, u32 n)
{
	/* Shell sort: no recursion, no memory, fast enough for 65,536. */
	for (u32 gap = n / 2; gap; gap /= 2)
		for (u32 i = gap; i < n; i++) {
			gid_t v = g[i];
			u32 j = i;
			for (; j >= gap && g[j - gap] > v; j -= gap)
				g[j] = g[j - gap];
			g[j] = v;
		}
}

s64 sys_setgroups(int size, uptr_t in)
{
	if (!capable(CAP_SETGID))
		return -EPERM;
	if (size < 0 || size > GROUPS_MAX)
		return -EINVAL;
	struct group_list *g = kmalloc(sizeof *g + (u32)size * sizeof(gid_t), 0);
	if (!g)
		return -ENOMEM;
	ref_init(&g->refs, 1);
	g->count = (u32)size;
	if (copy_from_user(g->gids, in, (u32)size * sizeof(gid_t))) {
		kfree(g);
		return -EFAULT;
	}
	for (u32 i = 0; i < g->count; i++) {
		if (g->gids[i] == NO_ID) {
			kfree(g);
			return -EINVAL;
		}
	}
	sort_gids(g->gids, g->count);
	struct cred *new = cred_prepare();
	if (!new) {
		kfree(g);
		return -ENOMEM;
	}
	struct group_list *old = new->groups;
	new->groups = g;
	if (old && ref_put(&old->refs))
		kfree(old);
	cred_commit(new);
	return 0;
}

/* ---- capabilities ---- */

/* How many u32 words a version has; -EINVAL for an unknown one, told of the current one. */
static int cap_words(uptr_t uheader, struct __user_cap_header_struct *h)
{
	if (copy_from_user(h, uheader, sizeof *h))
		return -EFAULT;
	switch (h->version) {
	case _LINUX_CAPABILITY_VERSION_1: return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3: return 2;
	}
	if (put_user_u32(uheader, _LINUX_CAPABILITY_VERSION_3))
		return -EFAULT;
	return -EINVAL;
}

s64 sys_capget(uptr_t uheader, uptr_t udata)
{
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct d[2] = { 0 };
	int words = cap_words(uheader, &h);

	if (words < 0)
		return uptr_null(udata) && words == -EINVAL ? 0 : words;
	if (uptr_null(udata))
		return 0;
	if (h.pid < 0)
		return -EINVAL;
	struct task *t = h.pid ? task_find(h.pid) : NULL;
	if (h.pid && !t)
		return -ESRCH;
	struct cred *c = task_cred_get(t ? t : current);
	for (int i = 0; i < 2; i++) {
		d[i].effective = (u32)(c->cap_effective >> 32 * i);
		d[i].permitted = (u32)(c->cap_permitted >> 32 * i);
		d[i].inheritable = (u32)(c->cap_inheritable >> 32 * i);
	}
	cred_put(c);
	if (t)
		task_put(t);
	return copy_to_user(udata, d, (size_t)words * sizeof d[0]);
}

s64 sys_capset(uptr_t uheader, uptr_t udata)
{
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct d[2] = { 0 };
	const struct cred *old = current->cred;
	int words = cap_words(uheader, &h);

	if (words < 0)
		return words;
	if (h.pid && h.pid != task_tid(current))
		return -EPERM;
	if (copy_from_user(d, udata, (size_t)words * sizeof d[0]))
		return -EFAULT;
	u64 all = (1ULL << (CAP_LAST_CAP + 1)) - 1;
	u64 e = (d[0].effective | (u64)d[1].effective << 32) & all;
	u64 p = (d[0].permitted | (u64)d[1].permitted << 32) & all;
	u64 i = (d[0].inheritable | (u64)d[1].inheritable << 32) & all;

	if (!capable(CAP_SETPCAP) && i & ~(old->cap_inheritable | old->cap_permitted))
		return -EPERM;
	if (i & ~(old->cap_inheritable | old->cap_bounding) || p & ~old->cap_permitted || e & ~p)
		return -EPERM;
	struct cred *new = cred_prepare();
	if (!new)
		return -ENOMEM;
	new->cap_effective = e;
	new->cap_permitted = p;
	new->cap_inheritable = i;
	new->cap_ambient &= p & i;
	cred_commit(new);
	return 0;
}

s64 cred_prctl(int option, ulong arg2, ulong arg3, ulong arg4, ulong arg5)
{
	const struct cred *c = current->cred;
	struct cred *new;

	switch (option) {
	case PR_CAPBSET_READ:
		return arg2 > CAP_LAST_CAP ? -EINVAL : !!(c->cap_bounding & 1ULL << arg2);
	case PR_CAPBSET_DROP:
		if (!capable(CAP_SETPCAP))
			return -EPERM;
		if (arg2 > CAP_LAST_CAP)
			return -EINVAL;
		if (!(new = cred_prepare()))
			return -ENOMEM;
		new->cap_bounding &= ~(1ULL << arg2);
		break;
	case PR_GET_KEEPCAPS:
		return !!(c->securebits & 1U << SECURE_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		if (arg2 > 1)
			return -EINVAL;
		if (c->securebits & 1U << SECURE_KEEP_CAPS_LOCKED)
			return -EPERM;
		if (!(new = cred_prepare()))
			return -ENOMEM;
		new->securebits = (new->securebits & ~(1U << SECURE_KEEP_CAPS)) | (u32)arg2 << SECURE_KEEP_CAPS;
		break;
	case PR_GET_SECUREBITS:
		return c->securebits;
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		if (!(new = cred_prepare()))
			return -ENOMEM;
		new->no_new_privs = true;
		break;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : c->no_new_privs;
	default:
		return -EINVAL;
	}
	cred_commit(new);
	return 0;
}
