/* SPDX-License-Identifier: MIT */
/*
 * Serial ports: the PC's 16550 UARTs at COM1 to COM4.
 *
 * Output goes through a ring of TX_SIZE bytes, from which the transmit interrupt
 * fills the FIFO; an idle transmitter is filled by the writer itself.  Input goes from
 * the FIFO to the tty's ring; when that is full the receive interrupt is masked
 * and the FIFO left alone, so that the other side (QEMU, or a modem by RTS) has to
 * wait and nothing is lost; u->rx_masked says so.
 *
 * An ISA line is edge-triggered: it rises once when a first port wants
 * service.  So the handler goes round all ports of its line until none of them
 * wants anything.  A port whose line does not work is polled by a timer.
 *
 * The log writes by polling, under the same lock, except in a panic, when the lock is
 * waited for only a while.
 *
 * Locking: u->lock (interrupts off) protects registers and rings.
 */
#include <arch/io.h>
#include <debug/early_serial.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <device/irq.h>
#include <drivers/serial/serial.h>
#include <drivers/serial/uart16550.h>
#include <lib/format.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <linux/major.h>
#include <mm/slab.h>
#include <proc/cmdline.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <time/timer.h>
#include <tty/tty.h>

enum { TX_SIZE = 16384, FIFO_SIZE = 16, TX_BURST = 4 * FIFO_SIZE, RX_BURST = 256, IRQ_ROUNDS = 64,
       LOG_SPINS = 100000, PORTS = 4 };
#define POLL_NS NSEC_PER_MSEC

struct uart {
	spinlock_t lock;       /* interrupts off; all but what is marked */
	u16 port;              /* imm */
	u8 irq;                /* imm */
	bool polled;           /* imm after set-up: no interrupts */
	bool fifo;             /* imm: a 16550A or better */
	bool is_console;       /* imm after set-up: never shut down */
	bool rx_masked;        /* the input ring was full */
	bool active;           /* opened */
	bool cts_wait;         /* CRTSCTS and no CTS */
	u8 ier, lcr, mcr;
	u8 xchar;              /* to be sent first; 0: none */
	struct tty *tty;       /* imm after set-up */
	u8 *tx;                /* imm */
	u32 tx_head, tx_tail;  /* free-running */
	u32 irqs;              /* interrupts that this port had */
	struct timer poll_timer;
	struct log_console log;
};

static struct uart uarts[PORTS] = {
	{ .port = 0x3f8, .irq = 4 }, { .port = 0x2f8, .irq = 3 },
	{ .port = 0x3e8, .irq = 4 }, { .port = 0x2e8, .irq = 3 },
};

static u8 reg_read(const struct uart *u, enum uart_register r)
{
	return io_in8(u->port + r);
}

static void reg_write(const struct uart *u, enum uart_register r, u8 v)
{
	io_out8(u->port + r, v);
}

static void set_ier(struct uart *u, u8 ier)
{
	if (u->ier == ier)
		return;
	u->ier = ier;
	reg_write(u, UART_IER, ier);
}

static void set_mcr(struct uart *u, u8 mcr)
{
	u->mcr = mcr;
	reg_write(u, UART_MCR, mcr);
}

/* --- Moving bytes.  u->lock held. --------------------------------------------------------------- */

static bool tx_allowed(const struct uart *u)
{
	return u->tx_head != u->tx_tail && !u->tty->stopped && !u->cts_wait;
}

/* Fills the transmitter as long as it takes something at once, then has it interrupt. */
static void transmit(struct uart *u)
{
	unsigned sent = 0, batch = u->fifo ? FIFO_SIZE : 1;

	while (sent < TX_BURST && (u->xchar || tx_allowed(u)) && reg_read(u, UART_LSR) & LSR_THR_EMPTY) {
		if (u->xchar) {
			reg_write(u, UART_DATA, u->xchar);
			u->xchar = 0;
			sent += batch;
			continue;
		}
		for (unsigned i = 0; i < batch && u->tx_head != u->tx_tail; i++, sent++)
			reg_write(u, UART_DATA, u->tx[u->tx_tail++ % TX_SIZE]);
	}
	set_ier(u, u->xchar || tx_allowed(u) ? u->ier | IER_TX : u->ier & ~IER_TX);
	if (sent && u->tx_head - u->tx_tail <= TX_SIZE / 2)
		tty_output_ready(u->tty);
}

