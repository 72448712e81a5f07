/* SPDX-License-Identifier: MIT */
/*
 * The stack of a new program:
 *
 *	stack_top	8 bytes of zeros
 *			name of the program (AT_EXECFN)
 *			environment strings, in order
 *			argument strings, in order
 *			"x86_64", 16 random bytes
 *			padding to 16 bytes
 *			auxiliary vector, ending with AT_NULL
 *			environment pointers, NULL
 *			argument pointers, NULL
 *	sp		argc
 *
 * Strings are pushed from the top downwards, the last first, straight into the new
 * address space's frames.  The tables are gathered in e->words, in place of the user's
 * pointers, and written in one piece.
 */
#include <arch/cpu.h>
#include <arch/signal.h>
#include <lib/string.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/exec.h>
#include <proc/signal.h>

#define MAX_STRING (32 * PAGE_SIZE)   /* one string, with its NUL */
#define TOTAL_MAX (6 * 1024 * 1024UL) /* three quarters of the default stack limit */
#define TOTAL_MIN (128 * 1024UL)
#define STACK_ROOM (128 * 1024UL)     /* what a program has below its arguments at first */

static const char platform[] = "x86_64";

/* ---- the pointers ---- */

static int words_grow(struct exec *e)
{
	u32 capacity = e->capacity * 2;
	u64 *w = kvmalloc(capacity * sizeof *w);

	if (!w)
		return -ENOMEM;
	memcpy(w, e->words, e->capacity * sizeof *w);
	if (e->words_allocated)
		kvfree(e->words);
	e->words = w;
	e->words_allocated = true;
	e->capacity = capacity;
	return 0;
}

/* Reads a NULL-terminated array of pointers to words[at..]; the count, or an error. */
static s64 read_array(struct exec *e, u64 array, u32 at)
{
	u32 n = 0;

	while (array) {
		u64 *to;
		u32 got = 32;
		int err;

		while (at + n + 32 + EXEC_AUXV_WORDS > e->capacity)
			if ((err = words_grow(e)))
				return err;
		to = e->words + at + n;
		if (e->kernel) {
			memcpy(to, (const u64 *)array + n, sizeof *to);
			got = 1;
		} else {
			got -= (u32)((usercopy_in(to, UPTR(array + n * 8ULL), got * 8) + 7) / 8);
		}
		if (!got)
			return -EFAULT;
		for (u32 i = 0; i < got; i++)
			if (!to[i])
				return n + i;
		n += got;
		if (n * 8UL > TOTAL_MAX)
			return -E2BIG;
		if (signal_fatal_pending(current))
			return -EINTR;
	}
	return 0;
}

int exec_read_pointers(struct exec *e, u64 argv, u64 envp)
{
	s64 n;

	e->first = EXEC_PREFIX_WORDS;
	if ((n = read_array(e, argv, e->first)) < 0)
		return (int)n;
	e->argc = (u32)n;
	if ((n = read_array(e, envp, e->first + e->argc + 1)) < 0)
		return (int)n;
	e->envc = (u32)n;
	return 0;
}

/* ---- the strings ---- */

static u8 *stack_at(struct exec *e, u64 va)
{
	if (e->page_va != ALIGN_DOWN(va, PAGE_SIZE)) {
		e->page = mm_stack_page(e->stack, va);
		if (!e->page)
			return NULL;
		e->page_va = ALIGN_DOWN(va, PAGE_SIZE);
	}
	return e->page + (va & PAGE_MASK);
}

/* Why stack_at failed: the limit, or memory. */
static int stack_error(const struct exec *e, u64 va)
{
	return va < e->stack->start ? -E2BIG : -ENOMEM;
}

/* n bytes from the user or the kernel to `va` in the new stack. */
static int copy_in(struct exec *e, u64 va, u64 from, size_t n, bool kernel)
{
	while (n) {
		size_t part = min(n, (size_t)(PAGE_SIZE - (va & PAGE_MASK)));
		u8 *to = stack_at(e, va);

		if (!to)
			return stack_error(e, va);
		if (kernel)
			memcpy(to, (const void *)from, part);
		else if (copy_from_user(to, UPTR(from), part))
			return -EFAULT;
		va += part;
		from += part;
		n -= part;
	}
	return 0;
}

/* Its NUL is written by us: the program may change the string meanwhile. */
static int push(struct exec *e, u64 from, bool kernel, u64 *va)
{
	ssize_t n = kernel ? (ssize_t)strlen((const char *)from) : strnlen_user(UPTR(from), MAX_STRING);

	if (n < 0)
		return (int)n;
	if (n > (ssize_t)MAX_STRING - 1 || e->sp - e->sp_min < (u64)n + 1)
		return -E2BIG;
	e->sp -= (u64)n + 1;
	*va = e->sp;
	/* The page of the NUL first: then it stays the current one for short strings. */
	u8 *end = stack_at(e, e->sp + (u64)n);
	if (!end)
		return stack_error(e, e->sp + (u64)n);
	*end = 0;
	return copy_in(e, e->sp, from, (size_t)n, kernel);
}

int exec_push_string(struct exec *e, const char *s, u64 *va)
{
	return push(e, (u64)s, true, va);
}

