/* SPDX-License-Identifier: MIT */
/*
 * The "newc" format. An archive is a sequence of these, headers and data each padded to 4 bytes:
 *
 *	+0    "070701"
 *	+6    13 numbers of 8 hexadecimal digits: ino mode uid gid nlink mtime size
 *	      dev_major dev_minor rdev_major rdev_minor name_size check
 *	+110  the name, name_size bytes with its NUL (more NULs may follow: padding that lets the
 *	      data begin on a page boundary)
 *	+...  size bytes of data
 */
#include <lib/cpio.h>
#include <lib/string.h>
#include <lib/compiler.h>

#define HEADER_SIZE 110
#define FIELDS 13

enum field {
	F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_SIZE,
	F_DEV_MAJOR, F_DEV_MINOR, F_RDEV_MAJOR, F_RDEV_MINOR, F_NAME_SIZE, F_CHECK,
};

void cpio_init(struct cpio_iter *it, const void *data, size_t len)
{
	it->data = data;
	it->len = len;
	it->pos = 0;
}

static bool read_fields(const u8 *p, u32 fields[FIELDS])
{
	for (unsigned i = 0; i < FIELDS; i++) {
		u32 v = 0;

		for (unsigned d = 0; d < 8; d++, p++) {
			int digit = char_hex_value((char)*p);

			if (digit < 0)
				return false;
			v = v << 4 | digit;
		}
		fields[i] = v;
	}
	return true;
}

/* Zero padding between archives and after the last one; archives start on 4-byte boundaries. */
static void skip_padding(struct cpio_iter *it)
{
	const u8 *next = memchr_inv(it->data + it->pos, 0, it->len - it->pos);

	it->pos = next ? ALIGN_DOWN((size_t)(next - it->data), 4) : it->len;
}

/* The entry at it->pos, and in *end where the next one begins. */
static int read_entry(const struct cpio_iter *it, struct cpio_entry *e, size_t *end)
{
	const u8 *header = it->data + it->pos;
	size_t left = it->len - it->pos;
	u64 data_at, total;
	u32 f[FIELDS];
	const u8 *nul;

	if (left < HEADER_SIZE)
		return left >= 6 && memcmp(header, "07070", 5) ? CPIO_BAD_MAGIC : CPIO_TRUNCATED;
	if (memcmp(header, "07070", 5) || (header[5] != '1' && header[5] != '2'))
		return CPIO_BAD_MAGIC;
	if (!read_fields(header + 6, f))
		return CPIO_BAD_DIGIT;

	data_at = ALIGN_UP((u64)HEADER_SIZE + f[F_NAME_SIZE], 4);
	total = data_at + f[F_SIZE];
	if (total > left)
		return CPIO_TRUNCATED;
	nul = memchr(header + HEADER_SIZE, 0, f[F_NAME_SIZE]);
	if (!nul || nul == header + HEADER_SIZE)
		return CPIO_BAD_NAME;

	*e = (struct cpio_entry){
		.name = (const char *)header + HEADER_SIZE,
		.name_len = nul - (header + HEADER_SIZE),
		.ino = f[F_INO], .mode = f[F_MODE], .uid = f[F_UID], .gid = f[F_GID],
		.nlink = f[F_NLINK], .mtime = f[F_MTIME],
		.dev_major = f[F_DEV_MAJOR], .dev_minor = f[F_DEV_MINOR],
		.rdev_major = f[F_RDEV_MAJOR], .rdev_minor = f[F_RDEV_MINOR],
		.data = header + data_at, .size = f[F_SIZE],
	};
	*end = it->pos + min(ALIGN_UP(total, 4), (u64)left);	/* the last padding may be missing */
	return CPIO_ENTRY;
}

int cpio_next(struct cpio_iter *it, struct cpio_entry *entry)
{
	for (;;) {
		struct cpio_entry e;
		size_t end;
		int result;

		if (it->pos < it->len && !it->data[it->pos])
			skip_padding(it);
		if (it->pos == it->len)
			return CPIO_END;
		result = read_entry(it, &e, &end);
		if (result != CPIO_ENTRY)
			return result;
		it->pos = end;
		if (!str_eq_len(e.name, e.name_len, "TRAILER!!!")) {
			*entry = e;
			return CPIO_ENTRY;
		}
	}
}

const char *cpio_strerror(int result)
{
	switch ((enum cpio_result)result) {
	case CPIO_ENTRY: return "no error";
	case CPIO_END: return "end of archive";
	case CPIO_BAD_MAGIC: return "no cpio header (070701) here";
	case CPIO_BAD_DIGIT: return "a header field is not hexadecimal";
	case CPIO_BAD_NAME: return "the name is empty or has no end";
	case CPIO_TRUNCATED: return "the archive ends inside an entry";
	}
	return "unknown error";
}
