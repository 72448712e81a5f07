/* SPDX-License-Identifier: MIT */
/*
 * The basic types.  Two kinds of address are structs of their own, so that
 * no cast-free code can mix them with pointers:
 *
 *   paddr_t  a physical address
 *   uptr_t   an address that a user program gave (see mm/usercopy.h)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#ifndef SKERRY_HOST
typedef s64 ssize_t;
typedef s64 loff_t;
typedef s32 pid_t;
typedef u32 uid_t;
typedef u32 gid_t;
typedef u32 mode_t;
typedef u64 dev_t;
typedef u64 ino_t;
#endif

typedef struct {
	u64 raw;
} paddr_t;

typedef struct {
	u64 raw;
} uptr_t;

#define PADDR(x) ((paddr_t){ (u64)(x) })
#define UPTR(x) ((uptr_t){ (u64)(x) })

static inline paddr_t paddr_add(paddr_t p, u64 n)
{
	return PADDR(p.raw + n);
}

static inline uptr_t uptr_add(uptr_t p, u64 n)
{
	return UPTR(p.raw + n);
}

static inline bool uptr_null(uptr_t p)
{
	return p.raw == 0;
}

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (PAGE_SIZE - 1)

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)
