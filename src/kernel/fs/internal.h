/* SPDX-License-Identifier: MIT */
/* What the files of the VFS core share among themselves. */
#pragma once

#include <fs/files.h>
#include <fs/hooks.h>
#include <fs/mount.h>
#include <fs/page_cache.h>
#include <fs/uio.h>
#include <fs/vfs.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/fs.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <sched/task.h>
#include <sync/atomic.h>

/* Bytes that one call transfers at most. */
#define RW_COUNT_MAX 0x7ffff000UL

/* --- dcache.c --- */

#define NAME_SLASHES 0x2f2f2f2f2f2f2f2fULL
#define WORD_ONES 0x0101010101010101ULL
#define WORD_HIGHS 0x8080808080808080ULL

/* Hash of a name by words, the last one filled up with zeros; name_step and name_end make it. */
static always_inline u64 name_step(u64 h, u64 word)
{
	return (h ^ word) * 0x9e3779b97f4a7c15ULL;
}
static always_inline u32 name_end(u64 h, u64 last_word)
{
	return (u32)(name_step(h, last_word) >> 32);
}
static always_inline u64 name_start(const struct dentry *parent)
{
	return (u64)parent;
}
u32 name_hash(const struct dentry *parent, const char *name, size_t n);

/* Looks (parent, name) up; under RCU, not referenced, maybe dying. `name` is readable up to a multiple of 8. */
struct dentry *dentry_find_rcu(const struct dentry *parent, const char *name, size_t n, u32 hash);
/* A reference, unless `d` is dying. RCU. */
bool dentry_get_rcu(struct dentry *d);
/* The same as dentry_find for a known hash. */
struct dentry *dentry_find_hashed(struct dentry *parent, const char *name, size_t n, u32 hash);
/*
 * rename: `d` takes the name and place of `replaced`, which is unhashed in the same step. rename_lock and both
 * directories' locks held.  long_text: from dentry_name_copy(replaced), taken over.
 */
void dentry_move(struct dentry *d, struct dentry *parent, struct dentry *replaced, char *long_text);
void dentry_exchange(struct dentry *a, struct dentry *b);
/* What dentry_move needs for a name that is long (else *out NULL). -ENOMEM. */
int dentry_name_copy(const struct dentry *d, char **out);
void dentry_name_drop(char *long_text);
/* Is `d` equal to or below `ancestor`? rename_lock held. */
bool dentry_is_below(const struct dentry *d, const struct dentry *ancestor);
/* All dentries of a super go; nobody uses it any more. */
void dcache_evict(struct dentry *root);
void dcache_init(void);
extern struct mutex rename_lock;
/*
 * Where an inode's lock stands among others of inodes: a directory's (the first one), another's that
 * is not above it, and what is removed or replaced in it.
 */
enum { INODE_SECOND_DIR = 1, INODE_VICTIM = 2 };

/* --- inode.c --- */
void inodes_init(void);
struct timestamp timestamp_now(void);
/* Reading touched `f`: its access time follows, as mount options say. */
void file_accessed(struct file *f);
void path_accessed(const struct path *p);
/* A write takes setuid and setgid bits away. lock held for writing. */
void inode_strip_suid(struct inode *i);
static inline bool inode_is(const struct inode *i, u32 type) { return (i->mode & S_IFMT) == type; }

/* What getdents calls a file's type: the mode's, shifted. */
#define DIRENT_DIR (S_IFDIR >> 12)
static inline unsigned dirent_type(u32 mode) { return mode >> 12 & 15; }

/* --- path.c --- */

/* A name from user space, with room to be read by words. */
struct user_name {
	char *s;
	size_t n;
	char small[248];
};
/* -EFAULT, -ENAMETOOLONG, -ENOENT (empty, unless LOOKUP_EMPTY). */
int user_name_get(struct user_name *u, uptr_t p, unsigned flags) must_check;
static inline void user_name_end_(struct user_name *u)
{
	if (u->s != u->small)
		kfree(u->s);
}
#define USER_NAME(u) struct user_name u __attribute__((cleanup(user_name_end_))); u.s = u.small

