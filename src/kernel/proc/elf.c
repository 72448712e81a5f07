/* SPDX-License-Identifier: MIT */
#include <proc/elf.h>
#include <lib/compiler.h>
#include <lib/string.h>

#include <asm/errno.h>
#include <linux/elf.h>
#include <linux/limits.h>

#define USER_END 0x00007ffffffff000ULL	/* first address that is not the user's */
#define ALIGN_MAX (1ULL << 30)		/* a segment that wants more gets a page's alignment */

BUILD_ASSERT(ELF_MAX_PHDRS == PAGE_SIZE / sizeof(Elf64_Phdr));

int elf_parse_header(const void *head, size_t len, struct elf_image *image)
{
	Elf64_Ehdr h;

	if (len < sizeof(h))
		return -ENOEXEC;
	memcpy(&h, head, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_machine != EM_X86_64)
		return -ENOEXEC;
	if (h.e_type != ET_EXEC && h.e_type != ET_DYN)
		return -ENOEXEC;
	if (h.e_phentsize != sizeof(Elf64_Phdr) || !h.e_phnum || h.e_phnum > ELF_MAX_PHDRS)
		return -ENOEXEC;
	*image = (struct elf_image){
		.dynamic = h.e_type == ET_DYN, .entry = h.e_entry,
		.phdr_offset = h.e_phoff, .phnum = h.e_phnum,
	};
	return 0;
}

static bool ends_within(u64 start, u64 len, u64 limit)
{
	return start <= limit && len <= limit - start;
}

static int check_load(const Elf64_Phdr *p, u64 file_size)
{
	if (p->p_filesz > p->p_memsz)
		return -EINVAL;
	if (!ends_within(p->p_vaddr, p->p_memsz, USER_END))
		return -EINVAL;
	if (!ends_within(p->p_offset, p->p_filesz, file_size))
		return -EINVAL;
	if ((p->p_vaddr ^ p->p_offset) & PAGE_MASK)
		return -EINVAL;
	return 0;
}

static bool overlaps_loaded(const struct elf_image *image, const Elf64_Phdr *p)
{
	for (unsigned i = 0; i < image->load_count; i++) {
		const struct elf_segment *s = &image->loads[i];

		if (p->p_vaddr < s->vaddr + s->memsz && s->vaddr < p->p_vaddr + p->p_memsz)
			return true;
	}
	return false;
}

/* Extend the ranges that the whole image's segments make up. */
static void account(struct elf_image *image, const Elf64_Phdr *p)
{
	u64 file_end = p->p_vaddr + p->p_filesz, mem_end = p->p_vaddr + p->p_memsz;
	bool first = image->load_count == 0;

	if (first || p->p_vaddr < image->code_start)
		image->code_start = p->p_vaddr;
	if ((p->p_flags & PF_X) && file_end > image->code_end)
		image->code_end = file_end;
	if (first || p->p_vaddr > image->data_start)
		image->data_start = p->p_vaddr;
	image->data_end = max(image->data_end, file_end);
	image->brk = max(image->brk, mem_end);
	if (!(p->p_align & (p->p_align - 1)) && p->p_align <= ALIGN_MAX)
		image->align = max(image->align, (u64)p->p_align);
	/* The program headers' address, if this segment brings them into memory. */
	if (image->phdr_offset >= p->p_offset && image->phdr_offset - p->p_offset < p->p_filesz)
		image->phdr_vaddr = image->phdr_offset - p->p_offset + p->p_vaddr;
}

static int add_load(struct elf_image *image, const Elf64_Phdr *p, u64 file_size)
{
	int err = check_load(p, file_size);

	if (err)
		return err;
	if (!p->p_memsz)
		return 0;
	if (image->load_count == ELF_MAX_LOADS || overlaps_loaded(image, p))
		return -EINVAL;
	account(image, p);
	image->loads[image->load_count++] = (struct elf_segment){
		p->p_vaddr, p->p_memsz, p->p_filesz, p->p_offset, p->p_flags & (PF_R | PF_W | PF_X)
	};
	return 0;
}

static int add_interp(struct elf_image *image, const Elf64_Phdr *p, u64 file_size)
{
	if (image->interp_len)
		return 0;	/* only the first counts */
	if (p->p_filesz < 2 || p->p_filesz > PATH_MAX)
		return -ENOEXEC;
	if (!ends_within(p->p_offset, p->p_filesz, file_size))
		return -ENOEXEC;
	image->interp_offset = p->p_offset;
	image->interp_len = p->p_filesz;
	return 0;
}

int elf_parse_segments(const void *phdrs, u64 file_size, struct elf_image *image)
{
	image->align = PAGE_SIZE;
	for (unsigned i = 0; i < image->phnum; i++) {
		Elf64_Phdr p;
		int err = 0;

		memcpy(&p, (const u8 *)phdrs + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_LOAD)
			err = add_load(image, &p, file_size);
		else if (p.p_type == PT_INTERP)
			err = add_interp(image, &p, file_size);
		else if (p.p_type == PT_GNU_STACK)
			image->stack_exec = p.p_flags & PF_X;
		if (err)
			return err;
	}
	if (!image->load_count)
		return -EINVAL;
	image->start = ALIGN_DOWN(image->code_start, PAGE_SIZE);
	image->end = ALIGN_UP(image->brk, PAGE_SIZE);
	return 0;
}

int elf_parse(const void *head, size_t len, u64 file_size, struct elf_image *image)
{
	int err = elf_parse_header(head, len, image);

	if (err)
		return err;
	if (!ends_within(image->phdr_offset, image->phnum * sizeof(Elf64_Phdr), len))
		return -ENOEXEC;
	return elf_parse_segments((const u8 *)head + image->phdr_offset, file_size, image);
}
