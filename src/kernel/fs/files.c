/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables.
 *
 * A table is one block: an array of files, and two bitmaps, of descriptors in use
 * and of those to be closed by exec.  A bit without a file is reserved by a call that is not
 * done yet.  next_free is at most the lowest free descriptor, so that the search
 * for one begins there.
 *
 * Who may look without the lock?  A table that belongs to one task alone
 * (refs 1) can be changed by that task only, so a call of that task reads it as it is, and
 * the file stays for the length of the call: no reference is taken.  In a shared table both are
 * needed.
 */
#include <fs/internal.h>
#include <lib/bitmap.h>
#include <mm/kmap.h>

#define DESCRIPTORS_MIN 64
#define DESCRIPTORS_MAX (1U << 20)

static struct slab_cache *tables;

static size_t array_bytes(u32 size)
{
	return sizeof(struct fd_array) + size * sizeof(struct file *) + size / 4;
}

static struct fd_array *array_new(u32 size)
{
	struct fd_array *a = kvmalloc(array_bytes(size));

	if (!a)
		return NULL;
	memset(a, 0, array_bytes(size));
	a->size = size;
	a->open = (u64 *)&a->files[size];
	a->cloexec = a->open + size / 64;
	return a;
}

static struct files *table_new(u32 size)
{
	struct files *t = slab_alloc(tables, 0);

	if (!t)
		return NULL;
	ref_init(&t->refs, 1);
	spin_init(&t->lock);
	t->next_free = 0;
	if ((t->array = array_new(size)))
		return t;
	slab_free(tables, t);
	return NULL;
}

struct files *files_new(void)
{
	return table_new(DESCRIPTORS_MIN);
}

/* --- Looking ---------------------------------------------------------------------------------- */

static inline struct file *slot(const struct fd_array *a, int fd)
{
	return likely((u32)fd < a->size) ? a->files[fd] : NULL;
}

static noinline struct file *get_shared(struct files *t, int fd)
{
	SPIN_GUARD(&t->lock);
	struct file *f = slot(t->array, fd);

	if (f)
		file_get(f);
	return f;
}

struct fd_ref fd_get_shared(int fd, unsigned but)
{
	struct file *f = get_shared(current->files, fd);

	if (f && unlikely(f->mode & but)) {
		file_put(f);
		f = NULL;
	}
	return (struct fd_ref){ f, f != NULL };
}

u32 fd_table_size(void)
{
	struct files *t = current->files;

	SPIN_GUARD(&t->lock);
	return t->array->size;
}

struct file *file_from_fd(int fd)
{
	struct file *f = get_shared(current->files, fd);

	if (f && f->mode & FMODE_PATH) {
		file_put(f);
		return NULL;
	}
	return f;
}

struct file *files_next(struct files *t, int *fd)
{
	SPIN_GUARD(&t->lock);
	struct fd_array *a = t->array;

	for (u32 i = *fd < 0 ? 0 : (u32)*fd; i < a->size; i++) {
		if (!a->files[i])
			continue;
		file_get(a->files[i]);
		*fd = (int)i;
		return a->files[i];
	}
	return NULL;
}

/* --- Taking ----------------------------------------------------------------------------------- */

/* Makes room for descriptor `want`. The lock is held, and given up meanwhile. */
static int grow(struct files *t, u32 want)
{
	struct fd_array *old = t->array;
	u32 size = old->size;

	while (size <= want)
		size *= 2;
	spin_unlock(&t->lock);
	struct fd_array *a = array_new(size);
	spin_lock(&t->lock);
	if (!a)
		return -ENOMEM;
	old = t->array;
	if (old->size >= size) { /* another thread was faster */
		spin_unlock(&t->lock);
		kvfree(a);
		spin_lock(&t->lock);
		return 0;
	}
	memcpy(a->files, old->files, old->size * sizeof a->files[0]);
	memcpy(a->open, old->open, old->size / 8);
	memcpy(a->cloexec, old->cloexec, old->size / 8);
	t->array = a;
	spin_unlock(&t->lock);
	kvfree(old);
	spin_lock(&t->lock);
	return 0;
}

static u32 find_free(const struct fd_array *a, u32 from)
{
	for (u32 w = from / 64; w < a->size / 64; w++) {
		u64 free = ~a->open[w];
		if (w == from / 64)
			free &= ~0ULL << (from % 64);
		if (free)
			return w * 64 + bit_first(free);
	}
	return max(a->size, from);
}

