/* SPDX-License-Identifier: MIT */
/*
 * The only way to user memory.  Every routine checks the range against the user
 * half, may fault pages in (so may sleep; with preemption off an absent page is
 * -EFAULT instead), and copes with the memory changing or vanishing meanwhile.
 * A value is to be read once.
 */
#pragma once

#include <debug/lockdep.h>
#include <lib/compiler.h>
#include <mm/kasan.h>
#include <mm/layout.h>
#include <linux/errno.h>

static inline bool user_range_ok(uptr_t p, size_t n)
{
	return n <= USER_MAX && p.raw <= USER_MAX - n;
}

/* Raw copies: return the number of bytes NOT copied (0: all).  usercopy_in leaves the rest of dst as it was. */
size_t usercopy_in(void *dst, uptr_t src, size_t n) must_check;
size_t usercopy_out(uptr_t dst, const void *src, size_t n) must_check;
size_t usercopy_clear(uptr_t dst, size_t n) must_check;

/* All or -EFAULT. */
static inline must_check int copy_from_user(void *dst, uptr_t src, size_t n)
{
	might_fault();
	kasan_check_write(dst, n);
	return usercopy_in(dst, src, n) ? -EFAULT : 0;
}
static inline must_check int copy_to_user(uptr_t dst, const void *src, size_t n)
{
	might_fault();
	kasan_check_read(src, n);
	return usercopy_out(dst, src, n) ? -EFAULT : 0;
}
static inline must_check int clear_user(uptr_t dst, size_t n)
{
	might_fault();
	return usercopy_clear(dst, n) ? -EFAULT : 0;
}

/* One naturally aligned-or-not integer of 4 or 8 bytes (fast paths). */
int get_user_u8(u8 *v, uptr_t p) must_check;
int get_user_u32(u32 *v, uptr_t p) must_check;
int get_user_u64(u64 *v, uptr_t p) must_check;
int put_user_u8(uptr_t p, u8 v) must_check;
int put_user_u32(uptr_t p, u32 v) must_check;
int put_user_u64(uptr_t p, u64 v) must_check;

/* Futex words: atomic on an aligned u32. -EFAULT. *old is what was there. */
int cmpxchg_user_u32(uptr_t p, u32 *old, u32 new) must_check;

/*
 * A NUL-terminated string into dst[size].  Returns its length without the NUL;
 * -EFAULT, or -ENAMETOOLONG when there is no NUL in the first `size` bytes.
 */
ssize_t strncpy_from_user(char *dst, uptr_t src, size_t size) must_check;
/* Length without NUL up to max, -EFAULT, max+1 when longer. */
ssize_t strnlen_user(uptr_t src, size_t max) must_check;

#ifdef CONFIG_LOCKDEP
#define get_user_u8(v, p) (might_fault(), get_user_u8(v, p))
#define get_user_u32(v, p) (might_fault(), get_user_u32(v, p))
#define get_user_u64(v, p) (might_fault(), get_user_u64(v, p))
#define put_user_u8(p, v) (might_fault(), put_user_u8(p, v))
#define put_user_u32(p, v) (might_fault(), put_user_u32(p, v))
#define put_user_u64(p, v) (might_fault(), put_user_u64(p, v))
#define strncpy_from_user(dst, src, size) (might_fault(), strncpy_from_user(dst, src, size))
#define strnlen_user(src, max) (might_fault(), strnlen_user(src, max))
#endif

/* While this is in force faults on user memory are not served: the copies return early. Nests. */
void pagefault_disable(void);
void pagefault_enable(void);
bool pagefault_disabled(void);
