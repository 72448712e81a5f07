/* SPDX-License-Identifier: MIT */
/*
 * Kernel address sanitizer, in the outline manner: the compiler calls a function
 * before every access to memory.
 *
 * Each 8 bytes of checked memory have a shadow byte at (address >> 3) +
 * KASAN_SHADOW_OFFSET; see enum kasan_shadow_value.  Checked are the direct map
 * (mm/kasan.c maps its shadow) and the kernel image, from kasan_start on; all
 * other addresses (stacks, vmalloc, device memory, frame array) pass.
 *
 * This file and those who look behind the sanitizer's back are not instrumented.
 */
#include <arch/cpu.h>
#include <debug/kasan.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <mm/kasan.h>
#include <mm/layout.h>
#include <sync/atomic.h>

#undef memcpy
#undef memmove
#undef memset
#undef memcmp

void *__memset(void *dst, int byte, size_t n);
void *__memcpy(void *dst, const void *src, size_t n);
void *__memmove(void *dst, const void *src, size_t n);
int __memcmp(const void *a, const void *b, size_t n);

extern char image_start[], image_end[]; /* kernel.ld */
extern void (*const init_array_start[])(void), (*const init_array_end[])(void);

bool kasan_on;
void (*kasan_describe)(u64 addr);
static u64 direct_map_end;

static bool expecting;   /* a self-test wants reports */
static unsigned reports; /* atomic: since kasan_expect_begin */
static u32 reporting;    /* atomic: checks are off while a report is made */

static u8 *shadow_of(u64 addr)
{
	return (u8 *)((addr >> 3) + KASAN_SHADOW_OFFSET);
}

static always_inline bool has_shadow(u64 addr)
{
	return (addr >= DIRECT_MAP_BASE && addr < direct_map_end) ||
	       (addr >= (u64)image_start && addr < (u64)image_end);
}

/* First shadow byte that forbids part of [addr, addr + size), or NULL. */
static always_inline u8 *find_bad(u64 addr, size_t size)
{
	u64 last = addr + size - 1;
	u8 *p = shadow_of(addr), *end = shadow_of(last);

	for (; p < end && (u64)p % 8; p++)
		if (*p)
			return p;
	for (; p + 8 <= end && !*(u64 *)p; p += 8)
		;
	for (; p < end; p++)
		if (*p)
			return p;
	return *end && (s8)(last & 7) >= (s8)*end ? end : NULL;
}

static const char *reason_of(const u8 *shadow)
{
	u8 value = *shadow;

	if (value && value < 8) /* the rest of the object is behind it */
		value = shadow[1] ? shadow[1] : KASAN_REDZONE;
	switch (value) {
	case KASAN_FREE_FRAME: return "use-after-free (frame)";
	case KASAN_FREE_OBJECT: return "use-after-free";
	case KASAN_GLOBAL_REDZONE: return "global-out-of-bounds";
	default: return "out-of-bounds";
	}
}

static void shadow_log(u64 addr)
{
	u8 *p = (u8 *)((u64)shadow_of(addr) & ~15UL);

	for (int row = -1; row <= 1; row++) {
		u8 *r = p + row * 16;
		u64 covered = ((u64)r - KASAN_SHADOW_OFFSET) << 3;

		if (!has_shadow(covered))
			continue;
		log_err("  shadow of %016lx: %02x %02x %02x %02x %02x %02x %02x %02x "
			"%02x %02x %02x %02x %02x %02x %02x %02x",
			covered, r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7],
			r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
	}
}

/* Counts an expected report; else claims the right to report. False: nothing to print. */
static bool report_begin(void)
{
	atomic_inc(&reports);
	return !expecting && !panic_in_progress && !atomic_exchange(&reporting, 1);
}

static noreturn void report_end(u64 addr, const char *what)
{
	if (panic_describe_task)
		panic_describe_task(cpu_id());
	if (kasan_describe)
		kasan_describe(addr);
	shadow_log(addr);
	panic("KASAN: %s at %#lx", what, addr);
}

static noinline void report(u64 addr, size_t size, bool write, u64 ip)
{
	u8 *bad = find_bad(addr, size);
	u64 first = max(addr, ((u64)bad - KASAN_SHADOW_OFFSET) << 3);

	if (!report_begin())
		return;
	log_err("KASAN: %s %s of size %lu at %#lx by CPU %u, code at %#lx", reason_of(bad),
		write ? "write" : "read", size, addr, cpu_id(), ip);
	report_end(first, reason_of(bad));
}

void kasan_report_free(const void *p, const char *what)
{
	if (!report_begin())
		return;
	log_err("KASAN: %s of %p by CPU %u", what, p, cpu_id());
	report_end((u64)p, what);
}

