/* SPDX-License-Identifier: MIT */
#include <arch/io.h>
#include <debug/early_serial.h>
#include <debug/log.h>

/* 16550 registers at COM1 (National Semiconductor PC16550D, table 2). */
enum { COM1 = 0x3f8, UART_DATA = COM1, UART_IER, UART_FCR, UART_LCR, UART_MCR, UART_LSR, UART_MSR,
	UART_SCRATCH };
enum { LCR_8N1 = 0x03, LCR_DLAB = 0x80, LSR_THR_EMPTY = 0x20, MCR_DTR_RTS = 0x03, FCR_ENABLE = 0x07 };
enum { UART_SPINS = 100000 };

static bool present;

static void put(char c)
{
	for (unsigned i = 0; !(io_in8(UART_LSR) & LSR_THR_EMPTY); i++) {
		if (i >= UART_SPINS) { /* the port has gone */
			present = false;
			return;
		}
	}
	io_out8(UART_DATA, c);
}

static void early_serial_write(struct log_console *c, const char *text, size_t n)
{
	for (size_t i = 0; i < n && present; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
}

static struct log_console console = { .name = "earlyser", .write = early_serial_write };

void early_serial_init(void)
{
	io_out8(UART_SCRATCH, 0x5a);
	if (io_in8(UART_SCRATCH) != 0x5a || io_in8(UART_LSR) == 0xff)
		return;
	io_out8(UART_IER, 0);
	io_out8(UART_LCR, LCR_DLAB);
	io_out8(UART_DATA, 1); /* divisor 1: 115200 */
	io_out8(UART_IER, 0);
	io_out8(UART_LCR, LCR_8N1);
	io_out8(UART_FCR, FCR_ENABLE);
	io_out8(UART_MCR, MCR_DTR_RTS);
	present = true;
	log_console_add(&console, true);
}

void early_serial_stop(void)
{
	if (present)
		log_console_remove(&console);
	present = false;
}