static u16 line_error(u8 lsr)
{
	return lsr & LSR_BREAK ? TTY_BREAK : lsr & LSR_PARITY ? TTY_PARITY : lsr & LSR_FRAME ? TTY_FRAME : 0;
}

static void receive(struct uart *u)
{
	bool any = false;

	for (unsigned i = 0; i < RX_BURST; i++) {
		u8 lsr = reg_read(u, UART_LSR);
		if (!(lsr & LSR_READY))
			break;
		if (!u->active) { /* nobody listens */
			reg_read(u, UART_DATA);
			continue;
		}
		if (!tty_input_room(u->tty)) {
			u->rx_masked = true;
			set_ier(u, u->ier & ~(IER_RX | IER_LINE));
			break;
		}
		tty_input(u->tty, reg_read(u, UART_DATA) | line_error(lsr));
		any = true;
	}
	if (any)
		tty_input_ready(u->tty);
}

static void modem_changed(struct uart *u)
{
	u8 msr = reg_read(u, UART_MSR);

	u->cts_wait = u->tty->termios.c_cflag & CRTSCTS && !(msr & MSR_CTS);
}

/* Whatever the port wants; false: nothing. */
static bool serve(struct uart *u)
{
	u8 iir = reg_read(u, UART_IIR);

	if (iir & IIR_NONE)
		return false;
	u->irqs++;
	if (!u->tty) /* being probed */
		return true;
	if (!u->rx_masked)
		receive(u);
	if (u->ier & IER_MODEM)
		modem_changed(u);
	transmit(u);
	return true;
}

/* --- Interrupts ---------------------------------------------------------------------------------- */

/* Makes the line rise again if the port still wants something. */
static void renew_edge(struct uart *u)
{
	reg_write(u, UART_IER, 0);
	reg_write(u, UART_IER, u->ier);
}

static enum irq_result serial_interrupt(void *arg)
{
	u8 irq = *(u8 *)arg;
	bool any = false, again = true;

	for (unsigned round = 0; again && round < IRQ_ROUNDS; round++) {
		again = false;
		for (struct uart *u = uarts; u < uarts + PORTS; u++) {
			if (u->irq != irq || !u->tx)
				continue;
			spin_lock(&u->lock);
			again |= serve(u);
			if (again && round == IRQ_ROUNDS - 1)
				renew_edge(u);
			spin_unlock(&u->lock);
		}
		any |= again;
	}
	return any ? IRQ_HANDLED : IRQ_NONE;
}

static void poll_port(struct timer *timer)
{
	struct uart *u = container_of(timer, struct uart, poll_timer);

	spin_lock(&u->lock);
	if (!u->rx_masked)
		receive(u);
	modem_changed(u);
	transmit(u);
	spin_unlock(&u->lock);
	timer_start(timer, clock_monotonic_ns() + POLL_NS);
}

/* --- What the tty core asks for ------------------------------------------------------------------- */

static u8 lcr_of(u32 cflag)
{
	u8 lcr = (cflag & CSIZE) >> 4; /* CS5..CS8 are 0..3 there and here */

	BUILD_ASSERT(CS8 >> 4 == 3 && CS5 == 0);
	if (cflag & CSTOPB)
		lcr |= LCR_STOP_2;
	if (cflag & PARENB)
		lcr |= LCR_PARITY;
	if (!(cflag & PARODD))
		lcr |= LCR_EVEN;
	if (cflag & CMSPAR)
		lcr |= LCR_STICK;
	return lcr;
}

static void set_line(struct uart *u, u32 bps, u8 lcr)
{
	u32 divisor = bps ? DIV_ROUND_UP(2 * UART_CLOCK / bps, 2) : 1;

	divisor = divisor ? min(divisor, 0xffffU) : 1;
	u->lcr = lcr;
	reg_write(u, UART_LCR, lcr | LCR_DLAB);
	reg_write(u, UART_DIVISOR_LOW, divisor);
	reg_write(u, UART_DIVISOR_HIGH, divisor >> 8);
	reg_write(u, UART_LCR, lcr);
	reg_write(u, UART_FCR, FCR_ENABLE | (u->fifo ? FCR_TRIGGER_8 : 0));
}

