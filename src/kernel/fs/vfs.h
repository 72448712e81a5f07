/* SPDX-License-Identifier: MIT */
/*
 * The virtual file system: inodes, dentries, mounts, open files, and the
 * operations that file systems and devices supply.
 *
 * Objects.  An inode is a file; a dentry is a name in a directory (negative when
 * inode is NULL); a super is a mounted file system instance; a mount is a place
 * where a super is attached; a path is a (mount, dentry) pair; a struct file is an
 * open file description.  All are reference-counted.
 *
 * Lock order: rename_lock > inode->lock (parent before child; two directories by
 * address) > dentry->lock / dcache bucket > inode->attr_lock; page-cache locks are
 * inside inode->lock.  Operations below say what is held.
 */
#pragma once

#include <lib/list.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include <linux/errno.h>
#include <mm/usercopy.h>
#include <sched/mutex.h>
#include <sync/rcu.h>
#include <sync/refcount.h>

struct cred;
struct pipe;
struct file;
struct inode;
struct dentry;
struct mount;
struct super;
struct page_cache;
struct poll_table;
struct uio;
struct kstat;
struct kstatfs;

struct timestamp {
	s64 sec;
	u32 nsec;
};

#define NAME_LENGTH_MAX 255
#define PATH_LENGTH_MAX 4096

struct path {
	struct mount *mount;
	struct dentry *dentry;
};

struct inode {
	refcount_t refs;
	u32 mode;                /* type and permissions; attr_lock */
	uid_t uid;               /* attr_lock */
	gid_t gid;
	u32 nlink;               /* lock */
	u64 ino;                 /* imm */
	u64 size;                /* lock held for writing to change; read with READ_ONCE */
	u64 blocks;              /* 512-byte units */
	dev_t rdev;              /* imm: device files, kernel encoding (new_encode) */
	struct timestamp atime, mtime, ctime, btime; /* attr_lock */
	struct super *super;     /* imm */
	const struct inode_ops *ops; /* imm */
	const struct file_ops *fops; /* imm: given to files opened on it */
	struct page_cache *cache;    /* imm: NULL where there is none (pseudo files) */
	struct rwsem lock;       /* directory contents, size, data writes */
	spinlock_t attr_lock;
	void *priv;              /* the file system's or the device's */
	struct list locks;       /* POSIX and flock locks; fs/locks.c */
	struct list super_link;
	u32 flags;               /* INODE_* */
	s32 writers;             /* attr_lock: > 0: open for writing so often; < 0: running programs that forbid it */
	struct pipe *pipe;       /* S_IFIFO: while somebody has it open; lock */
	struct rcu_head rcu;
};
enum {
	INODE_PINNED = 1, INODE_APPEND = 2, INODE_IMMUTABLE = 4, INODE_DEAD = 8,
	INODE_LINKABLE = 16, /* lock: of O_TMPFILE: has no link yet, but may get one */
};

struct dentry {
	refcount_t refs;          /* 0: cached on the LRU */
	u32 hash;
	u32 flags;                /* DENTRY_* */
	struct dentry *parent;    /* rename_lock; root: itself */
	struct inode *inode;      /* dentry->lock; NULL: negative */
	struct super *super;      /* imm */
	struct hlist_node hash_link;
	struct list children;     /* parent->inode->lock and dentry->lock */
	struct list sibling;
	struct list lru;
	spinlock_t lock;
	const struct dentry_ops *ops;
	void *priv;
	u8 name_length;
	char *name;               /* dentry->lock, rename_lock; short_name or kmalloc'ed */
	char short_name[32];      /* zero-padded, as long names are to 8 bytes: compared by words */
	u64 cookie;               /* place in `children`, ascending: what readdir calls the position */
	struct rcu_head rcu;
};
enum {
	DENTRY_MOUNTPOINT = 1,  /* something is mounted here in some namespace */
	DENTRY_PINNED = 2,      /* the dentry is the directory entry (tmpfs and the like): holds a reference */
	DENTRY_UNHASHED = 4,    /* not to be found by look-ups: being made, or unlinked */
};

struct dentry_ops {
	/* May a cached dentry still be used?  false: drop it and look up again.  (procfs) No locks held. */
	bool (*revalidate)(struct dentry *d);
};

/* What stat(2) reports. */
struct kstat {
	u64 ino, size, blocks;
	dev_t dev, rdev;
	u32 mode, nlink, uid, gid, blksize;
	struct timestamp atime, mtime, ctime, btime;
};

