/* SPDX-License-Identifier: MIT */
/*
 * Reference counts that saturate: one that overflows stays high for ever (the
 * object leaks) instead of reaching 0 early (use after free).
 */
#pragma once

#include <lib/compiler.h>
#include <debug/panic.h>

typedef struct {
	u32 count; /* atomic */
} refcount_t;

#define REFCOUNT_SATURATED 0xc0000000U
#define REFCOUNT_INIT(n) { n }

static inline void ref_init(refcount_t *r, u32 n)
{
	__atomic_store_n(&r->count, n, __ATOMIC_RELAXED);
}

static inline u32 ref_read(const refcount_t *r)
{
	return __atomic_load_n(&r->count, __ATOMIC_RELAXED);
}

/* The caller holds a reference already. */
static inline void ref_get(refcount_t *r)
{
	u32 old = __atomic_fetch_add(&r->count, 1, __ATOMIC_RELAXED);
	ASSERT_OP(old, !=, 0);
	if (unlikely(old >= REFCOUNT_SATURATED - 1))
		__atomic_store_n(&r->count, REFCOUNT_SATURATED + 0x10000000U, __ATOMIC_RELAXED);
}

/* Takes a reference unless the count is 0 already (the object is being freed). */
static inline bool ref_get_unless_zero(refcount_t *r)
{
	u32 old = ref_read(r);
	do {
		if (old == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&r->count, &old, old + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

/* true: that was the last one, the caller frees the object. */
static inline must_check bool ref_put(refcount_t *r)
{
	u32 old = __atomic_fetch_sub(&r->count, 1, __ATOMIC_ACQ_REL);
	ASSERT_OP(old, !=, 0);
	if (unlikely(old >= REFCOUNT_SATURATED))
		__atomic_store_n(&r->count, REFCOUNT_SATURATED + 0x10000000U, __ATOMIC_RELAXED);
	return old == 1;
}