static inline void mark_cloexec(struct fd_array *a, u32 fd, bool on)
{
	if (on)
		bitmap_set(a->cloexec, fd);
	else
		bitmap_clear(a->cloexec, fd);
}

static u32 descriptor_limit(void)
{
	return (u32)min(rlimit_current(RLIMIT_NOFILE), (u64)DESCRIPTORS_MAX);
}

/* The lock is held. Descriptor or error. */
static int reserve_locked(struct files *t, u32 from, bool cloexec)
{
	u32 limit = descriptor_limit(), start = max(from, t->next_free), fd;

	for (;;) {
		fd = find_free(t->array, start);
		if (fd >= limit)
			return -EMFILE;
		if (fd < t->array->size)
			break;
		int err = grow(t, fd);
		if (err)
			return err;
	}
	bitmap_set(t->array->open, fd);
	mark_cloexec(t->array, fd, cloexec);
	if (start == t->next_free)
		t->next_free = fd + 1;
	return (int)fd;
}

int fd_reserve(int from, bool cloexec)
{
	struct files *t = current->files;

	SPIN_GUARD(&t->lock);
	return reserve_locked(t, (u32)from, cloexec);
}

void fd_install(int fd, struct file *f)
{
	struct files *t = current->files;

	SPIN_GUARD(&t->lock);
	ASSERT(bitmap_test(t->array->open, fd) && !t->array->files[fd]);
	t->array->files[fd] = f;
}

static void free_slot(struct files *t, u32 fd)
{
	t->array->files[fd] = NULL;
	bitmap_clear(t->array->open, fd);
	if (fd < t->next_free)
		t->next_free = fd;
}

void fd_unreserve(int fd)
{
	struct files *t = current->files;

	SPIN_GUARD(&t->lock);
	free_slot(t, (u32)fd);
}

int fd_install_from(struct file *f, u32 from, bool cloexec)
{
	struct files *t = current->files;

	spin_lock(&t->lock);
	int fd = reserve_locked(t, from, cloexec);
	if (likely(fd >= 0))
		t->array->files[fd] = f;
	spin_unlock(&t->lock);
	if (unlikely(fd < 0))
		file_put(f);
	return fd;
}

int fd_install_new(struct file *f, bool cloexec)
{
	return fd_install_from(f, 0, cloexec);
}

int fd_install_pair(struct file *const f[2], bool cloexec, uptr_t out)
{
	int fd[2] = { -1, -1 }, err;

	if ((fd[0] = fd_reserve(0, cloexec)) < 0)
		err = fd[0];
	else if ((fd[1] = fd_reserve(0, cloexec)) < 0)
		err = fd[1];
	else
		err = copy_to_user(out, fd, sizeof fd);
	if (likely(!err)) {
		fd_install(fd[0], f[0]);
		fd_install(fd[1], f[1]);
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			fd_unreserve(fd[i]);
		file_put(f[i]);
	}
	return err;
}

int fd_replace(int fd, struct file *f, bool cloexec)
{
	struct files *t = current->files;
	struct file *old = NULL;
	int err = 0;

	if ((u32)fd >= descriptor_limit())
		return -EBADF;
	spin_lock(&t->lock);
	if ((u32)fd >= t->array->size)
		err = grow(t, (u32)fd);
	if (!err) {
		old = t->array->files[fd];
		if (!old && bitmap_test(t->array->open, fd))
			err = -EBUSY;
	}
	if (!err) {
		file_get(f);
		t->array->files[fd] = f;
		bitmap_set(t->array->open, fd);
		mark_cloexec(t->array, (u32)fd, cloexec);
	}
	spin_unlock(&t->lock);
	if (old && !err)
		(void)file_close(old);
	return err ? err : fd;
}

int fd_flags_get(int fd)
{
	struct files *t = current->files;

	SPIN_GUARD(&t->lock);
	if (!slot(t->array, fd))
		return -EBADF;
	return bitmap_test(t->array->cloexec, fd) ? FD_CLOEXEC : 0;
}

bool fd_is_cloexec(int fd)
{
	return fd_flags_get(fd) > 0;
}

