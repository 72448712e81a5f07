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

/* Vectors 0x20..0x2f are the 8259s'; IRQ_VECTOR_FIRST.._LAST devices' (arch/irq.h). */
#define VECTOR_PIC 0x20
#define VECTOR_RESCHEDULE 0xf0
#define VECTOR_CALL 0xf1
#define VECTOR_TIMER 0xf2
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

/* mce.c */
void mce_init(void);
void mce_handle(struct regs *r);

/* ipi.c */
void ipi_call_interrupt(void);
/* Calls fn(arg) on the online CPUs in `mask` other than this one and waits. */
void ipi_call_mask(u64 mask, void (*fn)(void *), void *arg);
/* NMI: true when it told this CPU to stop (which it then does). */
bool ipi_stop_wanted(void);

/* apic.c, ioapic.c, pic8259.c */
struct acpi_madt_info;
extern bool apic_present; /* apic_init is done */
extern u64 tsc_hz;        /* as calibrated; 0 before */
void apic_init(const struct acpi_madt_info *madt);
void apic_eoi(void);
/* The 8259 comes in at LINT0 of this CPU. */
void apic_take_8259(void);
void apic_send(unsigned cpu, u32 icr_low);
#define APIC_ICR_FIXED 0x4000U        /* assert, edge; plus the vector */
#define APIC_ICR_NMI (0x4000U | 0x400U)
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

/* paging.c: the kernel's own top-level table */
extern paddr_t kernel_root;
/* A zeroed page for a table: boot memory at first, then a frame; raw 0 when out of memory. */
paddr_t table_page_alloc(void);

/* `ip`, or an unmapped address instead if IRET could not go there. thread.c */
u64 ip_for_user(u64 ip);
