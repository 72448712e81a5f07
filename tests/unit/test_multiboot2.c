/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "bytes.h"
#include <lib/multiboot2.h>

static struct boot_info info;

static void begin(struct bytes *b)
{
	b->len = 0;
	put_u64(b, 0);
}

static void tag(struct bytes *b, u32 type, u32 payload)
{
	put_align(b, 8);
	put_u32(b, type);
	put_u32(b, payload + 8);
}

static void finish(struct bytes *b)
{
	tag(b, 0, 0);
	set_u32(b, 0, (u32)b->len);
}

static int parse(struct bytes *b)
{
	u8 *copy = exact(b->data, b->len);
	int err = mb2_parse(copy, b->len, &info);

	free(copy);	/* strings in info dangle from here on: check them with parse_kept */
	return err;
}

static int parse_kept(struct bytes *b)
{
	return mb2_parse(b->data, b->len, &info);
}

/* Everything a PC's loader gives. */
static void whole(struct bytes *b)
{
	begin(b);
	tag(b, 1, 6);
	put_text(b, "quiet", 6);
	tag(b, 2, 5);
	put_text(b, "GRUB", 5);
	tag(b, 3, 13);
	put_u32(b, 0x101000);
	put_u32(b, 0x201000);
	put_text(b, "root", 5);
	tag(b, 4, 8);
	put_u32(b, 639);
	put_u32(b, 1000000);
	tag(b, 6, 8 + 24 * 2);
	put_u32(b, 24);
	put_u32(b, 0);
	put_u64(b, 0);
	put_u64(b, 0x9fc00);
	put_u64(b, 1);
	put_u64(b, 0x100000);
	put_u64(b, 0x3ff00000);
	put_u64(b, 1);
	tag(b, 8, 30);
	put_u64(b, 0xfd000000);
	put_u32(b, 4096);
	put_u32(b, 1024);
	put_u32(b, 768);
	put_text(b, "\x20\x01\0\0\x10\x08\x08\x08\0\x08", 10);
	tag(b, 12, 8);
	put_u64(b, 0x3f5ec018);
	tag(b, 14, 20);
	put_text(b, "RSD PTR xOEMID\0\0\0\0\0\0", 20);
	tag(b, 17, 8 + 48 * 2);
	put_u32(b, 48);
	put_u32(b, 1);
	for (int i = 0; i < 2; i++) {
		put_u64(b, 7);
		put_u64(b, 0x100000 * (i + 1));
		put_u64(b, 0);
		put_u64(b, 256);
		put_u64(b, 0xf);
		put_u64(b, 0);
	}
	tag(b, 9, 12 + 64);
	put_u32(b, 1);
	put_u32(b, 64);
	put_u32(b, 0);
	for (int i = 0; i < 64; i++)
		put_u8(b, 0);
	tag(b, 20, 8);
	put_u64(b, 0x1234);
	tag(b, 21, 4);
	put_u32(b, 0x1600000);
	tag(b, 99, 3);	/* unknown */
	put_text(b, "abc", 3);
	finish(b);
}

TEST(everything)
{
	static struct bytes b;

	whole(&b);
	assert_int_equal(parse_kept(&b), MB2_OK);
	assert_string_equal(info.cmdline, "quiet");
	assert_string_equal(info.loader, "GRUB");
	assert_int_equal(info.module_count, 1);
	assert_int_equal(info.modules[0].start, 0x101000);
	assert_int_equal(info.modules[0].end, 0x201000);
	assert_string_equal(info.modules[0].cmdline, "root");
	assert_int_equal(info.mem_lower_kib, 639);
	assert_int_equal(info.mem_upper_kib, 1000000);
	assert_int_equal(info.region_count, 2);
	assert_int_equal(info.regions[1].start, 0x100000);
	assert_int_equal(info.regions[1].len, 0x3ff00000);
	assert_int_equal(info.regions[1].type, BOOT_REGION_AVAILABLE);
	assert_int_equal(info.fb.addr, 0xfd000000);
	assert_int_equal(info.fb.pitch, 4096);
	assert_int_equal(info.fb.width, 1024);
	assert_int_equal(info.fb.height, 768);
	assert_int_equal(info.fb.bpp, 32);
	assert_int_equal(info.fb.type, BOOT_FB_RGB);
	assert_int_equal(info.fb.red_pos, 16);
	assert_int_equal(info.fb.green_pos, 8);
	assert_int_equal(info.fb.blue_pos, 0);
	assert_int_equal(info.fb.blue_bits, 8);
	assert_int_equal(info.efi_system_table, 0x3f5ec018);
	assert_int_equal(info.efi_image_handle, 0x1234);
	assert_int_equal(info.rsdp_old_len, 20);
	assert_memory_equal(info.rsdp_old, "RSD PTR ", 8);
	assert_null(info.rsdp_new);
	assert_int_equal(info.efi_map.count, 2);
	assert_int_equal(boot_efi_desc(&info.efi_map, 1).phys, 0x200000);
	assert_int_equal(boot_efi_desc(&info.efi_map, 1).pages, 256);
	assert_int_equal(boot_efi_desc(&info.efi_map, 1).type, 7);
	assert_int_equal(boot_efi_desc(&info.efi_map, 1).attr, 0xf);
	assert_int_equal(info.elf_count, 1);
	assert_int_equal(info.load_base, 0x1600000);
}

TEST(nothing)
{
	static struct bytes b;

	begin(&b);
	finish(&b);
	assert_int_equal(parse(&b), MB2_OK);
	assert_string_equal(info.cmdline, "");
	assert_string_equal(info.loader, "");
	assert_int_equal(info.region_count, 0);
}