enum last_type { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

/* The parent of what a path names, and the last component: for calls that make or remove names. */
struct parent_path {
	struct path path;       /* a directory, referenced */
	enum last_type type;
	const char *last;       /* readable by words; not terminated */
	size_t length;
	bool trailing_slash;
	char *buffer;           /* to be freed: holds `last` if links were followed */
};
int path_lookup_name(int dirfd, const char *name, unsigned flags, struct path *out) must_check; /* name as in user_name */
int path_lookup_parent(int dirfd, const char *name, unsigned flags, struct parent_path *out) must_check;
void parent_path_end(struct parent_path *p);
/* Looks up a name in a directory whose lock is held for writing. Referenced (maybe negative) dentry. */
int dir_lookup(struct dentry *dir, const char *name, size_t n, struct dentry **out) must_check;
/* The same, taking the lock only if it must; on a pinned file system *out may be NULL for a missing name. */
int path_child(struct dentry *dir, const char *name, size_t n, struct dentry **out) must_check;
/* Can nothing be in `dir` but what the cache holds? */
static inline bool dir_is_pinned(const struct inode *dir) { return !dir->ops->lookup; }
/* Does the file system make up what is in `dir` (/proc)?  A name that it does not know cannot be made: -ENOENT. */
static inline bool dir_is_closed(const struct inode *dir) { return dir->ops->lookup && !dir->ops->create; }

/* The target of open with creation: path_open.c drives, open.c opens. */
struct open_request {
	int flags;              /* O_* as checked */
	u32 mode;               /* S_IFREG | permissions, umask not yet applied */
	unsigned lookup;        /* LOOKUP_* */
	unsigned access;        /* MAY_* */
};
int path_open(int dirfd, const char *name, const struct open_request *r, struct file **out) must_check;

struct fs_context *fs_current(void);
void fs_root_get(struct path *root);
void fs_cwd_get(struct path *cwd);
extern struct fs_context fs_context_kernel;

/* --- open.c / file.c --- */
int file_new(const struct path *p, const struct open_request *r, bool created, struct file **out) must_check;
struct file *file_alloc(const struct path *p, int flags, unsigned mode); /* takes references; NULL */
int open_may(const struct path *p, const struct open_request *r, bool created) must_check;
int inode_truncate(const struct path *p, struct file *f, u64 size) must_check;
void files_init(void);
void file_init(void);
/* Counts a writer (of a regular file): -ETXTBSY while the file is being run. */
int inode_deny_exec(struct inode *i);
void inode_allow_exec(struct inode *i);
/* The file system of `p` may be written to. -EROFS */
static inline int path_writable(const struct path *p)
{
	return mount_readonly(p->mount) ? -EROFS : 0;
}

/* Super flag: the names of its dentries are whole, as they stand ("pipe:[7]"). */
#define SB_ANON (1U << 31)
struct dentry *dentry_make_root_named(struct inode *i, const char *name);


/* --- files.c --- */
/* fd_install_new for descriptors >= from. */
int fd_install_from(struct file *f, u32 from, bool cloexec);
/* Puts `f` (takes a reference) at `fd`, closing what is there. -EBADF, -EBUSY, -ENOMEM */
int fd_replace(int fd, struct file *f, bool cloexec);
int fd_flags_get(int fd);
int fd_flags_set(int fd, bool cloexec);
void fd_close_range(u32 first, u32 last, bool mark);
/* close(2) of a file taken out of the current table. */
int file_close(struct file *f);

/* --- read_write.c --- */
ssize_t file_read(struct file *f, struct uio *u, u64 *pos);  /* checks, then the operation */
ssize_t file_write(struct file *f, struct uio *u, u64 *pos);
/* How much of `n` bytes at `pos` RLIMIT_FSIZE and the file system allow; -EFBIG (with SIGXFSZ). */
ssize_t write_limit(struct file *f, u64 pos, size_t n);

/* --- namei_calls.c --- */
int dir_may_create(struct inode *dir);
/* Sticky directories and the like: may the current task remove `victim` from `dir`? */
int dir_may_delete(struct inode *dir, struct inode *victim, bool is_dir);

/* --- locks.c --- */
struct flock;
s64 file_lock_get(struct file *f, int cmd, uptr_t arg);
s64 file_lock_set(struct file *f, int cmd, uptr_t arg);
/* close(2) by `files` drops its POSIX locks; the last reference the file's own. */
void locks_close(struct file *f, struct files *owner);
void locks_release(struct file *f);
void locks_init(void);

/* --- pipe.c --- */
extern const struct file_ops pipe_ops, fifo_ops;
int fifo_open(struct inode *i, struct file *f);
s64 pipe_get_size(struct file *f);
s64 pipe_set_size(struct file *f, u64 size);
void pipes_init(void);

/* --- poll.c, epoll.c --- */
void epoll_file_gone(struct file *f);
void epoll_init(void);
static inline unsigned file_poll(struct file *f, struct poll_table *pt)
{
	unsigned always = 0x145; /* EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM */

	return f->ops->poll ? f->ops->poll(f, pt) : always;
}

/* --- tmpfs/memfd.c --- */
s64 memfd_add_seals(struct file *f, unsigned seals);
s64 memfd_get_seals(struct file *f);

/* --- mount.c --- */
void mounts_init(void);
struct fs_type *fs_type_nth(unsigned i);
int mount_bind(const struct path *from, const struct path *at, bool recursive);
int mount_move(const struct path *from, const struct path *at);
int mount_remount(const struct path *at, unsigned flags, const char *data, bool bind);
/* A mount of `s` that hangs nowhere: for files without a name. */
int mount_root_super(struct super *s);
struct mount *mount_new_internal(struct super *s);

void tmpfs_init(void);
void anon_init(void);
