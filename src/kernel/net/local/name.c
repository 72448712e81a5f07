/* SPDX-License-Identifier: MIT */
/*
 * The names of AF_UNIX: paths and abstract names.
 *
 * One table has all bound sockets: those bound to a path by the path's inode, those with an abstract name by type and
 * bytes (a stream and a datagram socket may have the same abstract name).  Who is in the table is not dead
 * yet, so a look-up under names_lock may take a reference.
 */
#include <lib/format.h>
#include <lib/hash.h>

#include "internal.h"

#define TABLE_BITS 8
#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

static spinlock_t names_lock;
static struct hlist table[1 << TABLE_BITS]; /* names_lock */
static u32 last_autobind;                   /* atomic */

static inline bool is_abstract(const struct sockaddr_un *a) { return !a->sun_path[0]; }

void name_put(struct name *n)
{
	if (ref_put(&n->refs))
		kfree(n);
}

int local_check_address(const struct address *a, struct sockaddr_un *out, u32 *length)
{
	u32 n = a->length;

	if (n <= PATH_OFFSET || n > sizeof *out || a->storage.ss_family != AF_UNIX)
		return -EINVAL;
	memset(out, 0, sizeof *out);
	memcpy(out, &a->storage, n);
	*length = is_abstract(out) ? n : (u32)(PATH_OFFSET + strnlen(out->sun_path, n - PATH_OFFSET) + 1);
	return 0;
}

/* The path of a checked address, terminated. */
static void path_text(const struct sockaddr_un *a, u32 length, char text[sizeof a->sun_path + 8])
{
	memset(text, 0, sizeof a->sun_path + 8);
	memcpy(text, a->sun_path, length - PATH_OFFSET - 1);
}

/* --- The table ---------------------------------------------------------------------------------- */

static struct hlist *bucket_of_inode(const struct inode *i)
{
	return &table[hash_ptr(i, TABLE_BITS)];
}

static struct hlist *bucket_of_bytes(const struct sockaddr_un *a, u32 length, u16 type)
{
	return &table[hash_bytes(a, length, type) >> (64 - TABLE_BITS)];
}

/* names_lock held. */
static struct local *find_abstract(const struct sockaddr_un *a, u32 length, u16 type)
{
	struct local *u;

	hlist_for_each(u, bucket_of_bytes(a, length, type), name_link)
		if (!u->path.dentry && u->s.type == type && u->name->length == length &&
		    !memcmp(&u->name->address, a, length))
			return u;
	return NULL;
}

static struct local *find_inode(const struct inode *i)
{
	struct local *u;

	hlist_for_each(u, bucket_of_inode(i), name_link)
		if (u->path.dentry && u->path.dentry->inode == i)
			return u;
	return NULL;
}

static int find_path(const struct sockaddr_un *a, u32 length, u16 type, struct local **out)
{
	char text[sizeof a->sun_path + 8];
	struct path p;

	path_text(a, length, text);
	int err = path_lookup(AT_FDCWD, text, LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	struct inode *i = p.dentry->inode;
	if (!(err = inode_permission(i, MAY_WRITE))) {
		spin_lock(&names_lock);
		struct local *u = find_inode(i);
		if (!u)
			err = -ECONNREFUSED;
		else if (u->s.type != type)
			err = -EPROTOTYPE;
		else
			local_get(*out = u);
		spin_unlock(&names_lock);
	}
	path_put(&p);
	return err;
}

int local_find(const struct sockaddr_un *a, u32 length, u16 type, struct local **out)
{
	if (!is_abstract(a))
		return find_path(a, length, type, out);
	SPIN_GUARD(&names_lock);
	if (!(*out = find_abstract(a, length, type)))
		return -ECONNREFUSED;
	local_get(*out);
	return 0;
}

void local_unname(struct local *u)
{
	SPIN_GUARD(&names_lock);
	if (u->name_hashed)
		hlist_remove(&u->name_link);
	u->name_hashed = false;
}

/* --- bind --------------------------------------------------------------------------------------- */

static struct name *name_new(const struct sockaddr_un *a, u32 length)
{
	struct name *n = kzalloc(sizeof *n);

	if (!n)
		return NULL;
	ref_init(&n->refs, 1);
	n->length = length;
	memcpy(&n->address, a, min((size_t)length, sizeof *a));
	return n;
}

/* bind_lock held. Takes over the reference on n on success. */
static int bind_abstract(struct local *u, struct name *n)
{
	SPIN_GUARD(&names_lock);
	if (find_abstract(&n->address, n->length, u->s.type))
		return -EADDRINUSE;
	atomic_store(&u->name, n);
	hlist_add(bucket_of_bytes(&n->address, n->length, u->s.type), &u->name_link);
	u->name_hashed = true;
	return 0;
}

static int bind_path(struct local *u, struct name *n)
{
	char text[sizeof n->address.sun_path + 8];
	struct path p;

	path_text(&n->address, n->length, text);
	int err = vfs_make_socket(text, 0777, &p);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	SPIN_GUARD(&names_lock);
	atomic_store(&u->name, n);
	u->path = p;
	hlist_add(bucket_of_inode(p.dentry->inode), &u->name_link);
	u->name_hashed = true;
	return 0;
}

int local_bind(struct socket *s, const struct address *a)
{
	struct local *u = local_of(s);
	struct sockaddr_un name;
	u32 length;

	if (a->length == PATH_OFFSET && a->storage.ss_family == AF_UNIX)
		return local_autobind(u);
	int err = local_check_address(a, &name, &length);
	if (err)
		return err;
	struct name *n = name_new(&name, length);
	if (!n)
		return -ENOMEM;
	mutex_lock(&u->bind_lock);
	if (u->name)
		err = -EINVAL;
	else
		err = is_abstract(&name) ? bind_abstract(u, n) : bind_path(u, n);
	mutex_unlock(&u->bind_lock);
	if (err)
		name_put(n);
	return err;
}

int local_autobind(struct local *u)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct name *n;
	int err = 0;

	MUTEX_GUARD(&u->bind_lock);
	if (u->name)
		return 0;
	for (u32 tries = 0; tries <= 0xfffff; tries++) {
		scnprintf(a.sun_path + 1, 6, "%05x", atomic_fetch_add(&last_autobind, 1) & 0xfffff);
		if (!(n = name_new(&a, PATH_OFFSET + 6)))
			return -ENOMEM;
		if (!(err = bind_abstract(u, n)))
			return 0;
		name_put(n);
	}
	return -ENOSPC;
}
