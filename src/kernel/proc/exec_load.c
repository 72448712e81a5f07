/* SPDX-License-Identifier: MIT */
/*
 * Opening program files and mapping ELF images into the new address space.
 *
 *	a segment		filesz			memsz
 *	|--- pages of the file ---|--0--|--- anonymous pages ---|
 *
 * File pages are mapped, not read: they come by faults.  Only the rest of the page in
 * which the file's part of a writable segment ends is zeroed at once.
 *
 * Where: ET_EXEC says so itself; a program with an interpreter goes to two thirds of the
 * address space plus a random offset; interpreters and programs without one (static PIE)
 * below mmap_base.
 */
#include <fs/mount.h>
#include <lib/string.h>
#include <linux/elf.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <mm/slab.h>
#include <proc/exec.h>

#define DYN_BASE ALIGN_DOWN(USER_MAX / 3 * 2, PAGE_SIZE)
#define RANDOM_PAGES_BITS 28
#define RANDOM_BRK_RANGE 0x02000000ULL

/* ---- files ---- */

/* Can `p` be run at all? Linux's errors. */
static int check_program(const struct path *p)
{
	struct inode *i = p->dentry->inode;

	if (!i)
		return -ENOENT;
	if (S_ISLNK(i->mode))
		return -ELOOP;
	if (!S_ISREG(i->mode) || (READ_ONCE(p->mount->flags) & MS_NOEXEC))
		return -EACCES;
	return inode_permission(i, MAY_EXEC);
}