enum { SETATTR_MODE = 1, SETATTR_UID = 2, SETATTR_GID = 4, SETATTR_SIZE = 8, SETATTR_ATIME = 16, SETATTR_MTIME = 32, SETATTR_CTIME = 64 };
struct setattr {
	u32 valid; /* SETATTR_* */
	u32 mode;
	uid_t uid;
	gid_t gid;
	u64 size;
	struct timestamp atime, mtime;
};

/* All sleep.  Directory operations hold dir->lock for writing (lookup: for reading). */
struct inode_ops {
	/* Finds `d` (hashed by name, negative): attach an inode by dentry_attach, or leave it negative; 0 or error. */
	int (*lookup)(struct inode *dir, struct dentry *d);
	int (*create)(struct inode *dir, struct dentry *d, u32 mode);
	int (*mknod)(struct inode *dir, struct dentry *d, u32 mode, dev_t rdev);
	int (*mkdir)(struct inode *dir, struct dentry *d, u32 mode);
	int (*symlink)(struct inode *dir, struct dentry *d, const char *target);
	int (*link)(struct inode *dir, struct dentry *d, struct inode *target);
	int (*unlink)(struct inode *dir, struct dentry *d);
	int (*rmdir)(struct inode *dir, struct dentry *d);
	/* flags: RENAME_NOREPLACE is done by the VFS; RENAME_EXCHANGE and WHITEOUT: -EINVAL where unsupported.
	 * Both directories' locks and those of a victim are held. */
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new_d, unsigned flags);
	int (*tmpfile)(struct inode *dir, struct inode **out, u32 mode);
	/* Symlink text into buf (size bytes); length or error. */
	ssize_t (*readlink)(struct inode *i, char *buf, size_t size);
	/* A link that jumps to a path directly (procfs: exe, cwd, fd/N); *p gets references. */
	int (*follow)(struct inode *i, struct path *p);
	int (*getattr)(struct inode *i, struct kstat *st); /* NULL: from the inode */
	int (*setattr)(struct inode *i, const struct setattr *a); /* lock held for writing; NULL: only in the inode */
	int (*permission)(struct inode *i, int mask); /* NULL: by mode bits */
	ssize_t (*getxattr)(struct inode *i, const char *name, void *buf, size_t size);
	int (*setxattr)(struct inode *i, const char *name, const void *buf, size_t size, int flags);
	ssize_t (*listxattr)(struct inode *i, char *buf, size_t size);
	int (*removexattr)(struct inode *i, const char *name);
};

/* readdir: calls emit for each entry from file->pos on; emit returns false when its buffer is full. */
struct dir_emitter {
	bool (*emit)(struct dir_emitter *e, const char *name, size_t length, u64 ino, unsigned type, u64 next_pos);
};

/* What a mapping of a file is made of; filled by file_ops.mmap. */
struct mmap_request {
	u64 offset, length; /* bytes, page-aligned */
	u32 prot, flags;    /* PROT_*, MAP_* */
	/* results: one of the two */
	struct page_cache *cache; /* pages come from here */
	paddr_t device;           /* or this physical range, uncached unless write_combining */
	bool is_device, write_combining;
	bool zero;                /* /dev/zero: private anonymous memory */
	bool read_only;           /* a shared mapping may not become writable later, either (seals) */
};

/*
 * Operations of an open file.  All may sleep, none holds a lock on entry unless
 * said.  `pos` is the file's position or a pread's; the VFS serializes users of f->pos.
 */
struct file_ops {
	int (*open)(struct inode *i, struct file *f);
	void (*release)(struct file *f);           /* last reference gone */
	int (*flush)(struct file *f);              /* each close(2) */
	ssize_t (*read)(struct file *f, struct uio *u, u64 *pos);
	ssize_t (*write)(struct file *f, struct uio *u, u64 *pos);
	s64 (*llseek)(struct file *f, s64 off, int whence); /* NULL: -ESPIPE */
	int (*readdir)(struct file *f, struct dir_emitter *e);  /* inode->lock held for reading; updates f->pos */
	unsigned (*poll)(struct file *f, struct poll_table *pt); /* EPOLL* bits that hold now; NULL: always in and out */
	s64 (*ioctl)(struct file *f, unsigned cmd, uptr_t arg); /* -ENOTTY for unknown ones */
	int (*mmap)(struct file *f, struct mmap_request *r);    /* NULL: -ENODEV */
	int (*fsync)(struct file *f, u64 start, u64 end, bool data_only);
	s64 (*fallocate)(struct file *f, int mode, u64 off, u64 len);
	int (*show_fdinfo)(struct file *f, char *buf, size_t size);
	bool direct; /* O_DIRECT may be asked for */
	bool stream; /* no position: read and write do not take the position lock (pipes, ttys, sockets) */
};

