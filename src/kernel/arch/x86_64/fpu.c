/* SPDX-License-Identifier: MIT */
/*
 * Vector state (x87, SSE, AVX, AVX-512) of user tasks.
 *
 * The kernel itself uses no vector register, so while a user task runs, also in
 * the kernel, this CPU's registers are its state; thread_switch (switch.asm)
 * saves them to the task's area when it leaves and loads them when it comes back.
 * The area of a running task is thus out of date, and everything here works on
 * the registers:
 *
 *   fork    stores them into the child's new area
 *   exec    loads the initial image
 *   signal  stores them into, and loads them from, user memory directly, with the
 *           instructions in the exception table; the CPU rejects malformed images
 *           (reserved MXCSR bits, header, alignment) by #GP, which is -EFAULT here
 *
 * The user frame, as <asm/sigcontext.h> has it:
 *
 *   0    FXSAVE area; at 464 struct _fpx_sw_bytes with FP_XSTATE_MAGIC1 and sizes
 *   512  XSAVE header (64 bytes, written zero first: XSAVE sets its first word only)
 *   576  further components
 *   xstate_size   FP_XSTATE_MAGIC2
 */
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/x86_64/alternatives.h>
#include <arch/x86_64/fpu.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/usercopy.h>
#include <sched/task.h>
#include <asm/sigcontext.h>

#define XFEATURES_FP_SSE 3UL
#define XFEATURES_KNOWN 0xe7UL /* x87, SSE, AVX, AVX-512: state that only needs space */
#define LEGACY_SIZE 512UL
#define HEADER_SIZE 64UL
#define SW_BYTES_OFFSET 464UL
#define MXCSR_INITIAL 0x1f80
#define FCW_INITIAL 0x37f

static struct slab_cache *areas;
static u64 xfeatures; /* in XCR0; 0: FXSAVE only */
static size_t area_size = LEGACY_SIZE;

/* An XRSTOR of this, its header zero, puts every component into its initial state. */
static struct {
	u16 fcw;
	u8 pad0[22];
	u32 mxcsr, mxcsr_mask;
	u8 rest[LEGACY_SIZE - 32 + HEADER_SIZE];
} initial_image aligned_to(64) = { .fcw = FCW_INITIAL, .mxcsr = MXCSR_INITIAL };
BUILD_ASSERT(sizeof(initial_image) == LEGACY_SIZE + HEADER_SIZE);

extern struct task *fpu_owner; /* PERCPU, switch.asm */

void fpu_init(void)
{
	if (cpu_has(FEATURE_XSAVE)) {
		struct cpuid c = cpuid(13, 0);

		xfeatures = (c.eax | (u64)c.edx << 32) & XFEATURES_KNOWN;
		if ((xfeatures & 0xe0) != 0xe0)
			xfeatures &= ~0xe0UL;
		xcr0_write(xfeatures);
		area_size = cpuid(13, 0).ebx;
	}
	areas = slab_create("fpu_state", area_size, 64);
	log_debug("fpu: features %#lx, %lu bytes a task", xfeatures, area_size);
}

bool fpu_init_cpu(void)
{
	struct cpuid c;

	if (!xfeatures)
		return true;
	c = cpuid(13, 0);
	if (xfeatures & ~(c.eax | (u64)c.edx << 32))
		return false;
	xcr0_write(xfeatures);
	return cpuid(13, 0).ebx == area_size;
}

#define USER_INSN(insn, err, ...)                                              \
	__asm__ volatile(ALTERNATIVE("nopl (%%rax)", "stac", 0)                \
			 "1: " insn "\n"                                       \
			 "2:\n" ALTERNATIVE("nopl (%%rax)", "clac", 0)         \
			 ".subsection 1\n"                                     \
			 "3: mov %[fault], %[e]\n"                             \
			 "jmp 2b\n"                                            \
			 ".previous\n"                                         \
			 ".pushsection __ex_table, \"a\"\n"                    \
			 ".quad 1b, 3b\n"                                      \
			 ".popsection"                                         \
			 : [e] "+r"(err)                                       \
			 : [fault] "i"(-EFAULT), ##__VA_ARGS__                 \
			 : "memory")

#define MASK(m) "a"((u32)(m)), "d"((u32)((m) >> 32))

static int registers_to_user(u64 p)
{
	int err = 0;

	if (xfeatures)
		USER_INSN("xsave64 (%[p])", err, [p] "r"(p), MASK(xfeatures));
	else
		USER_INSN("fxsave64 (%[p])", err, [p] "r"(p));
	return err;
}