int fd_flags_set(int fd, bool cloexec)
{
	struct files *t = current->files;

	SPIN_GUARD(&t->lock);
	if (!slot(t->array, fd))
		return -EBADF;
	mark_cloexec(t->array, (u32)fd, cloexec);
	return 0;
}

/* --- Closing ---------------------------------------------------------------------------------- */

int file_close(struct file *f)
{
	int err = 0;

	if (unlikely(!list_empty(&f->inode->locks)))
		locks_close(f, current->files);
	if (f->ops->flush)
		err = f->ops->flush(f);
	file_put(f);
	return err;
}

int fd_close(int fd)
{
	struct files *t = current->files;

	spin_lock(&t->lock);
	struct file *f = slot(t->array, fd);
	if (likely(f))
		free_slot(t, (u32)fd);
	spin_unlock(&t->lock);
	return likely(f) ? file_close(f) : -EBADF;
}

/* Closes or marks all open descriptors of [first, last]. */
void fd_close_range(u32 first, u32 last, bool mark)
{
	struct files *t = current->files;

	spin_lock(&t->lock);
	for (u32 fd = first; fd <= last && fd < t->array->size; fd++) {
		struct file *f = t->array->files[fd];
		if (!f)
			continue;
		if (mark) {
			bitmap_set(t->array->cloexec, fd);
			continue;
		}
		free_slot(t, fd);
		spin_unlock(&t->lock);
		(void)file_close(f);
		spin_lock(&t->lock);
	}
	spin_unlock(&t->lock);
}

void files_close_on_exec(void)
{
	struct files *t = current->files;

	spin_lock(&t->lock);
	for (u32 w = 0; w < t->array->size / 64; w++) {
		u64 bits = t->array->cloexec[w] & t->array->open[w];
		t->array->cloexec[w] = 0;
		for (; bits; bits &= bits - 1) {
			u32 fd = w * 64 + bit_first(bits);
			struct file *f = t->array->files[fd];
			if (!f)
				continue;
			free_slot(t, fd);
			spin_unlock(&t->lock);
			(void)file_close(f);
			spin_lock(&t->lock);
		}
	}
	spin_unlock(&t->lock);
}

void files_put(struct files *t)
{
	if (!t || !ref_put(&t->refs))
		return;
	struct fd_array *a = t->array;
	for (u32 w = 0; w < a->size / 64; w++) {
		for (u64 bits = a->open[w]; bits; bits &= bits - 1) {
			struct file *f = a->files[w * 64 + bit_first(bits)];
			if (!f)
				continue;
			if (unlikely(!list_empty(&f->inode->locks)))
				locks_close(f, t);
			if (f->ops->flush)
				f->ops->flush(f);
			file_put(f);
		}
	}
	kvfree(a);
	slab_free(tables, t);
}

/* --- Copying ---------------------------------------------------------------------------------- */

static u32 size_needed(const struct fd_array *a)
{
	u32 words = a->size / 64;

	while (words > 1 && !a->open[words - 1])
		words--;
	return words * 64;
}

static void copy_array(struct fd_array *to, const struct fd_array *from)
{
	for (u32 w = 0; w < to->size / 64; w++) {
		u64 bits = from->open[w];
		to->cloexec[w] = from->cloexec[w];
		for (; bits; bits &= bits - 1) {
			u32 fd = w * 64 + bit_first(bits);
			struct file *f = from->files[fd];
			if (!f)
				continue; /* reserved by a call of another thread */
			file_get(f);
			to->files[fd] = f;
			bitmap_set(to->open, fd);
		}
	}
}

int files_copy(struct files *from, struct files **out)
{
	spin_lock(&from->lock); /* another thread may replace the array */
	u32 size = size_needed(from->array);
	spin_unlock(&from->lock);
	for (;;) {
		struct files *t = table_new(size);
		if (!t)
			return -ENOMEM;
		spin_lock(&from->lock);
		u32 now = size_needed(from->array);
		if (now <= size) {
			copy_array(t->array, from->array);
			t->next_free = find_free(t->array, 0);
			spin_unlock(&from->lock);
			*out = t;
			return 0;
		}
		spin_unlock(&from->lock);
		files_put(t);
		size = now;
	}
}

void files_init(void)
{
	tables = slab_create("files", sizeof(struct files), 0);
}
