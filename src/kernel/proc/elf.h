/* SPDX-License-Identifier: MIT */
/*
 * Reading the headers of ELF executables (System V ABI, x86-64 supplement): pure functions over
 * bytes. Errors are Linux's: -ENOEXEC for what is no x86-64 ELF executable, -EINVAL for one whose
 * segments make no sense.
 */
#pragma once

#include <lib/types.h>

#define ELF_MAX_LOADS 64
#define ELF_MAX_PHDRS 73	/* as many as fit into a page, as Linux has it */

struct elf_segment {
	u64 vaddr;		/* vaddr and offset are equal modulo the page size */
	u64 memsz;		/* > 0; vaddr + memsz does not leave the user's half */
	u64 filesz;		/* <= memsz; the rest is zeros */
	u64 offset;		/* offset + filesz is within the file */
	u32 flags;		/* PF_R | PF_W | PF_X */
};

struct elf_image {
	/* Of the header: */
	bool dynamic;		/* ET_DYN: all addresses are relative to a base to be chosen */
	u64 entry;
	u64 phdr_offset;
	u16 phnum;

	/* Of the program headers: */
	u16 load_count;
	struct elf_segment loads[ELF_MAX_LOADS];
	u64 phdr_vaddr;		/* for AT_PHDR; 0 if no segment has them in memory */
	u64 start, end;		/* page-aligned range of all segments */
	u64 align;		/* largest p_align: a power of two, a page to 1 GiB */
	u64 code_start, code_end, data_start, data_end, brk;	/* for /proc and brk(2) */
	u64 interp_offset;	/* file range of the interpreter's path with its NUL; */
	u64 interp_len;		/* 2..PATH_MAX, or 0: none */
	bool stack_exec;	/* PT_GNU_STACK asks for an executable stack */
};

/*
 * Decode the file header in the len bytes at head, filling only the first part of *image: the
 * caller then gets the program headers (phnum * 56 bytes at phdr_offset) for elf_parse_segments.
 */
int elf_parse_header(const void *head, size_t len, struct elf_image *image);
int elf_parse_segments(const void *phdrs, u64 file_size, struct elf_image *image);
/* Both, when the program headers lie within the first len bytes; -ENOEXEC if they do not. */
int elf_parse(const void *head, size_t len, u64 file_size, struct elf_image *image);
