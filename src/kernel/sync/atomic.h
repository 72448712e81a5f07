/* SPDX-License-Identifier: MIT */
/* Atomic operations on plain integers and pointers; the order is in the name where it is not the strongest. */
#pragma once

#include <lib/compiler.h>

#define atomic_load(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define atomic_load_relaxed(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define atomic_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define atomic_store_relaxed(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define atomic_exchange(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define atomic_add_fetch(p, n) __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST)
#define atomic_sub_fetch(p, n) __atomic_sub_fetch(p, n, __ATOMIC_SEQ_CST)
#define atomic_fetch_add(p, n) __atomic_fetch_add(p, n, __ATOMIC_SEQ_CST)
#define atomic_fetch_or(p, n) __atomic_fetch_or(p, n, __ATOMIC_SEQ_CST)
#define atomic_fetch_and(p, n) __atomic_fetch_and(p, n, __ATOMIC_SEQ_CST)
#define atomic_or(p, n) ((void)__atomic_or_fetch(p, n, __ATOMIC_SEQ_CST))
#define atomic_and(p, n) ((void)__atomic_and_fetch(p, n, __ATOMIC_SEQ_CST))
#define atomic_inc(p) ((void)__atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST))
#define atomic_dec(p) ((void)__atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST))
/* true when *p was *old and is now `new`; else *old is what was found. */
#define atomic_cas(p, old, new) \
	__atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
#define memory_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