struct file {
	refcount_t refs;
	u32 flags;               /* O_*; f->lock to change (F_SETFL) */
	u32 mode;                /* FMODE_*: imm */
	const struct file_ops *ops; /* imm */
	struct inode *inode;     /* imm: path.dentry->inode */
	struct path path;        /* imm, referenced */
	u64 pos;                 /* pos_lock */
	struct mutex pos_lock;
	spinlock_t lock;
	struct cred *cred;       /* imm, referenced */
	void *priv;              /* the operations' */
	struct list epoll_items; /* fs/epoll.c: those watching; lock */
	pid_t owner;             /* F_SETOWN */
	s32 owner_signal;
};
enum { FMODE_READ = 1, FMODE_WRITE = 2, FMODE_EXEC = 4, FMODE_PATH = 8, FMODE_SEEKABLE = 16, FMODE_STREAM = 32 };

struct super_ops {
	int (*statfs)(struct super *s, struct kstatfs *st);
	/* Last link and reference gone: free what the file system keeps for it. */
	void (*evict)(struct inode *i);
	int (*sync)(struct super *s);
	void (*destroy)(struct super *s); /* after all inodes are gone */
	int (*remount)(struct super *s, unsigned flags, const char *data);
	/* Options as /proc/mounts shows them, each with a leading comma. */
	int (*show_options)(struct super *s, char *buf, size_t size);
};

struct kstatfs {
	u64 type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize, flags;
};

struct super {
	refcount_t refs;       /* mounts */
	const struct fs_type *type;
	const struct super_ops *ops;
	struct dentry *root;
	dev_t dev;
	u32 flags;             /* MS_RDONLY ... */
	u64 max_file_size;
	u32 block_size;
	u64 next_ino;          /* atomic */
	spinlock_t inodes_lock;
	struct list inodes;
	void *priv;
	char source[64];
	struct list link;      /* of all supers; fs/super.c */
};

struct fs_type {
	const char *name;
	u32 magic;             /* <linux/magic.h> */
	bool nodev;
	/* Makes (or finds) the super for `source`; flags MS_*; data: options or NULL. */
	int (*get_super)(const struct fs_type *t, const char *source, unsigned flags, const char *data, struct super **out);
	struct fs_type *next;
};
void fs_type_register(struct fs_type *t);
struct fs_type *fs_type_find(const char *name);

/* inode.c */
struct inode *inode_alloc(struct super *s); /* refs 1, times now, nlink 1; NULL */
void inode_put(struct inode *i);
static inline void inode_get(struct inode *i) { ref_get(&i->refs); }
struct timestamp timestamp_now(void);
void inode_touch(struct inode *i, unsigned which); /* SETATTR_ATIME|MTIME|CTIME to now */
int inode_permission(struct inode *i, int mask);   /* MAY_*; -EACCES; by the current task's fs ids */
int inode_permission_by_mode(struct inode *i, int mask); /* the same, from the mode bits alone */
bool inode_owner_or_capable(const struct inode *i); /* current owns it, or has CAP_FOWNER */
/* Sets mode, rdev and the operations of a device node, FIFO or socket. */
void inode_init_special(struct inode *i, u32 mode, dev_t rdev);
/* Owner, group (of a setgid directory: inherited, with the bit for directories) of a new file in `dir` (may be NULL). */
void inode_init_owner(struct inode *i, const struct inode *dir, u32 mode);
/* A running program forbids writing to its file: -ETXTBSY while somebody has it open for that. */
int inode_deny_write(struct inode *i);
void inode_allow_write(struct inode *i);
/* Default of getattr and of setattr. */
void inode_stat(struct inode *i, struct kstat *st);
void inode_apply(struct inode *i, const struct setattr *a);
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };

/* dcache.c */
struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t n); /* refs 1, hashed by dentry_add */
void dentry_attach(struct dentry *d, struct inode *i); /* takes over the reference on i */
struct dentry *dentry_make_root(struct inode *i);
void dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);
void dentry_drop(struct dentry *d); /* unhash */
void dentry_drop_tree(struct dentry *d); /* a name that is true no more, and all below it: unhash */
void dentry_add(struct dentry *d);  /* hash: look-ups find it, negative or not */
/*
 * For file systems whose dentries are their contents (their inode_ops have no lookup): attaches i
 * (reference taken over), hashes d and pins it; until dentry_unpin, which unhashes it, too.
 */
