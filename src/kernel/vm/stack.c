/* SPDX-License-Identifier: MIT */
/* The stack that exec prepares in an address space that nobody runs in yet: no locks. */
#include <arch/upcall.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <proc/process.h>
#include <vm/internal.h>

#define STACK_FLAGS (AREA_READ | AREA_WRITE | AREA_MAYWRITE | AREA_GROWSDOWN | AREA_STACK)

struct area *mm_make_stack(struct mm *mm, u64 top, u64 size)
{
	struct area *a = area_new(mm, top - size, top, STACK_FLAGS | mm->lock_future);

	if (!a)
		return NULL;
	area_insert(mm, a);
	mm->stack_top = top;
	return a;
}

void *mm_stack_page(struct area *stack, u64 va)
{
	pte_t *pte;

	va = ALIGN_DOWN(va, PAGE_SIZE);
	if (va < stack->start && area_grow_down(stack->mm, stack, va))
		return NULL;
	pte = pt_lookup(&stack->mm->arch, va);
	if (!pte || pte_none(pte_load(pte))) {
		if (fault_page(stack, va, FAULT_WRITE))
			return NULL;
		pte = pt_lookup(&stack->mm->arch, va);
	}
	return phys_to_virt(pte_paddr(pte_load(pte)));
}

void mm_stack_room(struct area *stack, u64 va)
{
	u64 limit = rlimit_current(RLIMIT_STACK);
	u64 start = ALIGN_DOWN(va, PAGE_SIZE);

	if (stack->end - start > limit)
		start = ALIGN_UP(stack->end - limit, PAGE_SIZE);
	if (start < stack->start)
		(void)area_grow_down(stack->mm, stack, start); /* less room is no error */
}

void mm_stack_exec(struct area *stack)
{
	area_set_flags(stack->mm, stack, stack->flags | AREA_EXEC);
	for (u64 va = stack->start; va < stack->end; va += PAGE_SIZE) {
		pte_t *pte = pt_lookup(&stack->mm->arch, va);

		if (pte && !pte_none(pte_load(pte)))
			pte_store(pte, pte_set_exec(pte_load(pte), true));
	}
}

u64 mm_free_place(struct mm *mm, u64 len)
{
	return area_find_gap(mm, len, USER_MIN, mm->mmap_base);
}

int mm_clear(struct mm *mm, u64 va, u64 end)
{
	struct area *a = area_containing(mm, va);
	pte_t *pte;
	int err;

	ASSERT(va < end && end - ALIGN_DOWN(va, PAGE_SIZE) <= PAGE_SIZE);
	if (!a || !(a->flags & AREA_WRITE))
		return -EFAULT;
	if ((err = fault_page(a, ALIGN_DOWN(va, PAGE_SIZE), FAULT_WRITE)))
		return err;
	pte = pt_lookup(&mm->arch, va);
	memset((u8 *)phys_to_virt(pte_paddr(pte_load(pte))) + (va & PAGE_MASK), 0, end - va);
	return 0;
}
