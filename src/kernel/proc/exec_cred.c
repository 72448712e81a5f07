/* SPDX-License-Identifier: MIT */
/*
 * Credentials of the new program (credentials(7), capabilities(7)): set-user-ID and
 * set-group-ID bits, and what being or becoming root means for capabilities.  A new
 * struct cred is only made when something changes.
 */
#include <fs/mount.h>
#include <linux/securebits.h>
#include <linux/stat.h>
#include <proc/cred.h>
#include <proc/exec.h>

static void ids_of_file(const struct exec *e, const struct cred *c, uid_t *euid, gid_t *egid)
{
	struct inode *i = e->file->inode;
	u32 mode = READ_ONCE(i->mode);

	*euid = c->euid;
	*egid = c->egid;
	if (!(mode & (S_ISUID | S_ISGID)) || (READ_ONCE(e->file->path.mount->flags) & MS_NOSUID) ||
	    c->no_new_privs)
		return;
	/* A chown takes the bits away as it changes the owner: never the old bits with the new owner. */
	SPIN_GUARD(&i->attr_lock);
	mode = i->mode;
	if (mode & S_ISUID)
		*euid = i->uid;
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		*egid = i->gid;
}

int exec_prepare_cred(struct exec *e)
{
	const struct cred *old = current->cred;
	bool noroot = old->securebits & 1U << SECURE_NOROOT;
	u64 ambient = old->cap_ambient, permitted, effective;
	uid_t euid;
	gid_t egid;

	ids_of_file(e, old, &euid, &egid);
	bool setid = euid != old->uid || egid != old->gid;
	bool by_root = !noroot && (euid == 0 || old->uid == 0), all = !noroot && euid == 0;

	e->setid = euid != old->euid || egid != old->egid;
	if (setid)
		ambient = 0;
	permitted = (by_root ? old->cap_bounding | old->cap_inheritable : 0) | ambient;
	effective = all ? permitted : ambient;
	e->guarded = e->setid || old->euid != old->uid || old->egid != old->gid ||
		     (permitted & ~old->cap_permitted);
	e->secure = setid || (old->uid != 0 && (all || (permitted & ~ambient)));
	if (euid == old->euid && egid == old->egid && old->suid == euid && old->sgid == egid &&
	    old->fsuid == euid && old->fsgid == egid && permitted == old->cap_permitted &&
	    effective == old->cap_effective && ambient == old->cap_ambient &&
	    !(old->securebits & 1U << SECURE_KEEP_CAPS))
		return 0;

	struct cred *c = cred_prepare();
	if (!c)
		return -ENOMEM;
	c->euid = c->suid = c->fsuid = euid;
	c->egid = c->sgid = c->fsgid = egid;
	c->cap_permitted = permitted;
	c->cap_effective = effective;
	c->cap_ambient = ambient;
	c->securebits &= ~(1U << SECURE_KEEP_CAPS);
	e->cred = c;
	return 0;
}
