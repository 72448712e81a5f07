/* SPDX-License-Identifier: MIT */
/* Descriptor tables, and the working and root directories; shared by CLONE_FILES and CLONE_FS. */
#pragma once

#include <fs/vfs.h>
#include <sched/task.h>

struct fd_array {
	u32 size;            /* descriptors: a multiple of 64 */
	u64 *open, *cloexec; /* bitmaps behind `files` */
	struct file *files[];
};

struct files {
	refcount_t refs;
	spinlock_t lock;
	struct fd_array *array; /* RCU; grown under lock */
	u32 next_free;          /* lock: hint */
};

struct fs_context {
	refcount_t refs;
	spinlock_t lock;
	struct path root, cwd;  /* lock */
	u32 umask;
};

/*
 * The file behind `fd` for the length of a call.  Where the table is not shared the
 * file cannot go away meanwhile and no reference is taken.
 *
 *   FD_GUARD(f, fd);           struct file *f, NULL when fd is not open (or O_PATH)
 */
struct fd_ref {
	struct file *file;
	bool owned;
};
struct fd_ref fd_get_shared(int fd, unsigned but);
/* `but`: FMODE_* of files that do not count. */
static always_inline struct fd_ref fd_get_but(int fd, unsigned but)
{
	struct files *t = current->files;

	if (unlikely(ref_read(&t->refs) != 1))
		return fd_get_shared(fd, but);
	struct file *f = likely((u32)fd < t->array->size) ? t->array->files[fd] : NULL;
	if (but && likely(f) && unlikely(f->mode & but))
		f = NULL;
	return (struct fd_ref){ f, false };
}
static always_inline struct fd_ref fd_get(int fd) { return fd_get_but(fd, FMODE_PATH); } /* not O_PATH files */
static always_inline struct fd_ref fd_get_any(int fd) { return fd_get_but(fd, 0); }      /* those, too */
static inline void fd_ref_end_(struct fd_ref *r)
{
	if (r->owned)
		file_put(r->file);
}
#define FD_GUARD(f, fd)                                                        \
	struct fd_ref f##_ref_ __attribute__((cleanup(fd_ref_end_))) = fd_get(fd); \
	struct file *f = f##_ref_.file
#define FD_GUARD_ANY(f, fd)                                                    \
	struct fd_ref f##_ref_ __attribute__((cleanup(fd_ref_end_))) = fd_get_any(fd); \
	struct file *f = f##_ref_.file

/* Descriptors of the current table are below this (select looks no further). */
u32 fd_table_size(void);

/* A referenced file, NULL when not open. */
struct file *file_from_fd(int fd);

/* Reserves the lowest free descriptor >= min under RLIMIT_NOFILE: -EMFILE, -ENOMEM. */
int fd_reserve(int min, bool cloexec);
void fd_install(int fd, struct file *f); /* takes over the reference */
void fd_unreserve(int fd);
/* Reserve and install in one; on error the reference is dropped, too. */
int fd_install_new(struct file *f, bool cloexec);
/*
 * The same for two files, whose descriptors go to user memory as int[2] before anybody can use them. May sleep.
 * -EFAULT, -EMFILE, -ENOMEM
 */
int fd_install_pair(struct file *const f[2], bool cloexec, uptr_t out);
int fd_close(int fd);

struct files *files_new(void);
int files_copy(struct files *from, struct files **out); /* fork */
void files_put(struct files *f);
void files_close_on_exec(void);
bool fd_is_cloexec(int fd); /* false when it is not open */
/* For /proc/PID/fd of another task: n-th open descriptor >= *fd; referenced file or NULL. */
struct file *files_next(struct files *fs, int *fd);

struct fs_context *fs_context_new(void);
struct fs_context *fs_context_copy(struct fs_context *from); /* NULL: no memory */
void fs_context_put(struct fs_context *c);
