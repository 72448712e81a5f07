/* SPDX-License-Identifier: MIT */
/* What the compiler can do for us, under short names. */
#pragma once

#include <lib/types.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((noinline))
#define always_inline inline __attribute__((always_inline))
#define noreturn __attribute__((noreturn))
#define unused __attribute__((unused))
#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define aligned_to(n) __attribute__((aligned(n)))
#define in_section(s) __attribute__((section(s), used))
#define no_sanitize __attribute__((no_sanitize("address", "undefined")))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define BUILD_ASSERT(cond) _Static_assert(cond, #cond)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(x, n) (((x) + (n) - 1) / (n))

/* Names of their own at each use, so that they nest without shadowing. */
#define MIN_MAX_(a, b, op, a_, b_) \
	({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ op b_ ? a_ : b_; })
#define MIN_MAX__(a, b, op, n) MIN_MAX_(a, b, op, GUARD_NAME_(a_, n), GUARD_NAME_(b_, n))
#define min(a, b) MIN_MAX__(a, b, <, __COUNTER__)
#define max(a, b) MIN_MAX__(a, b, >, __COUNTER__)

/* One access, neither torn, repeated nor removed by the compiler. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier() __asm__ volatile("" ::: "memory")

/* A name made unique by the line it stands on, for scope guards. */
#define GUARD_NAME_(n, l) n##l
#define GUARD_NAME__(n, l) GUARD_NAME_(n, l)
#define GUARD_NAME(n) GUARD_NAME__(n, __LINE__)