void dentry_pin(struct dentry *d, struct inode *i);
void dentry_unpin(struct dentry *d);
/* The child of that name, referenced, or NULL; from the cache alone. */
struct dentry *dentry_find(struct dentry *parent, const char *name, size_t n);
bool dentry_has_children(struct dentry *d); /* positive ones */
/* rename operations of such file systems: the VFS moves the dentries; unlink and rmdir do what is usual. */
/* Directory operations of file systems whose dentries are their contents (tmpfs, devfs, sysfs). */
extern const struct file_ops dcache_dir_ops;

/* path.c */
static inline void path_get(const struct path *p);
void path_put(struct path *p);
void mount_get(struct mount *m);
void mount_put(struct mount *m);
static inline void path_get(const struct path *p)
{
	mount_get(p->mount);
	dentry_get(p->dentry);
}

enum lookup_flags {
	LOOKUP_FOLLOW = 1,     /* a last symlink, too */
	LOOKUP_DIRECTORY = 2,  /* must be one: -ENOTDIR */
	LOOKUP_EMPTY = 4,      /* "" is dirfd itself */
	LOOKUP_PARENT = 8,     /* internal */
	LOOKUP_NO_SYMLINKS = 16, LOOKUP_BENEATH = 32, LOOKUP_IN_ROOT = 64, LOOKUP_NO_XDEV = 128, LOOKUP_NO_MAGICLINKS = 256,
};
/* Resolves a user path relative to dirfd (AT_FDCWD); *out gets references. */
int path_lookup_user(int dirfd, uptr_t name, unsigned flags, struct path *out) must_check;
/* The same for a kernel string. */
int path_lookup(int dirfd, const char *name, unsigned flags, struct path *out) must_check;
/* Absolute name of `p` as seen from the current root; returns a pointer into buf or an error by *err. */
char *path_to_string(const struct path *p, char *buf, size_t size, int *err);

/* file.c */
int vfs_open(int dirfd, const char *name, int flags, u32 mode, struct file **out) must_check;
int vfs_open_path(const struct path *p, int flags, struct file **out) must_check;
/* To run it: execute permission is what counts, whether the caller could read it or not. */
int vfs_open_exec(const struct path *p, struct file **out) must_check;
/* A file with no name in the tree (pipe, eventfd, ...): shown as "type:[name]". Takes over nothing. */
struct inode *anon_inode(void); /* not referenced */
int file_open_anon(const char *name, const struct file_ops *ops, void *priv, int flags, struct file **out) must_check;
/* The same over an inode of its own (anon_inode_new; NULL: no memory), by that name; takes a reference on `i`. */
struct inode *anon_inode_new(u32 mode);
int file_open_anon_inode(const char *name, struct inode *i, const struct file_ops *ops, void *priv, int flags,
			 struct file **out) must_check;
static inline void file_get(struct file *f) { ref_get(&f->refs); }
void file_put(struct file *f);
/* Reads exactly from kernel space; bytes or error. */
ssize_t file_read_kernel(struct file *f, void *buf, size_t n, u64 pos);
ssize_t file_write_kernel(struct file *f, const void *buf, size_t n, u64 pos);
s64 generic_llseek(struct file *f, s64 off, int whence);

/* namei_calls.c */
/* mknod of a socket, umask applied; *made: what it is now, referenced. `name` is readable up to a multiple of 8. */
int vfs_make_socket(const char *name, u32 mode, struct path *made) must_check;

/* mount.c */
/* A super without contents for get_super: refs 1; s->root is the caller's to make. NULL. */
struct super *super_alloc(const struct fs_type *t, const struct super_ops *ops, const char *source, unsigned flags);
void super_put(struct super *s);
int vfs_mount(const char *source, const struct path *at, const char *type, unsigned flags, const char *data);
int vfs_umount(struct path *at, unsigned flags);
void vfs_init(void);
/* The root tmpfs with the modules of the boot loader unpacked over it. */
int vfs_mount_root(void);
bool mount_describe(unsigned i, char *buf, size_t size, int style); /* 0 /proc/mounts, 1 mountinfo; false past the end */
void vfs_sync_all(void);
