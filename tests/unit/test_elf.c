/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "bytes.h"
#include <linux/elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <proc/elf.h>

#define FILE_SIZE 0x10000

static struct {
	Elf64_Ehdr h;
	Elf64_Phdr p[80];
} f;

static struct elf_image image;

static Elf64_Phdr load(u64 vaddr, u64 offset, u64 filesz, u64 memsz, u32 flags)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = vaddr, .p_offset = offset,
			     .p_filesz = filesz, .p_memsz = memsz, .p_flags = flags,
			     .p_align = 0x1000 };
}

static void good(void)
{
	memset(&f, 0, sizeof(f));
	memcpy(f.h.e_ident, "\177ELF\2\1\1", 7);
	f.h.e_type = ET_DYN;
	f.h.e_machine = EM_X86_64;
	f.h.e_phentsize = sizeof(Elf64_Phdr);
	f.h.e_phoff = sizeof(f.h);
	f.h.e_entry = 0x1040;
	f.h.e_phnum = 5;
	f.p[0] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = 0x318, .p_filesz = 28, .p_memsz = 28 };
	f.p[1] = load(0, 0, 0x600, 0x600, PF_R);
	f.p[2] = load(0x1000, 0x1000, 0x200, 0x200, PF_R | PF_X);
	f.p[3] = load(0x3db8, 0x2db8, 0x258, 0x1000, PF_R | PF_W);
	f.p[4] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };
}

static int parse_len(size_t len)
{
	u8 *copy = exact((const u8 *)&f, len);
	int err = elf_parse(copy, len, FILE_SIZE, &image);

	free(copy);
	return err;
}

static int parse(void) { return parse_len(sizeof(f)); }

TEST(dynamic_program)
{
	good();
	assert_int_equal(parse(), 0);
	assert_true(image.dynamic);
	assert_int_equal(image.entry, 0x1040);
	assert_int_equal(image.load_count, 3);
	assert_int_equal(image.loads[2].vaddr, 0x3db8);
	assert_int_equal(image.loads[2].filesz, 0x258);
	assert_int_equal(image.loads[2].memsz, 0x1000);
	assert_int_equal(image.loads[2].flags, PF_R | PF_W);
	assert_int_equal(image.phdr_vaddr, 64);
	assert_int_equal(image.start, 0);
	assert_int_equal(image.end, 0x5000);
	assert_int_equal(image.brk, 0x4db8);
	assert_int_equal(image.code_end, 0x1200);
	assert_int_equal(image.data_start, 0x3db8);
	assert_int_equal(image.data_end, 0x4010);
	assert_int_equal(image.interp_offset, 0x318);
	assert_int_equal(image.interp_len, 28);
	assert_int_equal(image.align, 0x1000);
	assert_false(image.stack_exec);
}

TEST(stack_flag_and_alignment)
{
	good();
	f.p[4].p_flags |= PF_X;
	f.p[2].p_align = 0x200000;
	f.p[3].p_align = 0x300000;	/* not a power of two */
	assert_int_equal(parse(), 0);
	assert_true(image.stack_exec);
	assert_int_equal(image.align, 0x200000);
}

TEST(not_executables)
{
#define BAD(change) do { good(); change; assert_int_equal(parse(), -ENOEXEC); } while (0)
	BAD(f.h.e_ident[0] = '#');
	BAD(f.h.e_ident[EI_CLASS] = ELFCLASS32);
	BAD(f.h.e_ident[EI_DATA] = ELFDATA2MSB);
	BAD(f.h.e_machine = EM_386);
	BAD(f.h.e_type = ET_REL);
	BAD(f.h.e_type = ET_CORE);
	BAD(f.h.e_phentsize = 32);
	BAD(f.h.e_phnum = 0);
	BAD(f.h.e_phnum = ELF_MAX_PHDRS + 1);
	BAD(f.h.e_phoff = sizeof(f));
	BAD(f.h.e_phoff = ~0ULL - 8);
	BAD(f.p[0].p_filesz = 1);
	BAD(f.p[0].p_filesz = 5000);
	BAD(f.p[0].p_offset = FILE_SIZE - 3);
	for (size_t len = 0; len < 64; len++) {
		good();
		assert_int_equal(parse_len(len), -ENOEXEC);
	}
	good();
	assert_int_equal(parse_len(64 + 5 * 56 - 1), -ENOEXEC);
	assert_int_equal(parse_len(64 + 5 * 56), 0);
}

TEST(senseless_segments)
{
#define WRONG(change) do { good(); change; assert_int_equal(parse(), -EINVAL); } while (0)
	WRONG(f.p[2].p_filesz = 0x201);			/* more than in memory */
	WRONG(f.p[2].p_vaddr += 1);			/* does not match the offset's page */
	WRONG(f.p[2].p_offset = FILE_SIZE);		/* past the end of the file */
	WRONG(f.p[2].p_offset = ~0ULL << 12);
	WRONG(f.p[3].p_memsz = ~0ULL - 0x1000);
	WRONG(f.p[3].p_vaddr = 0x7ffffffffdb8);		/* past the user's end */
	WRONG(f.p[3].p_vaddr = 0xffff800000000db8);
	WRONG(f.p[3] = load(0x1100, 0x1100, 8, 8, PF_R));	/* overlaps */
	WRONG(f.h.e_phnum = 1);				/* none */
}

TEST(limits)
{
	good();
	f.h.e_phnum = 65;
	for (int i = 0; i < 65; i++)
		f.p[i] = load(0x1000 * i, 0, 16, 16, PF_R);
	assert_int_equal(parse(), -EINVAL);
	f.h.e_phnum = 64;
	assert_int_equal(parse(), 0);
	assert_int_equal(image.load_count, ELF_MAX_LOADS);
	f.p[3].p_memsz = f.p[3].p_filesz = 0;	/* an empty one is skipped */
	assert_int_equal(parse(), 0);
	assert_int_equal(image.load_count, ELF_MAX_LOADS - 1);
}

TEST(fixed_program_without_headers_in_memory)
{
	good();
	f.h.e_type = ET_EXEC;
	f.h.e_phnum = 1;
	f.p[0] = load(0x400000 + 0x1000, 0x1000, 0x100, 0x100, PF_R | PF_X);
	assert_int_equal(parse(), 0);
	assert_false(image.dynamic);
	assert_int_equal(image.phdr_vaddr, 0);
	assert_int_equal(image.interp_len, 0);
	assert_int_equal(image.start, 0x401000);
	assert_int_equal(image.end, 0x402000);
}

TEST(this_very_program)
{
	u8 head[4096];
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY);

	assert_int_equal(read(fd, head, sizeof(head)), sizeof(head));
	fstat(fd, &st);
	close(fd);
	assert_int_equal(elf_parse(head, sizeof(head), st.st_size, &image), 0);
	assert_true(image.load_count >= 2);
	assert_true(image.interp_len > 2);
	assert_string_equal((char *)head + image.interp_offset, "/lib64/ld-linux-x86-64.so.2");
	assert_int_equal(image.phdr_vaddr, 64);
}

TEST(survives_damage)
{
	good();
	for (size_t i = 0; i < 64 + 5 * 56; i++) {
		u8 *byte = (u8 *)&f + i, old = *byte;

		for (unsigned v = 0; v < 256; v += 3) {
			*byte = (u8)v;
			parse_len(64 + 5 * 56);
		}
		*byte = old;
	}
}

RUN(T(dynamic_program), T(stack_flag_and_alignment), T(not_executables), T(senseless_segments),
    T(limits), T(fixed_program_without_headers_in_memory), T(this_very_program),
    T(survives_damage))
