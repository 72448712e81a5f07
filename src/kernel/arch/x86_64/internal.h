/* SPDX-License-Identifier: MIT */
/* Shared by the files of this folder alone. */
#pragma once

#include <arch/percpu.h>
#include <arch/regs.h>

/* Selectors: user data before user code, 16 apart from the base in STAR, as SYSRET wants them. */
#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
#define USER_DS 0x2b
#define USER_CS 0x33
#define TSS_SELECTOR 0x40
#define CPU_NUMBER_SELECTOR 0x7b /* its limit is the number of the CPU: see descriptors.c */

/* Vectors 0x20..0x2f are the 8259s'; IRQ_VECTOR_FIRST.._LAST devices' (arch/irq.h). */
#define VECTOR_PIC 0x20
#define VECTOR_RESCHEDULE 0xf0
#define VECTOR_CALL 0xf1
#define VECTOR_TIMER 0xf2
#define VECTOR_WORK 0xf3 /* sync/irq_work.h */
#define VECTOR_ERROR 0xfe
#define VECTOR_SPURIOUS 0xff

enum exception {
	EXC_DE = 0, EXC_DB = 1, EXC_NMI = 2, EXC_BP = 3, EXC_OF = 4, EXC_BR = 5, EXC_UD = 6,
	EXC_NM = 7, EXC_DF = 8, EXC_TS = 10, EXC_NP = 11, EXC_SS = 12, EXC_GP = 13, EXC_PF = 14,
	EXC_MF = 16, EXC_AC = 17, EXC_MC = 18, EXC_XM = 19, EXC_CP = 21,
};

/* One for each CPU, in its per-CPU area. */
struct tss {
	u32 reserved0;
	u64 rsp0, rsp1, rsp2; /* rsp0: stack for entries from user mode; switch.asm keeps it */
	u64 reserved1;
	u64 ist[7]; /* ist[0] is IST 1 */
	u64 reserved2;
	u16 reserved3, io_map;
} __attribute__((packed));
extern struct tss percpu_tss; /* PERCPU */

/* Stacks for exceptions that may strike anywhere; the IDT names them by number, from 1. */
enum ist { IST_NONE, IST_DF, IST_NMI, IST_MC, IST_DB, IST_COUNT = IST_DB };
#define IST_STACK_SIZE 8192UL
extern u8 *percpu_ist_stacks; /* PERCPU: IST_COUNT * IST_STACK_SIZE bytes */

/* GDT and TSS of this CPU; `ist_stacks` as above. GS base must be this CPU's already. */
void descriptors_init(u8 *ist_stacks);
void idt_init(void);
void idt_load(void);

/* entry.asm */
extern const u64 idt_stubs[256];
extern const u32 asm_layout[];
extern char entry_text_start[], entry_text_end[];
void syscall_entry(void);
void syscall_entry_compat(void);

/* usercopy.asm */
extern char usercopy_start[], usercopy_end[];

/* C side of entry.asm */
void exception_handle(u64 vector, struct regs *r);
void page_fault_handle(struct regs *r, u64 va);
void local_interrupt(u64 vector, struct regs *r);
struct regs *thread_kernel_returned(void);

/* If `r` stands at an instruction of the exception table, makes it go on at its fix-up. */
bool extable_fixup(struct regs *r);

const char *exception_name(u64 vector);
void regs_describe_page_fault(const struct regs *r, u64 va, u64 error);

/* traps.c.  Tests look at NMIs: called first; true: it was theirs. No locks, nothing that may fault. */
extern bool (*nmi_hook)(struct regs *r);

/* mce.c */
void mce_init(void);
void mce_handle(struct regs *r);

/* smp.c, trampoline.asm */
noreturn void smp_cpu_main(void);
/* Starts the CPU with `apic_id`. -ETIMEDOUT: it did not answer in time; -ENODEV, -EIO, -ENOMEM. */
int cpu_start(u32 apic_id, u64 answer_us);

/*
 * tsc_sync.c.  The boot CPU prepares before it starts a CPU; later the two call the other two
 * functions at the same time, interrupts off.
 */
void tsc_sync_prepare(void);
void tsc_sync_check(void);
void tsc_sync_take_part(void);
/* On the new CPU: gives IA32_TSC_ADJUST the boot CPU's value. */
void tsc_adjust_as_boot_cpu(void);

/* mtrr.c: the boot CPU's memory type ranges for the others. False: they could not be set. */
void mtrr_read_boot_cpu(void);
bool mtrr_as_boot_cpu(void);

/* topology.c: after the CPU was identified */
void cpu_topology_init(void);

/* fpu.c: vector state on this CPU as on the boot CPU; false: it has not all of it. */
bool fpu_init_cpu(void);

/* ipi.c */
/* NMI: true when it was sent to have this CPU's state logged, which has been done. */
bool ipi_dump_here(struct regs *r);
void ipi_call_interrupt(void);
/* NMI: true when it told this CPU to stop (which it then does). */
bool ipi_stop_wanted(void);
noreturn void ipi_stop_here(const struct regs *r);
void ipi_note_reschedule(void);

/* apic.c, ioapic.c, pic8259.c */
struct acpi_madt_info;
extern bool apic_present; /* apic_init is done */
extern u64 tsc_hz;        /* as calibrated; 0 before */
void apic_init(const struct acpi_madt_info *madt);
void apic_eoi(void);
/* The same on a CPU that has been started; false: its id is not the one that it was called by. */
bool apic_init_cpu(void);
/* The 8259 comes in at LINT0 of this CPU. */
void apic_take_8259(void);
void apic_send(unsigned cpu, u32 icr_low);
/* A fixed interrupt to this CPU. Any context, NMI included. */
void apic_send_self(unsigned vector);
void apic_send_to(u32 apic_id, u32 icr_low);
/* Can interrupts be sent to this id in the mode that the local APICs are in? */
bool apic_can_address(u32 apic_id);
void apic_set_id(unsigned cpu, u32 apic_id);
#define APIC_ICR_FIXED 0x4000U        /* assert, edge; plus the vector */
#define APIC_ICR_NMI (0x4000U | 0x400U)
#define APIC_ICR_INIT (0x4000U | 0x500U)
#define APIC_ICR_STARTUP (0x4000U | 0x600U) /* plus the number of the page to start at */
u32 apic_id_of(unsigned cpu);
void apic_error_interrupt(void);
void ioapic_init(const struct acpi_madt_info *madt);
void pic_init(void);
int pic_route(unsigned irq, unsigned vector);
void pic_mask(unsigned irq);
void pic_unmask(unsigned irq);
/* The vector that input vector-VECTOR_PIC was routed to; 0 for a spurious interrupt. */
unsigned pic_vector(u64 vector);
void pic_eoi(void);

/* tlb.c */
extern u64 tlb_gen; /* PERCPU: interrupts off */
struct arch_mm;
/* Before tables of `am` that were taken out are used for something else. */
void tlb_flush_tables(struct arch_mm *am, u64 va);

/* paging.c: the kernel's own top-level table */
extern paddr_t kernel_root;
/* A zeroed page for a table: boot memory at first, then a frame; raw 0 when out of memory. */
paddr_t table_page_alloc(void);

/* `ip`, or an unmapped address instead if IRET could not go there. thread.c */
u64 ip_for_user(u64 ip);
