/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include <proc/elf.h>
#include <asm/errno.h>

/* The first two bytes say how long the file claims to be, in units of 16 bytes. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct elf_image image;
	u64 file_size;
	int err;

	if (size < 2)
		return 0;
	file_size = (u64)(data[0] | data[1] << 8) * 16;
	err = elf_parse(data + 2, size - 2, file_size, &image);
	REQUIRE(err == 0 || err == -ENOEXEC || err == -EINVAL);
	if (err)
		return 0;
	REQUIRE(image.load_count > 0 && image.load_count <= ELF_MAX_LOADS);
	REQUIRE(image.start < image.end && image.end <= 0x7ffffffff000);
	REQUIRE(image.start % PAGE_SIZE == 0 && image.end % PAGE_SIZE == 0);
	for (unsigned i = 0; i < image.load_count; i++) {
		const struct elf_segment *s = &image.loads[i];

		REQUIRE(s->memsz > 0 && s->filesz <= s->memsz);
		REQUIRE(s->vaddr >= image.start && s->vaddr + s->memsz <= image.end);
		REQUIRE(s->vaddr + s->memsz > s->vaddr);
		REQUIRE(s->offset <= file_size && s->filesz <= file_size - s->offset);
		REQUIRE((s->vaddr - s->offset) % PAGE_SIZE == 0);
	}
	if (image.interp_len)
		REQUIRE(image.interp_offset + image.interp_len <= file_size);
	return 0;
}