static void uart_set_termios(struct tty *t, const struct ktermios *old)
{
	struct uart *u = t->priv;
	u32 bps = tty_speed(&t->termios);
	IRQSPIN_GUARD(&u->lock);

	if (bps > UART_CLOCK) { /* cannot be had */
		bps = UART_CLOCK;
		tty_set_speed(&t->termios, bps);
	}
	set_line(u, bps, lcr_of(t->termios.c_cflag));
	if (!bps)
		set_mcr(u, u->mcr & ~(MCR_DTR | MCR_RTS)); /* B0 hangs up */
	else if (!(old->c_cflag & CBAUD))
		set_mcr(u, u->mcr | MCR_DTR | MCR_RTS);
	modem_changed(u);
	set_ier(u, t->termios.c_cflag & CRTSCTS ? u->ier | IER_MODEM : u->ier & ~IER_MODEM);
	transmit(u);
}

static int uart_open(struct tty *t)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);

	u->active = true;
	set_mcr(u, u->mcr | MCR_DTR | MCR_RTS | MCR_OUT2);
	if (!u->polled)
		set_ier(u, u->ier | IER_RX | IER_LINE);
	return 0;
}

static void lines_down(struct uart *u)
{
	IRQSPIN_GUARD(&u->lock);

	if (u->tty->termios.c_cflag & HUPCL && !u->is_console)
		set_mcr(u, u->mcr & ~(MCR_DTR | MCR_RTS));
}

/* Output that is still in the ring goes out by itself. */
static void uart_close(struct tty *t)
{
	struct uart *u = t->priv;

	if (u->is_console)
		return;
	(void)tty_drain(t, 30 * NSEC_PER_SEC);
	lines_down(u);
	IRQSPIN_GUARD(&u->lock);
	u->active = false;
}

static size_t uart_write(struct tty *t, const u8 *p, size_t n)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);
	size_t at = u->tx_head % TX_SIZE;

	n = min(n, (size_t)(TX_SIZE - (u->tx_head - u->tx_tail)));
	size_t first = min(n, TX_SIZE - at);
	memcpy(u->tx + at, p, first);
	memcpy(u->tx, p + first, n - first);
	u->tx_head += n;
	if (!(u->ier & IER_TX))
		transmit(u);
	return n;
}

static size_t uart_write_room(struct tty *t)
{
	struct uart *u = t->priv;

	return TX_SIZE - (READ_ONCE(u->tx_head) - READ_ONCE(u->tx_tail));
}

static size_t uart_pending(struct tty *t)
{
	struct uart *u = t->priv;
	u32 n = READ_ONCE(u->tx_head) - READ_ONCE(u->tx_tail);

	return n ? n : !(reg_read(u, UART_LSR) & LSR_IDLE);
}

static void uart_flush(struct tty *t)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);

	u->tx_tail = u->tx_head;
}

/* t->stopped has changed. */
static void uart_start_stop(struct tty *t)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);

	transmit(u);
}

static void uart_send_xchar(struct tty *t, u8 c)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);

	u->xchar = c;
	transmit(u);
}

static void uart_throttle(struct tty *t, bool on)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);

	if (t->termios.c_cflag & CRTSCTS)
		set_mcr(u, on ? u->mcr & ~MCR_RTS : u->mcr | MCR_RTS);
}

static void uart_input_room(struct tty *t)
{
	struct uart *u = t->priv;

	if (!READ_ONCE(u->rx_masked) || tty_input_room(t) < TTY_INPUT_SIZE / 2)
		return;
	IRQSPIN_GUARD(&u->lock);
	u->rx_masked = false;
	if (!u->polled)
		set_ier(u, u->ier | IER_RX | IER_LINE);
	receive(u);
}

