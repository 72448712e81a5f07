/* SPDX-License-Identifier: MIT */
/* Without an address space every user address is bad: the fix-ups are what is tested. */
#include <debug/selftest.h>
#include <lib/string.h>
#include <mm/usercopy.h>

SELFTEST(mm_usercopy_bad_addresses)
{
	static const u64 bad[] = { 0, 8, USER_MIN, 0x12345678000, USER_MAX - 64, USER_MAX, USER_MAX + 1,
				   0x7fffffffffffffffULL, 0x8000000000000000ULL, DIRECT_MAP_BASE, IMAGE_BASE,
				   ~0ULL };
	u8 buf[64];
	u32 v32 = 7;
	u64 v64 = 7;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		uptr_t u = UPTR(bad[i]);

		memset(buf, 0x33, sizeof(buf));
		CHECK(usercopy_in(buf, u, sizeof(buf)) == sizeof(buf));
		CHECK(!memchr_inv(buf, 0x33, sizeof(buf)));
		CHECK(usercopy_out(u, buf, sizeof(buf)) == sizeof(buf));
		CHECK(usercopy_clear(u, sizeof(buf)) == sizeof(buf));
		CHECK(copy_from_user(buf, u, sizeof(buf)) == -EFAULT);
		CHECK(get_user_u32(&v32, u) == -EFAULT && v32 == 7);
		CHECK(get_user_u64(&v64, u) == -EFAULT && v64 == 7);
		CHECK(put_user_u32(u, 1) == -EFAULT);
		CHECK(put_user_u64(u, 1) == -EFAULT);
		CHECK(strncpy_from_user((char *)buf, u, sizeof(buf)) == -EFAULT);
		CHECK(strnlen_user(u, 100) == -EFAULT);
	}
}

SELFTEST(mm_usercopy_nothing)
{
	u8 c = 1;

	CHECK(copy_from_user(&c, UPTR(0), 0) == 0);
	CHECK(copy_to_user(UPTR(0x1000), &c, 0) == 0);
	CHECK(!user_range_ok(UPTR(~0ULL), 2));
	CHECK(!user_range_ok(UPTR(16), ~0UL));
	CHECK(user_range_ok(UPTR(USER_MAX - 1), 1));
	CHECK(!user_range_ok(UPTR(USER_MAX - 1), 2));
}

SELFTEST(mm_pagefault_nesting)
{
	CHECK(!pagefault_disabled());
	pagefault_disable();
	pagefault_disable();
	CHECK(pagefault_disabled());
	pagefault_enable();
	CHECK(pagefault_disabled());
	pagefault_enable();
	CHECK(!pagefault_disabled());
}
