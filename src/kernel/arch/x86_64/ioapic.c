/* SPDX-License-Identifier: MIT */
/*
 * I/O APICs (Intel 82093AA): each has a window of two registers, index and data,
 * onto a redirection entry of 64 bits per input.
 */
#include <arch/io.h>
#include <arch/x86_64/internal.h>
#include <arch/x86_64/ioapic.h>
#include <debug/log.h>
#include <drivers/acpi/tables.h>
#include <linux/errno.h>
#include <mm/kmap.h>
#include <sync/spinlock.h>

#define REG_INDEX 0x00
#define REG_DATA 0x10
#define REG_VERSION 1
#define REG_ENTRY(n) (0x10 + 2 * (n))

#define ENTRY_LOW_ACTIVE (1U << 13)
#define ENTRY_LEVEL (1U << 15)
#define ENTRY_MASKED (1U << 16)
#define ENTRY_NMI (4U << 8)
#define INPUTS_MAX 240

static struct ioapic {
	u8 *mmio;
	u32 gsi_base, inputs;
	u32 low[INPUTS_MAX]; /* lock: low halves of the entries, as written last */
} ioapics[ACPI_MAX_IOAPICS];
static unsigned count, gsi_end; /* immutable after ioapic_init */
static spinlock_t lock = SPINLOCK_INIT; /* the windows; interrupts off */

static u32 reg_read(struct ioapic *io, u32 reg)
{
	mmio_write32(io->mmio + REG_INDEX, reg);
	return mmio_read32(io->mmio + REG_DATA);
}

static void reg_write(struct ioapic *io, u32 reg, u32 v)
{
	mmio_write32(io->mmio + REG_INDEX, reg);
	mmio_write32(io->mmio + REG_DATA, v);
}

static struct ioapic *find(unsigned gsi, unsigned *input)
{
	for (unsigned i = 0; i < count; i++)
		if (gsi - ioapics[i].gsi_base < ioapics[i].inputs) {
			*input = gsi - ioapics[i].gsi_base;
			return &ioapics[i];
		}
	return NULL;
}

static void add(const struct acpi_ioapic *a)
{
	struct ioapic *io = &ioapics[count];

	io->mmio = kmap_mmio(PADDR(a->phys), PAGE_SIZE, KMAP_WRITE | KMAP_UNCACHED);
	if (!io->mmio) {
		log_err("ioapic: cannot map %#lx", a->phys);
		return;
	}
	io->gsi_base = a->gsi_base == ACPI_GSI_UNKNOWN ? gsi_end : a->gsi_base;
	io->inputs = (reg_read(io, REG_VERSION) >> 16 & 0xff) + 1;
	if (io->inputs > INPUTS_MAX) {
		log_err("ioapic: %u at %#lx does not answer", a->id, a->phys);
		return;
	}
	for (u32 i = 0; i < io->inputs; i++) {
		io->low[i] = ENTRY_MASKED;
		reg_write(io, REG_ENTRY(i), ENTRY_MASKED);
		reg_write(io, REG_ENTRY(i) + 1, 0);
	}
	gsi_end = max(gsi_end, io->gsi_base + io->inputs);
	count++;
	log_info("ioapic: %u at %#lx, GSIs %u-%u", a->id, a->phys, io->gsi_base,
		 io->gsi_base + io->inputs - 1);
}

void ioapic_init(const struct acpi_madt_info *madt)
{
	for (u32 i = 0; i < madt->ioapic_count; i++)
		add(&madt->ioapics[i]);
	for (u32 i = 0; i < madt->nmi_count; i++) {
		unsigned input;
		struct ioapic *io = find(madt->nmis[i].gsi, &input);

		if (io) {
			reg_write(io, REG_ENTRY(input) + 1, apic_id_of(0) << 24);
			reg_write(io, REG_ENTRY(input),
				  ENTRY_NMI | (madt->nmis[i].active_low ? ENTRY_LOW_ACTIVE : 0) |
					  (madt->nmis[i].level ? ENTRY_LEVEL : 0));
		}
	}
}

unsigned ioapic_gsi_count(void)
{
	return gsi_end;
}

int ioapic_route(unsigned gsi, unsigned vector, u32 apic_id, enum irq_trigger trigger)
{
	unsigned input;
	struct ioapic *io = find(gsi, &input);
	u32 low = vector | ENTRY_MASKED;

	if (!io)
		return -ENXIO;
	low |= trigger == IRQ_EDGE_LOW || trigger == IRQ_LEVEL_LOW ? ENTRY_LOW_ACTIVE : 0;
	low |= trigger == IRQ_LEVEL_HIGH || trigger == IRQ_LEVEL_LOW ? ENTRY_LEVEL : 0;
	IRQSPIN_GUARD(&lock);
	reg_write(io, REG_ENTRY(input), low);
	reg_write(io, REG_ENTRY(input) + 1, apic_id << 24);
	io->low[input] = low;
	return 0;
}

void ioapic_set_mask(unsigned gsi, bool masked)
{
	unsigned input;
	struct ioapic *io = find(gsi, &input);

	if (!io)
		return;
	IRQSPIN_GUARD(&lock);
	io->low[input] = masked ? io->low[input] | ENTRY_MASKED : io->low[input] & ~ENTRY_MASKED;
	reg_write(io, REG_ENTRY(input), io->low[input]);
}