static int uart_break(struct tty *t, bool on)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);

	u->lcr = on ? u->lcr | LCR_BREAK : u->lcr & ~LCR_BREAK;
	reg_write(u, UART_LCR, u->lcr);
	return 0;
}

/* Pairs of register bits and ioctl bits. */
static const u16 mcr_bits[][2] = {
	{ MCR_DTR, TIOCM_DTR }, { MCR_RTS, TIOCM_RTS }, { MCR_OUT1, TIOCM_OUT1 }, { MCR_OUT2, TIOCM_OUT2 },
	{ MCR_LOOP, TIOCM_LOOP },
};
static const u16 msr_bits[][2] = {
	{ MSR_CTS, TIOCM_CTS }, { MSR_DSR, TIOCM_DSR }, { MSR_RI, TIOCM_RI }, { MSR_DCD, TIOCM_CD },
};

static int uart_modem_get(struct tty *t)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);
	u8 msr = reg_read(u, UART_MSR);
	int lines = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(mcr_bits) - 2; i++) /* DTR, RTS, OUT1 */
		lines |= u->mcr & mcr_bits[i][0] ? mcr_bits[i][1] : 0;
	for (unsigned i = 0; i < ARRAY_SIZE(msr_bits); i++)
		lines |= msr & msr_bits[i][0] ? msr_bits[i][1] : 0;
	return lines & ~TIOCM_OUT1;
}

static int uart_modem_set(struct tty *t, u32 set, u32 clear)
{
	struct uart *u = t->priv;
	IRQSPIN_GUARD(&u->lock);
	u8 mcr = u->mcr;

	for (unsigned i = 0; i < ARRAY_SIZE(mcr_bits); i++) {
		if (set & mcr_bits[i][1])
			mcr |= mcr_bits[i][0];
		if (clear & mcr_bits[i][1])
			mcr &= ~mcr_bits[i][0];
	}
	set_mcr(u, mcr | MCR_OUT2); /* else interrupts would end */
	return 0;
}

static void uart_hangup(struct tty *t)
{
	lines_down(t->priv);
}

static const struct tty_ops uart_ops = {
	.open = uart_open,
	.close = uart_close,
	.write = uart_write,
	.write_room = uart_write_room,
	.pending = uart_pending,
	.flush = uart_flush,
	.start = uart_start_stop,
	.stop = uart_start_stop,
	.send_xchar = uart_send_xchar,
	.throttle = uart_throttle,
	.input_room = uart_input_room,
	.set_termios = uart_set_termios,
	.break_ctl = uart_break,
	.modem_get = uart_modem_get,
	.modem_set = uart_modem_set,
	.hangup = uart_hangup,
};

static const struct tty_driver serial_driver = {
	.name = "ttyS", .major = TTY_MAJOR, .minor = 64,
	.mode = 0660, .gid = 20 /* dialout */,
	.cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
	.ops = &uart_ops,
};

/* --- The log -------------------------------------------------------------------------------------- */

static void put_polled(struct uart *u, char c)
{
	for (unsigned i = 0; i < LOG_SPINS && !(reg_read(u, UART_LSR) & LSR_THR_EMPTY); i++)
		cpu_relax();
	reg_write(u, UART_DATA, c);
}

/* Any context: when the lock cannot be had (a panic that met its holder) it does without. */
static bool lock_for_log(struct uart *u)
{
	for (unsigned i = 0; !machine_stopping || i < LOG_SPINS; i++) {
		if (spin_trylock(&u->lock))
			return true;
		cpu_relax();
	}
	return false;
}

static void log_write(struct log_console *c, const char *text, size_t n)
{
	struct uart *u = container_of(c, struct uart, log);
	IRQ_GUARD();
	bool locked = lock_for_log(u);

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			put_polled(u, '\r');
		put_polled(u, text[i]);
	}
	if (locked)
		spin_unlock(&u->lock);
}

/* --- Finding them ----------------------------------------------------------------------------------- */