int exec_push_argument(struct exec *e, const char *s)
{
	if (!e->first)
		return -E2BIG;
	int err = exec_push_string(e, s, &e->words[e->first - 1]);
	if (err)
		return err;
	e->first--;
	e->argc++;
	return 0;
}

void exec_drop_argument(struct exec *e)
{
	if (!e->argc)
		return;
	e->argc--;
	e->first++;
	e->sp = e->argc ? e->words[e->first] : e->arg_end;
}

/* How far down strings may go: a quarter of the stack limit, less what the pointers take. */
static int set_limit(struct exec *e)
{
	u64 limit = max(min(rlimit_current(RLIMIT_STACK) / 4, TOTAL_MAX), TOTAL_MIN);
	u64 pointers = (max(e->argc, 1U) + (u64)e->envc) * 8;

	if (limit <= pointers)
		return -E2BIG;
	e->sp_min = e->sp - (limit - pointers);
	return 0;
}

static int push_all(struct exec *e, u64 *words, u32 n)
{
	while (n--) {
		int err = push(e, words[n], e->kernel, &words[n]);
		if (err)
			return err;
	}
	return 0;
}

int exec_push_arguments(struct exec *e)
{
	int err = set_limit(e);

	if (err || (err = exec_push_string(e, e->name, &e->execfn)))
		return err;
	if ((err = push_all(e, e->words + e->first + e->argc + 1, e->envc)))
		return err;
	e->arg_end = e->env_start = e->sp;
	if ((err = push_all(e, e->words + e->first, e->argc)))
		return err;
	return e->argc ? 0 : exec_push_argument(e, ""); /* a program may count on argv[0] */
}

/* ---- the tables ---- */

struct auxv {
	u64 *at;
};

static void aux(struct auxv *v, u64 type, u64 value)
{
	v->at[0] = type;
	v->at[1] = value;
	v->at += 2;
}

static u32 fill_auxv(struct exec *e, u64 *at, u64 random, u64 platform_at)
{
	const struct elf_image *m = &e->image;
	const struct cred *c = e->cred ? e->cred : current->cred;
	struct auxv v = { at };

	aux(&v, AT_SYSINFO_EHDR, e->mm->vdso);
	aux(&v, AT_MINSIGSTKSZ, signal_frame_size());
	aux(&v, AT_HWCAP, arch_hwcap);
	aux(&v, AT_PAGESZ, PAGE_SIZE);
	aux(&v, AT_CLKTCK, 100);
	aux(&v, AT_PHDR, m->phdr_vaddr ? m->phdr_vaddr + e->base : 0);
	aux(&v, AT_PHENT, sizeof(Elf64_Phdr));
	aux(&v, AT_PHNUM, m->phnum);
	aux(&v, AT_BASE, e->interp_base);
	aux(&v, AT_FLAGS, 0);
	aux(&v, AT_ENTRY, m->entry + e->base);
	aux(&v, AT_UID, c->uid);
	aux(&v, AT_EUID, c->euid);
	aux(&v, AT_GID, c->gid);
	aux(&v, AT_EGID, c->egid);
	aux(&v, AT_SECURE, e->secure);
	aux(&v, AT_RANDOM, random);
	aux(&v, AT_HWCAP2, arch_hwcap2);
	aux(&v, AT_EXECFN, e->execfn);
	aux(&v, AT_PLATFORM, platform_at);
	aux(&v, AT_NULL, 0);
	BUILD_ASSERT(21 * 2 <= EXEC_AUXV_WORDS);
	return (u32)(v.at - at);
}

static void record_layout(struct exec *e, const u64 *auxv, u32 n)
{
	struct mm *mm = e->mm;

	mm->arg_start = e->words[e->first];
	mm->arg_end = mm->env_start = e->env_start;
	mm->env_end = e->execfn;
	memcpy(mm->auxv, auxv, min(n * sizeof(u64), sizeof mm->auxv));
}

int exec_finish_stack(struct exec *e, u64 *sp)
{
	u64 random[2] = { vm_random_u64(), vm_random_u64() }, p = e->sp, platform_at;
	int err;

	if (exec_randomizes())
		p -= vm_random_u64() % 8192; /* where in the page: spreads over cache sets, too */
	p = ALIGN_DOWN(p, 16);
	platform_at = p -= sizeof platform;
	if ((err = copy_in(e, p, (u64)platform, sizeof platform, true)))
		return err;
	p -= sizeof random;
	if ((err = copy_in(e, p, (u64)random, sizeof random, true)))
		return err;

	/* words: argc, argv, NULL, envp, NULL are in place but for the ends. */
	u64 *tables = e->words + e->first - 1, *auxv = tables + 1 + e->argc + 1 + e->envc + 1;
	tables[0] = e->argc;
	tables[1 + e->argc] = 0;
	auxv[-1] = 0;
	u32 n = fill_auxv(e, auxv, p, platform_at);
	size_t bytes = (size_t)(auxv + n - tables) * 8;
	p = ALIGN_DOWN(p - bytes, 16);
	if ((err = copy_in(e, p, (u64)tables, bytes, true)))
		return err;
	record_layout(e, auxv, n);
	mm_stack_room(e->stack, p - STACK_ROOM);
	*sp = p;
	return 0;
}