static int registers_from_user(u64 p, u64 mask, bool extended)
{
	int err = 0;

	if (extended)
		USER_INSN("xrstor64 (%[p])", err, [p] "r"(p), MASK(mask));
	else
		USER_INSN("fxrstor64 (%[p])", err, [p] "r"(p));
	return err;
}

/* The components in `mask` get their initial state. */
static void registers_reset(u64 mask)
{
	if (xfeatures)
		__asm__ volatile("xrstor64 %0" ::"m"(initial_image), MASK(mask & xfeatures));
	else
		__asm__ volatile("fxrstor64 %0" ::"m"(initial_image));
}

static struct fpu_state *area_alloc(void)
{
	u8 *area = slab_alloc(areas, 0);

	if (area && xfeatures)
		memset(area + LEGACY_SIZE, 0, HEADER_SIZE);
	return (struct fpu_state *)area;
}

int fpu_fork(struct task *child)
{
	struct fpu_state *area = area_alloc();

	if (!area)
		return -ENOMEM;
	if (xfeatures)
		__asm__ volatile("xsave64 (%0)" ::"r"(area), MASK(xfeatures) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
	child->arch.fpu = area;
	child->arch.fpu_cpu = -1;
	return 0;
}

void fpu_reset(void)
{
	struct arch_thread *a = &current->arch;

	if (!a->fpu) {
		struct fpu_state *area = area_alloc();

		VERIFY(area != NULL);
		preempt_disable();
		registers_reset(~0UL);
		a->fpu = area;
		a->fpu_cpu = (s32)cpu_id();
		this_cpu_write(fpu_owner, current);
		preempt_enable();
		return;
	}
	registers_reset(~0UL);
}

void fpu_free(struct task *t)
{
	if (t->arch.fpu)
		slab_free(areas, t->arch.fpu);
	t->arch.fpu = NULL;
}

bool fpu_frame_extended(void)
{
	return xfeatures != 0;
}

size_t fpu_frame_size(void)
{
	return xfeatures ? area_size + FP_XSTATE_MAGIC2_SIZE : LEGACY_SIZE;
}

int fpu_frame_save(u64 p)
{
	struct _fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = (u32)fpu_frame_size(),
		.xfeatures = xfeatures,
		.xstate_size = (u32)area_size,
	};

	if (!user_range_ok(UPTR(p), fpu_frame_size()))
		return -EFAULT;
	if (!xfeatures)
		return registers_to_user(p) || clear_user(UPTR(p + SW_BYTES_OFFSET), sizeof(sw)) ?
			       -EFAULT : 0;
	if (clear_user(UPTR(p + LEGACY_SIZE), HEADER_SIZE) || registers_to_user(p) ||
	    copy_to_user(UPTR(p + SW_BYTES_OFFSET), &sw, sizeof(sw)) ||
	    put_user_u32(UPTR(p + area_size), FP_XSTATE_MAGIC2))
		return -EFAULT;
	return 0;
}

/* Is there an XSAVE image at `p`, as its software bytes and the closing magic say? */
static int frame_features(u64 p, u64 *mask)
{
	struct _fpx_sw_bytes sw;
	u32 magic2;

	*mask = 0;
	if (copy_from_user(&sw, UPTR(p + SW_BYTES_OFFSET), sizeof(sw)))
		return -EFAULT;
	if (!xfeatures || sw.magic1 != FP_XSTATE_MAGIC1 ||
	    sw.xstate_size < LEGACY_SIZE + HEADER_SIZE || sw.xstate_size > area_size || sw.xstate_size > sw.extended_size)
		return 0;
	if (get_user_u32(&magic2, UPTR(p + sw.xstate_size)))
		return -EFAULT;
	if (magic2 == FP_XSTATE_MAGIC2)
		*mask = sw.xfeatures & xfeatures;
	return 0;
}

int fpu_frame_load(u64 p)
{
	u64 mask, loaded = XFEATURES_FP_SSE;

	if (!p) {
		registers_reset(~0UL);
		return 0;
	}
	if (!user_range_ok(UPTR(p), fpu_frame_size()) || frame_features(p, &mask))
		goto bad;
	if (mask)
		loaded = mask;
	if (registers_from_user(p, mask, mask != 0))
		goto bad;
	if (xfeatures & ~loaded)
		registers_reset(~loaded);
	return 0;
bad:
	registers_reset(~0UL);
	return -EFAULT;
}