static bool present(struct uart *u)
{
	for (u8 v = 0x5a; v; v = v == 0x5a ? 0xa5 : 0) {
		reg_write(u, UART_SCRATCH, v);
		if (reg_read(u, UART_SCRATCH) != v)
			return false;
	}
	if (reg_read(u, UART_LSR) == 0xff)
		return false;
	for (unsigned i = 0; i < LOG_SPINS && !(reg_read(u, UART_LSR) & LSR_IDLE); i++)
		cpu_relax(); /* the early port's last bytes */
	/* Looped back, the modem outputs show as inputs. */
	u8 mcr = reg_read(u, UART_MCR);
	reg_write(u, UART_MCR, MCR_LOOP | MCR_RTS | MCR_OUT2);
	u8 msr = reg_read(u, UART_MSR) & 0xf0;
	reg_write(u, UART_MCR, mcr & ~MCR_LOOP);
	return msr == (MSR_CTS | MSR_DCD);
}

/* An empty transmitter interrupts as soon as it is allowed to. */
static bool interrupts_work(struct uart *u)
{
	if (!irqs_enabled())
		return true; /* cannot be tried */
	u32 before = READ_ONCE(u->irqs);
	set_ier(u, IER_TX);
	for (unsigned us = 0; us < 20000 && READ_ONCE(u->irqs) == before; us += 10)
		delay_us(10);
	set_ier(u, 0);
	return READ_ONCE(u->irqs) != before;
}

static void set_up_interrupts(struct uart *u)
{
	static bool requested[16];

	if (!requested[u->irq]) {
		int err = irq_request_isa(u->irq, "serial", serial_interrupt, &u->irq);
		requested[u->irq] = !err;
	}
	u->polled = !requested[u->irq] || !interrupts_work(u);
}

/* "115200n8r": speed, parity, bits, r for RTS/CTS. */
static void apply_options(struct tty *t, const char *options)
{
	u64 bps;
	const char *p = parse_digits(options, 10, &bps);
	struct ktermios *k = &t->termios;

	if (!p || !bps || bps > UART_CLOCK)
		return;
	tty_set_speed(k, bps);
	if (*p == 'o' || *p == 'e')
		k->c_cflag |= PARENB | (*p == 'o' ? PARODD : 0);
	if (*p && p[1] == '7')
		k->c_cflag = (k->c_cflag & ~(u32)CSIZE) | CS7;
	if (*p && p[1] && p[2] == 'r')
		k->c_cflag |= CRTSCTS;
}

static void port_start(struct uart *u, unsigned index)
{
	char options[32];

	u->tx = kmalloc(TX_SIZE, 0);
	if (!u->tx) {
		log_err("serial: ttyS%u: out of memory", index);
		return;
	}
	u->fifo = (reg_read(u, UART_IIR) & IIR_FIFO) == IIR_FIFO;
	set_up_interrupts(u);
	struct tty *t = tty_create(&serial_driver, index, u);
	if (!t)
		return;
	bool named = tty_console_options(t->name, options, sizeof(options));
	if (named)
		apply_options(t, options);
	u64 flags = spin_lock_irqsave(&u->lock);
	u->tty = t;
	set_line(u, tty_speed(&t->termios), lcr_of(t->termios.c_cflag));
	spin_unlock_irqrestore(&u->lock, flags);
	if (u->polled) {
		timer_init(&u->poll_timer, poll_port);
		timer_start(&u->poll_timer, clock_monotonic_ns() + POLL_NS);
	}
	u->log = (struct log_console){ .name = t->name, .write = log_write };
	u->is_console = named || index == 0; /* COM1 always is one */
	if (index == 0)
		early_serial_stop();
	if (u->is_console)
		log_console_add(&u->log, false);
	log_info("%s at port %#x, irq %u%s%s", t->name, u->port, u->irq, u->fifo ? "" : ", no FIFO",
		 u->polled ? ", polled" : "");
}

void serial_init(void)
{
	for (unsigned i = 0; i < PORTS; i++) {
		struct uart *u = &uarts[i];
		if (!present(u))
			continue;
		reg_write(u, UART_IER, 0);
		reg_write(u, UART_FCR, FCR_ENABLE | FCR_CLEAR_RX);
		set_mcr(u, MCR_DTR | MCR_RTS | MCR_OUT2);
		port_start(u, i);
	}
}
