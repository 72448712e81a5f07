/* SPDX-License-Identifier: MIT */
/*
 * The controller has two ports of the CPU's: 0x60 for data of both lines, 0x64 for its status and its
 * own commands.  A status bit says which line a byte came from.
 *
 * It may be missing: then the status reads as all ones, or the self-test is not answered.  One that answers
 * anything else is used all the same: there are such, and they work.  We switch
 * its translation to scan-code set 1 off.  Until both devices have been looked at it does not
 * interrupt; whoever waits for an answer looks by itself (i8042_command).
 */
#include <drivers/input/i8042.h>

#include <arch/io.h>
#include <debug/log.h>
#include <device/irq.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <sync/spinlock.h>
#include <time/clock.h>

enum { DATA = 0x60, STATUS = 0x64, COMMAND = 0x64 };
enum { STATUS_OUTPUT_FULL = 0x01, STATUS_INPUT_FULL = 0x02, STATUS_AUX = 0x20, STATUS_TIMEOUT = 0x40,
       STATUS_NONE = 0xff };
enum { CMD_READ_CONFIG = 0x20, CMD_WRITE_CONFIG = 0x60, CMD_AUX_DISABLE = 0xa7, CMD_AUX_ENABLE = 0xa8,
       CMD_AUX_TEST = 0xa9, CMD_SELF_TEST = 0xaa, CMD_KEYBOARD_DISABLE = 0xad,
       CMD_KEYBOARD_ENABLE = 0xae, CMD_AUX_WRITE = 0xd4 };
enum { CONFIG_KEYBOARD_IRQ = 0x01, CONFIG_AUX_IRQ = 0x02, CONFIG_KEYBOARD_OFF = 0x10,
       CONFIG_AUX_OFF = 0x20, CONFIG_TRANSLATE = 0x40 };
enum { SELF_TEST_PASSED = 0x55, FLUSH_MAX = 64, IRQ_BYTES_MAX = 32, SELF_TESTS = 3 };

/* How the ports are reached: the self-tests have controllers of their own. */
static u8 port_in(u16 port)
{
	return io_in8(port);
}

static void port_out(u16 port, u8 byte)
{
	io_out8(port, byte);
}

static void port_wait(unsigned us)
{
	delay_us(us);
}

static const struct i8042_io hardware = { port_in, port_out, port_wait };
static const struct i8042_io *io = &hardware; /* lock */

#define READY_US 10000       /* the controller takes a byte */
#define ANSWER_US 50000      /* it answers a command */
#define SELF_TEST_US 500000
#define ACK_NS (200 * NSEC_PER_MSEC)
#define LOOK_NS NSEC_PER_MSEC
#define TRIES 3

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off; the ports, and commands under way */
static struct i8042_port keyboard_port = { .name = "keyboard", .wait = WAIT_QUEUE_INIT(keyboard_port.wait) };
static struct i8042_port aux_port = { .name = "mouse", .aux = true, .wait = WAIT_QUEUE_INIT(aux_port.wait) };
static u8 config;

/* --- The controller's own commands: lock held --- */

static bool wait_status(u8 mask, u8 value, u64 us)
{
	for (u64 t = 0; t < us; t += 10) {
		if ((io->in(STATUS) & mask) == value)
			return true;
		io->wait_us(10);
	}
	return false;
}

static bool write_port(u16 port, u8 byte)
{
	if (!wait_status(STATUS_INPUT_FULL, 0, READY_US))
		return false;
	io->out(port, byte);
	return true;
}

/* The answer to a command of the controller; -1: none. */
static int read_answer(u64 us)
{
	return wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL, us) ? io->in(DATA) : -1;
}

static int ask(u8 command, u64 us)
{
	return write_port(COMMAND, command) ? read_answer(us) : -1;
}

static bool write_config(u8 value)
{
	return write_port(COMMAND, CMD_WRITE_CONFIG) && write_port(DATA, value);
}

/* false: the buffer does not become empty, so there is no controller. */
static bool flush(void)
{
	for (unsigned i = 0; i < FLUSH_MAX; i++) {
		if (!(io->in(STATUS) & STATUS_OUTPUT_FULL))
			return true;
		io->in(DATA);
		io->wait_us(10);
	}
	return false;
}

/* --- Bytes of the devices --- */

static void received(struct i8042_port *p, u8 byte)
{
	if (p->want_ack && (byte == PS2_ACK || byte == PS2_RESEND)) {
		p->want_ack = false;
		p->ack = byte;
		if (byte == PS2_RESEND)
			p->want = 0;
	} else if (!p->want_ack && p->want) {
		p->reply[p->got++] = byte;
		p->want--;
	} else {
		if (p->receive)
			p->receive(byte);
		return;
	}
	if (!p->want_ack && !p->want)
		wait_wake_all(&p->wait);
}

/* Takes what there is; false: nothing. */
static bool drain(void)
{
	IRQSPIN_GUARD(&lock);
	unsigned n = 0;
	u8 status;

	while (n < IRQ_BYTES_MAX && (status = io->in(STATUS)) & STATUS_OUTPUT_FULL) {
		u8 byte = io->in(DATA);
		received(status & STATUS_AUX ? &aux_port : &keyboard_port, byte);
		n++;
	}
	return n;
}

static enum irq_result interrupt(void *unused_arg)
{
	return drain() ? IRQ_HANDLED : IRQ_NONE;
}

