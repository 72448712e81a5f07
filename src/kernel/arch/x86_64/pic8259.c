/* SPDX-License-Identifier: MIT */
/*
 * The two 8259 interrupt controllers of a PC: always moved out of the way of the
 * exceptions and masked; used only where there is no I/O APIC.
 */
#include <arch/io.h>
#include <arch/irq.h>
#include <arch/x86_64/internal.h>
#include <linux/errno.h>
#include <sync/spinlock.h>

#define PIC1 0x20
#define PIC2 0xa0
#define DATA 1
#define ICW1_INIT_ICW4 0x11
#define ICW4_8086 0x01
#define OCW2_EOI 0x20
#define OCW3_READ_ISR 0x0b
#define CASCADE 2
#define INPUTS 16

static spinlock_t lock = SPINLOCK_INIT; /* masks; interrupts off */
static u16 masks = 0xffff & ~(1U << CASCADE);
static u8 vectors[INPUTS];
static unsigned serving; /* input whose interrupt was taken last */

static void masks_write(void)
{
	io_out8(PIC1 + DATA, (u8)masks);
	io_out8(PIC2 + DATA, (u8)(masks >> 8));
}

void pic_init(void)
{
	io_out8(PIC1, ICW1_INIT_ICW4);
	io_out8(PIC2, ICW1_INIT_ICW4);
	io_out8(PIC1 + DATA, VECTOR_PIC);
	io_out8(PIC2 + DATA, VECTOR_PIC + 8);
	io_out8(PIC1 + DATA, 1 << CASCADE);
	io_out8(PIC2 + DATA, CASCADE);
	io_out8(PIC1 + DATA, ICW4_8086);
	io_out8(PIC2 + DATA, ICW4_8086);
	masks_write();
}

int pic_route(unsigned irq, unsigned vector)
{
	if (irq >= INPUTS || irq == CASCADE)
		return -ENXIO;
	pic_mask(irq);
	vectors[irq] = (u8)vector;
	return 0;
}

void pic_mask(unsigned irq)
{
	if (irq >= INPUTS)
		return;
	IRQSPIN_GUARD(&lock);
	masks |= (u16)(1U << irq);
	masks_write();
}

void pic_unmask(unsigned irq)
{
	if (irq >= INPUTS)
		return;
	IRQSPIN_GUARD(&lock);
	masks &= (u16)~(1U << irq);
	masks_write();
}

/* An input that went away before it was taken shows as 7 (15), with no bit in service. */
static bool spurious(unsigned irq)
{
	u16 port = irq < 8 ? PIC1 : PIC2;

	if (irq != 7 && irq != 15)
		return false;
	io_out8(port, OCW3_READ_ISR);
	if (io_in8(port) & 0x80)
		return false;
	if (irq == 15)
		io_out8(PIC1, OCW2_EOI); /* the first controller did take it */
	return true;
}

unsigned pic_vector(u64 vector)
{
	unsigned irq = (unsigned)(vector - VECTOR_PIC);

	if (irq >= INPUTS || spurious(irq))
		return 0;
	serving = irq;
	if (!vectors[irq])
		pic_eoi();
	return vectors[irq];
}

void pic_eoi(void)
{
	if (serving >= 8)
		io_out8(PIC2, OCW2_EOI);
	io_out8(PIC1, OCW2_EOI);
}