int exec_open(int dirfd, const char *name, int flags, struct file **out)
{
	struct path p;
	struct file *f;
	unsigned lookup = (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	int err = path_lookup(dirfd, name, lookup, &p);

	if (err)
		return err;
	err = check_program(&p);
	if (!err)
		err = vfs_open_exec(&p, &f);
	path_put(&p);
	if (err)
		return err;
	err = inode_deny_write(f->inode);
	if (err)
		file_put(f);
	else
		*out = f;
	return err;
}

void exec_close(struct file *f)
{
	if (!f)
		return;
	inode_allow_write(f->inode);
	file_put(f);
}

int exec_read(struct file *f, void *buf, size_t n, u64 offset)
{
	ssize_t got = file_read_kernel(f, buf, n, offset);

	if (got < 0)
		return (int)got;
	return (size_t)got == n ? 0 : -EIO;
}

/* Decodes the headers of `f`, of which the first `len` bytes are at `head`. */
static int parse(struct file *f, const u8 *head, size_t len, struct elf_image *m)
{
	u64 size = READ_ONCE(f->inode->size);
	int err = elf_parse_header(head, len, m);

	if (err)
		return err;
	size_t bytes = m->phnum * sizeof(Elf64_Phdr);
	if (m->phdr_offset <= len && bytes <= len - m->phdr_offset)
		return elf_parse_segments(head + m->phdr_offset, size, m);
	if (m->phdr_offset > size || bytes > size - m->phdr_offset)
		return -EIO; /* headers past the end */
	KFREE_GUARD void *phdrs = kmalloc(bytes, 0);
	if (!phdrs)
		return -ENOMEM;
	err = exec_read(f, phdrs, bytes, m->phdr_offset);
	return err ? err : elf_parse_segments(phdrs, size, m);
}

/* ---- mapping ---- */

static unsigned prot_of(u32 flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static int map_segment(struct mm *mm, struct file *f, const struct elf_segment *s, u64 base)
{
	u64 start = ALIGN_DOWN(base + s->vaddr, PAGE_SIZE), file_end = base + s->vaddr + s->filesz;
	u64 end = ALIGN_UP(base + s->vaddr + s->memsz, PAGE_SIZE), at = start;
	u64 anon = s->filesz ? ALIGN_UP(file_end, PAGE_SIZE) : start;
	unsigned prot = prot_of(s->flags);
	int err;

	if (s->filesz) {
		err = mm_map(mm, &at, anon - start, prot, MAP_PRIVATE | MAP_FIXED, f,
			     ALIGN_DOWN(s->offset, PAGE_SIZE));
		if (err)
			return err;
		if ((s->flags & PF_W) && s->memsz > s->filesz && (file_end & PAGE_MASK) &&
		    (err = mm_clear(mm, file_end, anon)))
			return err;
	}
	if (anon >= end)
		return 0;
	at = anon;
	return mm_map(mm, &at, end - anon, prot, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, NULL, 0);
}

/* Segments may replace each other's pages, but not the stack that is being filled. */
static int map_image(struct exec *e, struct file *f, const struct elf_image *m, u64 base)
{
	struct mm *mm = e->mm;

	if (base + m->start < e->stack->end && base + m->end > e->stack->start)
		return -EEXIST;
	for (unsigned i = 0; i < m->load_count; i++) {
		int err = map_segment(mm, f, &m->loads[i], base);
		if (err)
			return err;
	}
	return 0;
}

static u64 random_pages(unsigned bits)
{
	return exec_randomizes() ? (vm_random_u64() & ((1ULL << bits) - 1)) << PAGE_SHIFT : 0;
}

/* What to add to the addresses of a position-independent image to put it below mmap_base. */
static int place_low(struct mm *mm, const struct elf_image *m, u64 *base)
{
	u64 len = m->end - m->start + (m->align > PAGE_SIZE ? m->align : 0);
	u64 at = mm_free_place(mm, len);

	if (!at)
		return -ENOMEM;
	*base = ALIGN_UP(at, m->align) - m->start;
	return 0;
}

static int open_interpreter(struct exec *e)
{
	const struct elf_image *m = &e->image;
	int err;

	if (!exec_path_buffer(e))
		return -ENOMEM;
	if ((err = exec_read(e->file, e->path, m->interp_len, m->interp_offset)))
		return err;
	if (e->path[m->interp_len - 1])
		return -ENOEXEC;
	return exec_open(AT_FDCWD, e->path, 0, &e->interp);
}

static int load_interpreter(struct exec *e)
{
	struct elf_image *m = kmalloc(sizeof *m, 0);
	u8 head[EXEC_HEAD_SIZE];
	int err = -ENOMEM;

	if (!m)
		return err;
	ssize_t n = file_read_kernel(e->interp, head, sizeof head, 0);
	if (n < (ssize_t)sizeof(Elf64_Ehdr))
		err = n < 0 ? (int)n : -EIO;
	else if (parse(e->interp, head, (size_t)n, m))
		err = -ELIBBAD;
	else if (m->dynamic)
		err = place_low(e->mm, m, &e->interp_base);
	else
		err = 0;
	if (!err)
		err = map_image(e, e->interp, m, e->interp_base);
	e->interp_entry = m->entry + e->interp_base;
	kfree(m);
	return err;
}

static void record_layout(struct exec *e)
{
	const struct elf_image *m = &e->image;
	struct mm *mm = e->mm;

	mm->code_start = m->code_start + e->base;
	mm->code_end = m->code_end + e->base;
	mm->data_start = m->data_start + e->base;
	mm->data_end = m->data_end + e->base;
	mm->brk_start = ALIGN_UP(m->brk + e->base, PAGE_SIZE);
	if (exec_randomizes()) {
		/* A static PIE stands among the mappings, where there is no room to grow. */
		if (m->dynamic && !e->interp)
			mm->brk_start = DYN_BASE;
		mm->brk_start += ALIGN_DOWN(vm_random_u64() % RANDOM_BRK_RANGE, PAGE_SIZE);
	}
	mm->brk = mm->brk_start;
}

int exec_load_elf(struct exec *e)
{
	struct elf_image *m = &e->image;
	int err = parse(e->file, e->head, e->head_size, m);

	if (err)
		return err;
	if (m->interp_len && (err = open_interpreter(e)))
		return err;
	if (m->dynamic) {
		if (e->interp)
			e->base = ALIGN_DOWN(DYN_BASE + random_pages(RANDOM_PAGES_BITS), m->align) - m->start;
		else if ((err = place_low(e->mm, m, &e->base)))
			return err;
	}
	if ((err = map_image(e, e->file, m, e->base)))
		return err;
	e->interp_entry = m->entry + e->base;
	if (e->interp && (err = load_interpreter(e)))
		return err;
	if (m->stack_exec)
		mm_stack_exec(e->stack);
	record_layout(e);
	return 0;
}