static always_inline void check(u64 addr, size_t size, bool write, u64 ip)
{
	if (unlikely(!kasan_on || !has_shadow(addr) || !size))
		return;
	if (likely(!find_bad(addr, size)))
		return;
	if (!reporting)
		report(addr, size, write, ip);
}

#define CALLER ((u64)__builtin_return_address(0))

void kasan_check_read(const void *p, size_t n) { check((u64)p, n, false, CALLER); }
void kasan_check_write(const void *p, size_t n) { check((u64)p, n, true, CALLER); }

/* --- Shadow --------------------------------------------------------------------------------- */

void kasan_forbid(const void *p, size_t n, u8 why)
{
	if (kasan_on && has_shadow((u64)p))
		__memset(shadow_of((u64)p), why, n / 8);
}

void kasan_allow(const void *p, size_t n)
{
	if (!kasan_on || !has_shadow((u64)p))
		return;
	__memset(shadow_of((u64)p), KASAN_ALLOWED, n / 8);
	if (n % 8)
		*shadow_of((u64)p + n) = n % 8;
}

void kasan_start(u64 ram_top)
{
	direct_map_end = DIRECT_MAP_BASE + ram_top;
	kasan_on = true;
}

void kasan_init(void)
{
	for (void (*const *f)(void) = init_array_start; f < init_array_end; f++)
		(*f)();
}

void kasan_expect_begin(void)
{
	reports = 0;
	expecting = true;
}

unsigned kasan_expect_end(void)
{
	expecting = false;
	return reports;
}

/* --- What the compiler calls ---------------------------------------------------------------- */

#define ACCESS(size)                                                                               \
	void __asan_load##size##_noabort(u64 addr);                                                \
	void __asan_load##size##_noabort(u64 addr) { check(addr, size, false, CALLER); }           \
	void __asan_store##size##_noabort(u64 addr);                                               \
	void __asan_store##size##_noabort(u64 addr) { check(addr, size, true, CALLER); }

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __asan_loadN_noabort(u64 addr, size_t size);
void __asan_loadN_noabort(u64 addr, size_t size) { check(addr, size, false, CALLER); }
void __asan_storeN_noabort(u64 addr, size_t size);
void __asan_storeN_noabort(u64 addr, size_t size) { check(addr, size, true, CALLER); }

void __asan_handle_no_return(void);
void __asan_handle_no_return(void) {}

/* As GCC's asan.cc lays it out (version 8 of the interface). */
struct asan_global {
	const void *start;
	size_t size, size_with_redzone;
	const char *name, *module;
	size_t has_dynamic_init;
	const void *location;
	size_t odr_indicator;
};

void __asan_register_globals(struct asan_global *g, size_t n);
void __asan_register_globals(struct asan_global *g, size_t n)
{
	for (; n--; g++) {
		size_t whole = ALIGN_UP(g->size, 8UL);

		kasan_allow(g->start, g->size);
		kasan_forbid((const char *)g->start + whole, g->size_with_redzone - whole,
			     KASAN_GLOBAL_REDZONE);
	}
}

void __asan_unregister_globals(struct asan_global *g, size_t n);
void __asan_unregister_globals(struct asan_global *g, size_t n) {}

/* Stacks have no shadow. */
void __asan_alloca_poison(u64 addr, size_t size);
void __asan_alloca_poison(u64 addr, size_t size) {}
void __asan_allocas_unpoison(u64 top, u64 bottom);
void __asan_allocas_unpoison(u64 top, u64 bottom) {}
void __asan_poison_stack_memory(u64 addr, size_t size);
void __asan_poison_stack_memory(u64 addr, size_t size) {}
void __asan_unpoison_stack_memory(u64 addr, size_t size);
void __asan_unpoison_stack_memory(u64 addr, size_t size) {}

#define SET_SHADOW(value)                                                                          \
	void __asan_set_shadow_##value(u8 *shadow, size_t n);                                      \
	void __asan_set_shadow_##value(u8 *shadow, size_t n) {}

SET_SHADOW(00)
SET_SHADOW(f1)
SET_SHADOW(f2)
SET_SHADOW(f3)
SET_SHADOW(f5)
SET_SHADOW(f8)

/* These take the place of string.asm's weak names. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	check((u64)src, n, false, CALLER);
	check((u64)dst, n, true, CALLER);
	return __memcpy(dst, src, n);
}

void *memmove(void *dst, const void *src, size_t n)
{
	check((u64)src, n, false, CALLER);
	check((u64)dst, n, true, CALLER);
	return __memmove(dst, src, n);
}

void *memset(void *dst, int byte, size_t n)
{
	check((u64)dst, n, true, CALLER);
	return __memset(dst, byte, n);
}

int memcmp(const void *a, const void *b, size_t n)
{
	check((u64)a, n, false, CALLER);
	check((u64)b, n, false, CALLER);
	return __memcmp(a, b, n);
}