TEST(bad_frames)
{
	static struct bytes b;

	begin(&b);
	assert_int_equal(parse(&b), MB2_TOO_SHORT);
	put_u64(&b, 0);
	assert_int_equal(parse(&b), MB2_BAD_TOTAL);
	set_u32(&b, 0, 24);
	assert_int_equal(parse(&b), MB2_BAD_TOTAL);
	set_u32(&b, 0, 16);
	set_u32(&b, 8, 4242);
	set_u32(&b, 12, 8);
	assert_int_equal(parse(&b), MB2_NO_END);
	set_u32(&b, 12, 7);
	assert_int_equal(parse(&b), MB2_BAD_TAG_SIZE);
	set_u32(&b, 12, 9);
	assert_int_equal(parse(&b), MB2_BAD_TAG_SIZE);
	set_u32(&b, 12, 0xffffffff);
	assert_int_equal(parse(&b), MB2_BAD_TAG_SIZE);
	assert_int_equal(mb2_parse(b.data + 4, 16, &info), MB2_UNALIGNED);
}

/* One tag of the type with this payload. */
static int one(u32 type, const u8 *payload, size_t len)
{
	static struct bytes b;

	begin(&b);
	tag(&b, type, (u32)len);
	put_text(&b, (const char *)payload, len);
	finish(&b);
	return parse(&b);
}

TEST(short_tags)
{
	u8 zeros[64] = { 0 };

	assert_int_equal(one(1, zeros, 0), MB2_BAD_STRING);
	assert_int_equal(one(1, (const u8 *)"abc", 3), MB2_BAD_STRING);
	assert_int_equal(one(2, zeros, 0), MB2_BAD_STRING);
	assert_int_equal(one(3, zeros, 8), MB2_BAD_STRING);
	assert_int_equal(one(3, zeros, 9), MB2_OK);
	assert_int_equal(one(4, zeros, 7), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(6, zeros, 7), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(6, zeros, 8), MB2_BAD_MMAP);	/* entries of size 0 */
	assert_int_equal(one(8, zeros, 23), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(8, zeros, 24), MB2_BAD_FRAMEBUFFER);
	assert_int_equal(one(9, zeros, 11), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(12, zeros, 7), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(17, zeros, 8), MB2_BAD_EFI_MAP);
	assert_int_equal(one(20, zeros, 4), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(21, zeros, 3), MB2_BAD_TAG_SIZE);
	assert_int_equal(one(18, zeros, 0), MB2_OK);
	assert_true(info.efi_boot_services);
}

TEST(module_backwards)
{
	u8 payload[9] = { 0, 0x20, 0, 0, 0, 0x10, 0, 0, 0 };

	assert_int_equal(one(3, payload, 9), MB2_BAD_MODULE);
}

TEST(odd_regions)
{
	static struct bytes b;

	begin(&b);
	tag(&b, 6, 8 + 20 * 3 + 5);
	put_u32(&b, 20);
	put_u32(&b, 0);
	put_u64(&b, 0x1000);	/* empty: left out */
	put_u64(&b, 0);
	put_u32(&b, 1);
	put_u64(&b, ~0ULL - 0xfff);	/* past the end: cut */
	put_u64(&b, 0x5000);
	put_u32(&b, 2);
	put_u64(&b, 0x2000);
	put_u64(&b, 0x1000);
	put_u32(&b, 77);
	put_text(&b, "extra", 5);	/* not a whole entry */
	finish(&b);
	assert_int_equal(parse(&b), MB2_OK);
	assert_int_equal(info.region_count, 2);
	assert_true(info.regions[0].start + info.regions[0].len > info.regions[0].start);
	assert_int_equal(info.regions[1].type, 77);
	assert_string_equal(boot_region_name(77), "reserved (unknown type)");
}

TEST(more_than_fits)
{
	static struct bytes b;

	begin(&b);
	tag(&b, 6, 8 + 24 * (BOOT_MAX_REGIONS + 5));
	put_u32(&b, 24);
	put_u32(&b, 0);
	for (u64 i = 0; i < BOOT_MAX_REGIONS + 5; i++) {
		put_u64(&b, i << 20);
		put_u64(&b, 4096);
		put_u64(&b, 1);
	}
	for (int i = 0; i < BOOT_MAX_MODULES + 2; i++) {
		tag(&b, 3, 9);
		put_u64(&b, 0);
		put_u8(&b, 0);
	}
	finish(&b);
	assert_int_equal(parse(&b), MB2_OK);
	assert_int_equal(info.region_count, BOOT_MAX_REGIONS);
	assert_int_equal(info.regions_dropped, 5);
	assert_int_equal(info.module_count, BOOT_MAX_MODULES);
	assert_int_equal(info.modules_dropped, 2);
}

/* Each byte changed in turn, and each length cut off: never a read outside. */
TEST(survives_damage)
{
	static struct bytes b;
	static const u8 values[] = { 0, 1, 7, 0x7f, 0x80, 0xff };

	whole(&b);
	for (size_t i = 0; i < b.len; i++) {
		u8 old = b.data[i];

		for (size_t v = 0; v < sizeof(values); v++) {
			b.data[i] = values[v];
			assert_non_null(mb2_strerror(parse(&b)));
		}
		b.data[i] = old;
	}
	for (size_t len = 0; len < b.len; len++) {
		u8 *copy = exact(b.data, len);

		assert_int_not_equal(mb2_parse(copy, len, &info), MB2_OK);
		free(copy);
	}
}

RUN(T(everything), T(nothing), T(bad_frames), T(short_tags), T(module_backwards), T(odd_regions),
    T(more_than_fits), T(survives_damage))
