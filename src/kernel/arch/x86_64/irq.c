/* SPDX-License-Identifier: MIT */
/*
 * The vectors that are the CPU code's own, and arch/irq.h on whichever interrupt
 * controllers there are.
 */
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/irq.h>
#include <arch/upcall.h>
#include <arch/x86_64/internal.h>
#include <arch/x86_64/ioapic.h>
#include <debug/log.h>
#include <drivers/acpi/tables.h>
#include <linux/errno.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <sync/preempt.h>

#define ISA_IRQS 16
#define MSI_ADDRESS 0xfee00000UL

static struct acpi_irq_override isa[ISA_IRQS]; /* immutable after irq_chips_init */
static bool pic_serving;                       /* the 8259's interrupt is being served */

void irq_chips_init(const struct acpi_madt_info *madt)
{
	pic_init();
	apic_init(madt);
	for (unsigned i = 0; i < ISA_IRQS; i++)
		isa[i] = madt ? acpi_madt_isa_irq(madt, (u8)i) :
				(struct acpi_irq_override){ .isa_irq = (u8)i, .gsi = i };
	if (madt)
		ioapic_init(madt);
	for (u32 i = 0; madt && i < madt->cpu_count; i++)
		if (madt->cpus[i].enabled)
			cpu_found(madt->cpus[i].apic_id);
	if (!ioapic_gsi_count())
		log_warn("irq: no I/O APIC, the 8259 is used");
}

/* Called by entry.asm for all vectors that are neither exceptions nor devices'. */
void local_interrupt(u64 vector, struct regs *r)
{
	unsigned device;

	if (likely(vector == VECTOR_TIMER)) {
		apic_eoi();
		upcall_timer(r);
		return;
	}
	switch (vector) {
	case VECTOR_RESCHEDULE:
		apic_eoi();
		ipi_note_reschedule();
		need_resched_set(); /* on the way back to the kernel, ... */
		if (regs_from_user(r))
			atomic_or(&current->work, WORK_RESCHED); /* or to user mode */
		return;
	case VECTOR_CALL:
		apic_eoi();
		ipi_call_interrupt();
		return;
	case VECTOR_LOG:
		apic_eoi();
		log_flush();
		return;
	case VECTOR_ERROR:
		apic_error_interrupt();
		apic_eoi();
		return;
	case VECTOR_SPURIOUS: /* not to be acknowledged */
		return;
	}
	if (vector < IRQ_VECTOR_FIRST) {
		device = pic_vector(vector);
		if (!device)
			return;
		pic_serving = true;
		upcall_irq(device, r);
		return;
	}
	log_once(LOG_WARN, "irq: unexpected vector %#lx", vector);
	apic_eoi();
}

unsigned irq_isa_to_gsi(unsigned irq, enum irq_trigger *trigger)
{
	const struct acpi_irq_override *o = &isa[irq % ISA_IRQS];

	*trigger = o->level ? (o->active_low ? IRQ_LEVEL_LOW : IRQ_LEVEL_HIGH) :
			      (o->active_low ? IRQ_EDGE_LOW : IRQ_EDGE_HIGH);
	return o->gsi;
}

unsigned irq_gsi_count(void)
{
	return ioapic_gsi_count();
}

int irq_chip_route(unsigned gsi, unsigned vector, unsigned cpu, enum irq_trigger trigger)
{
	if (ioapic_gsi_count() && apic_id_of(cpu) > 0xff)
		return -EINVAL; /* no interrupt remapping: eight bits of destination */
	if (ioapic_gsi_count())
		return ioapic_route(gsi, vector, apic_id_of(cpu), trigger);
	return pic_route(gsi, vector);
}

void irq_chip_mask(unsigned gsi)
{
	if (ioapic_gsi_count())
		ioapic_set_mask(gsi, true);
	else
		pic_mask(gsi);
}

void irq_chip_unmask(unsigned gsi)
{
	if (ioapic_gsi_count())
		ioapic_set_mask(gsi, false);
	else
		pic_unmask(gsi);
}

void irq_msi_message(unsigned vector, unsigned cpu, u64 *address, u32 *data)
{
	*address = MSI_ADDRESS | (u64)(apic_id_of(cpu) & 0xff) << 12;
	*data = vector;
}

void irq_eoi(void)
{
	if (unlikely(pic_serving)) {
		pic_serving = false;
		pic_eoi();
	} else {
		apic_eoi();
	}
}
