/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "bytes.h"
#include <lib/cpio.h>

static void entry(struct bytes *b, const char *name, u32 mode, const char *data, size_t pad)
{
	char header[120];
	size_t name_size = strlen(name) + 1 + pad, size = strlen(data);

	snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		 7, mode, 1000, 100, 2, 0x60000000, size, 8, 1, 4, 64, name_size, 0);
	put_text(b, header, 110);
	put_text(b, name, strlen(name));
	for (size_t i = strlen(name); i < name_size; i++)
		put_u8(b, 0);
	put_align(b, 4);
	put_text(b, data, size);
	put_align(b, 4);
}

static void archive(struct bytes *b)
{
	b->len = 0;
	entry(b, "dir", 040755, "", 0);
	entry(b, "dir/file", 0100644, "hello", 0);
	entry(b, "TRAILER!!!", 0, "", 0);
}

/* Walk it all, touching every byte that is handed out. */
static int walk(const u8 *data, size_t len, size_t *count, size_t *error_at)
{
	u8 *copy = exact(data, len);
	struct cpio_iter it;
	struct cpio_entry e;
	int result;
	volatile u8 sum = 0;

	*count = 0;
	cpio_init(&it, copy, len);
	while ((result = cpio_next(&it, &e)) == CPIO_ENTRY) {
		assert_int_equal(strlen(e.name), e.name_len);
		for (u32 i = 0; i < e.size; i++)
			sum += e.data[i];
		(*count)++;
	}
	*error_at = it.pos;
	free(copy);
	return result;
}

TEST(entries)
{
	static struct bytes b;
	struct cpio_iter it;
	struct cpio_entry e;

	archive(&b);
	cpio_init(&it, b.data, b.len);
	assert_int_equal(cpio_next(&it, &e), CPIO_ENTRY);
	assert_string_equal(e.name, "dir");
	assert_int_equal(e.mode, 040755);
	assert_int_equal(e.size, 0);
	assert_int_equal(cpio_next(&it, &e), CPIO_ENTRY);
	assert_string_equal(e.name, "dir/file");
	assert_int_equal(e.ino, 7);
	assert_int_equal(e.uid, 1000);
	assert_int_equal(e.gid, 100);
	assert_int_equal(e.nlink, 2);
	assert_int_equal(e.mtime, 0x60000000);
	assert_int_equal(e.dev_major, 8);
	assert_int_equal(e.dev_minor, 1);
	assert_int_equal(e.rdev_major, 4);
	assert_int_equal(e.rdev_minor, 64);
	assert_int_equal(e.size, 5);
	assert_memory_equal(e.data, "hello", 5);
	assert_int_equal(cpio_next(&it, &e), CPIO_END);
	assert_int_equal(cpio_next(&it, &e), CPIO_END);
}

TEST(padded_names)
{
	static struct bytes b;
	struct cpio_iter it;
	struct cpio_entry e;

	b.len = 0;
	entry(&b, "file", 0100644, "data", 4096 - 110 - 5);
	cpio_init(&it, b.data, b.len);
	assert_int_equal(cpio_next(&it, &e), CPIO_ENTRY);
	assert_int_equal(e.name_len, 4);
	assert_int_equal(e.data - b.data, 4096);
	assert_int_equal(cpio_next(&it, &e), CPIO_END);
}

TEST(several_archives_and_padding)
{
	static struct bytes b;
	size_t count, at;

	archive(&b);
	put_align(&b, 512);
	entry(&b, "second", 0100644, "x", 0);
	entry(&b, "TRAILER!!!", 0, "", 0);
	put_align(&b, 512);
	assert_int_equal(walk(b.data, b.len, &count, &at), CPIO_END);
	assert_int_equal(count, 3);
	assert_int_equal(walk(b.data, 0, &count, &at), CPIO_END);
}

TEST(errors_say_where)
{
	static struct bytes b;
	size_t count, at, second;

	b.len = 0;
	entry(&b, "a", 0100644, "1234", 0);
	second = b.len;
	entry(&b, "b", 0100644, "1234", 0);

	b.data[second + 5] = '7';	/* the old format */
	assert_int_equal(walk(b.data, b.len, &count, &at), CPIO_BAD_MAGIC);
	assert_int_equal(at, second);
	assert_int_equal(count, 1);
	b.data[second + 5] = '1';

	b.data[second + 20] = 'g';
	assert_int_equal(walk(b.data, b.len, &count, &at), CPIO_BAD_DIGIT);
	b.data[second + 20] = '0';

	b.data[second + 110] = 0;
	assert_int_equal(walk(b.data, b.len, &count, &at), CPIO_BAD_NAME);
	b.data[second + 110] = 'b';
	b.data[second + 111] = 'b';
	assert_int_equal(walk(b.data, b.len, &count, &at), CPIO_BAD_NAME);
	b.data[second + 111] = 0;

	assert_int_equal(walk(b.data, b.len - 1, &count, &at), CPIO_TRUNCATED);
	assert_int_equal(at, second);
	assert_int_equal(walk(b.data, second + 50, &count, &at), CPIO_TRUNCATED);
	assert_int_equal(walk(b.data, second + 2, &count, &at), CPIO_TRUNCATED);
	assert_string_equal(cpio_strerror(CPIO_TRUNCATED), "the archive ends inside an entry");
}

TEST(sizes_do_not_overflow)
{
	static struct bytes b;
	size_t count, at;

	b.len = 0;
	entry(&b, "a", 0100644, "1234", 0);
	for (size_t field = 54; field <= 94; field += 40) {	/* size, name size */
		for (int i = 0; i < 8; i++)
			b.data[field + i] = 'f';
		assert_int_equal(walk(b.data, b.len, &count, &at), CPIO_TRUNCATED);
		for (int i = 0; i < 8; i++)
			b.data[field + i] = '0';
		assert_int_not_equal(walk(b.data, b.len, &count, &at), CPIO_END);
	}
}

TEST(survives_damage)
{
	static struct bytes b;
	size_t count, at;

	archive(&b);
	for (size_t i = 0; i < b.len; i++) {
		u8 old = b.data[i];

		for (unsigned v = 0; v < 256; v += 5) {
			b.data[i] = (u8)v;
			walk(b.data, b.len, &count, &at);
		}
		b.data[i] = old;
		walk(b.data, i, &count, &at);
	}
}

RUN(T(entries), T(padded_names), T(several_archives_and_padding), T(errors_say_where),
    T(sizes_do_not_overflow), T(survives_damage))