/* --- Commands to the devices --- */

static bool answered(const struct i8042_port *p)
{
	return !READ_ONCE(p->want_ack) && !READ_ONCE(p->want);
}

static int send(struct i8042_port *p, u8 byte, size_t want)
{
	IRQSPIN_GUARD(&lock);

	p->want_ack = true;
	p->ack = 0;
	p->want = want;
	p->got = 0;
	if ((p->aux && !write_port(COMMAND, CMD_AUX_WRITE)) || !write_port(DATA, byte))
		return -EIO;
	return 0;
}

/* Waits for the answer, or forgets it. */
static int finish(struct i8042_port *p, u8 *reply, size_t n)
{
	u64 end = clock_monotonic_ns() + ACK_NS;
	u64 now;

	for (;;) {
		drain();
		if (answered(p) || (now = clock_monotonic_ns()) >= end)
			break;
		wait_event_until(&p->wait, WAIT_UNINTERRUPTIBLE, answered(p), now + LOOK_NS);
	}
	IRQSPIN_GUARD(&lock);
	bool complete = !p->want_ack && !p->want;
	p->want_ack = false;
	p->want = 0;
	if (p->ack == PS2_RESEND)
		return -EIO;
	if (!complete)
		return -ETIMEDOUT;
	memcpy(reply, p->reply, n);
	return 0;
}

int i8042_command(struct i8042_port *p, u8 byte, u8 *reply, size_t n)
{
	int err = 0;
	u8 none[I8042_REPLY_MAX];

	for (unsigned i = 0; i < TRIES; i++) {
		err = send(p, byte, n);
		if (!err)
			err = finish(p, reply ? reply : none, n);
		if (err != -EIO)
			break;
	}
	return err;
}

/* --- Set-up --- */

/* The self-test's answer, or -1: there is nobody. Some want to be asked again. */
static int self_test(void)
{
	int result = -1;

	for (unsigned i = 0; i < SELF_TESTS && result != SELF_TEST_PASSED; i++)
		result = ask(CMD_SELF_TEST, SELF_TEST_US);
	return result;
}

/* lock held */
static bool controller_present(void)
{
	if (io->in(STATUS) == STATUS_NONE || !flush())
		return false;
	if (!write_port(COMMAND, CMD_KEYBOARD_DISABLE) || !write_port(COMMAND, CMD_AUX_DISABLE) || !flush())
		return false;
	int result = self_test();
	if (result < 0) {
		log_info("i8042: no keyboard controller: the self-test is not answered");
		return false;
	}
	if (result != SELF_TEST_PASSED)
		log_warn("i8042: the self-test fails (%#x); going on", result);
	int c = ask(CMD_READ_CONFIG, ANSWER_US);
	if (c < 0)
		return false;
	config = c & ~(CONFIG_KEYBOARD_IRQ | CONFIG_AUX_IRQ | CONFIG_TRANSLATE);
	return write_config(config | CONFIG_KEYBOARD_OFF | CONFIG_AUX_OFF);
}

/* A second port answers when it is enabled: its clock is on then. lock held. */
static bool aux_present(void)
{
	if (!write_port(COMMAND, CMD_AUX_ENABLE))
		return false;
	int c = ask(CMD_READ_CONFIG, ANSWER_US);
	if (c < 0 || c & CONFIG_AUX_OFF)
		return false;
	write_port(COMMAND, CMD_AUX_DISABLE);
	return ask(CMD_AUX_TEST, ANSWER_US) == 0;
}

static void set_config(u8 set, u8 clear)
{
	IRQSPIN_GUARD(&lock);

	config = (config | set) & ~clear;
	if (!write_config(config))
		log_warn("i8042: the configuration byte is not taken");
}

/* The port's clock on, its device looked at; off again if there is none. */
static bool look_at(struct i8042_port *p, u8 off, bool (*probe)(struct i8042_port *))
{
	set_config(0, off);
	if (probe(p))
		return true;
	log_info("i8042: no %s", p->name);
	set_config(off, 0);
	return false;
}

static u8 use_port(unsigned irq, const char *name, u8 irq_bit)
{
	int err = irq_request_isa(irq, name, interrupt, &lock);

	if (err)
		log_warn("i8042: no interrupt %u (error %d)", irq, -err);
	return err ? 0 : irq_bit;
}

unsigned i8042_ports(const struct i8042_io *of)
{
	IRQSPIN_GUARD(&lock);
	u8 kept = config;

	io = of;
	unsigned n = !controller_present() ? 0 : 1 + aux_present();
	io = &hardware;
	config = kept;
	return n;
}

void i8042_init(void)
{
	u8 irqs = 0;
	bool aux;
	{
		IRQSPIN_GUARD(&lock);
		if (!controller_present())
			return;
		aux = aux_present();
		config |= CONFIG_KEYBOARD_OFF | CONFIG_AUX_OFF;
	}
	if (look_at(&keyboard_port, CONFIG_KEYBOARD_OFF, ps2_keyboard_probe))
		irqs |= use_port(1, "i8042 keyboard", CONFIG_KEYBOARD_IRQ);
	if (aux && look_at(&aux_port, CONFIG_AUX_OFF, ps2_mouse_probe))
		irqs |= use_port(12, "i8042 mouse", CONFIG_AUX_IRQ);
	if (irqs)
		set_config(irqs, 0);
	drain(); /* what came before has no edge left */
}
