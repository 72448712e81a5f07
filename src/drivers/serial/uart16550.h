/* SPDX-License-Identifier: MIT */
/* Registers of a 16550 (National Semiconductor PC16550D, table 2). */
#pragma once

enum uart_register { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCRATCH };
#define UART_FCR UART_IIR          /* when written */
#define UART_DIVISOR_LOW UART_DATA /* with LCR_DLAB */
#define UART_DIVISOR_HIGH UART_IER

enum { IER_RX = 1, IER_TX = 2, IER_LINE = 4, IER_MODEM = 8 };
enum { IIR_NONE = 1, IIR_FIFO = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4, FCR_TRIGGER_8 = 0x80 };
enum { LCR_BITS_5 = 0, LCR_STOP_2 = 4, LCR_PARITY = 8, LCR_EVEN = 0x10, LCR_STICK = 0x20, LCR_BREAK = 0x40,
       LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8 /* lets the interrupt out */, MCR_LOOP = 0x10 };
enum { LSR_READY = 1, LSR_OVERRUN = 2, LSR_PARITY = 4, LSR_FRAME = 8, LSR_BREAK = 0x10, LSR_THR_EMPTY = 0x20,
       LSR_IDLE = 0x40 };
enum { MSR_CTS_CHANGED = 1, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

#define UART_CLOCK 115200 /* bits a second with divisor 1 */
