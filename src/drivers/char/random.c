/* SPDX-License-Identifier: MIT */
/*
 * Random numbers.
 *
 *   RDSEED, interrupts' times --> base key --(every minute)--> each CPU's key --> output
 *
 * The base key absorbs input in blocks of 16 bytes, each taken as nonce and
 * counter of a ChaCha20 block under the old key; half of that block is the new key (a
 * cascade: whoever does not know the old key or not the input knows nothing of the
 * new one).
 *
 * A CPU makes OUTPUT_BLOCKS blocks at once under its key.  The first 32 bytes
 * become the next key at once ("fast key erasure") and the rest is handed out, each
 * byte wiped as it goes: what has been handed out cannot be computed from the
 * memory any more.
 *
 * The generator counts as seeded when the CPU has given 32 bytes, or when
 * JITTER_ROUNDS interrupts' times have been absorbed; getrandom(2) waits for that.
 *
 * Locking: base_lock (interrupts off) for the base key; a CPU's own state is used
 * with interrupts off.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <debug/log.h>
#include <device/irq.h>
#include <drivers/char/char.h>
#include <fs/device_file.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/chacha20.h>
#include <lib/string.h>
#include <linux/major.h>
#include <linux/random.h>
#include <proc/cred.h>
#include <proc/signal.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <syscall/handlers.h>
#include <time/clock.h>
#include <vm/vm.h>

enum { OUTPUT_BLOCKS = 4, OUTPUT_SIZE = OUTPUT_BLOCKS * CHACHA20_BLOCK_SIZE, JITTER_ROUNDS = 256,
       ABSORB = 16, DEVICE_CHUNK = 256 };
#define RESEED_NS (60 * NSEC_PER_SEC)
#define ENTROPY_BITS 256

static spinlock_t base_lock = SPINLOCK_INIT;
static u8 base_key[CHACHA20_KEY_SIZE];
static u32 generation = 1;  /* of base_key; read without the lock */
static u64 reseed_at;       /* monotonic ns; read without the lock */
static bool seeded;
static struct wait_queue seeded_wait = WAIT_QUEUE_INIT(seeded_wait);

struct output {
	u8 bytes[OUTPUT_SIZE]; /* the first 32: the key; from `used` on: not handed out */
	u32 used;
	u32 generation;        /* base key that it stems from; 0: none */
};
static PERCPU struct output output;
static PERCPU u64 interrupt_noise;

/* --- The base key ------------------------------------------------------------------------------- */

static void absorb_block(const u8 in[static ABSORB])
{
	struct chacha20 c;
	u8 out[CHACHA20_BLOCK_SIZE];
	u32 counter;

	memcpy(&counter, in + CHACHA20_NONCE_SIZE, sizeof(counter));
	chacha20_init(&c, base_key, in, counter);
	chacha20_block(&c, out);
	memcpy(base_key, out, sizeof(base_key));
}

static void absorb(const void *data, size_t n)
{
	const u8 *p = data;
	u8 block[ABSORB];

	for (; n; p += min(n, (size_t)ABSORB), n -= min(n, (size_t)ABSORB)) {
		memset(block, 0, sizeof(block));
		memcpy(block, p, min(n, (size_t)ABSORB));
		absorb_block(block);
	}
}

void random_mix(const void *data, size_t n)
{
	IRQSPIN_GUARD(&base_lock);
	absorb(data, n);
}

void random_add_interrupt(u64 cycles)
{
	u64 noise = this_cpu_read(interrupt_noise);

	*this_cpu_ptr(interrupt_noise) = (noise << 7 | noise >> 57) + cycles;
}

/* Fresh entropy into the base key, and all CPUs have to take a new key from it. base_lock held. */
static void reseed_locked(void)
{
	struct {
		u8 cpu[32];
		u64 cycles, clock, real, irqs, noise;
	} in = { .cycles = cycles_now(), .clock = clock_monotonic_ns(), .real = clock_realtime_ns(),
		 .irqs = irq_entropy(), .noise = this_cpu_read(interrupt_noise) };

	bool full = cpu_random(in.cpu, sizeof(in.cpu)) == sizeof(in.cpu);
	absorb(&in, sizeof(in));
	memset(&in, 0, sizeof(in));
	WRITE_ONCE(reseed_at, clock_monotonic_ns() + RESEED_NS);
	WRITE_ONCE(generation, generation + 1 ? generation + 1 : 1);
	if (full)
		seeded = true;
}

static void reseed(void)
{
	IRQSPIN_GUARD(&base_lock);
	reseed_locked();
}

bool random_is_seeded(void)
{
	return READ_ONCE(seeded);
}

/* --- A CPU's output.  Interrupts off. -------------------------------------------------------------- */

static noinline void output_rekey(struct output *o)
{
	struct chacha20 c;
	static const u8 nonce[CHACHA20_NONCE_SIZE] = "output key";

	spin_acquire(&base_lock);
	if (clock_monotonic_ns() >= reseed_at)
		reseed_locked();
	chacha20_init(&c, base_key, nonce, cpu_id());
	chacha20_block(&c, o->bytes);
	memcpy(base_key, o->bytes + CHACHA20_KEY_SIZE, sizeof(base_key)); /* this CPU's key is not kept */
	o->generation = generation;
	spin_release(&base_lock);
	o->used = OUTPUT_SIZE;
}

static noinline void output_refill(struct output *o)
{
	static const u8 nonce[CHACHA20_NONCE_SIZE];
	struct chacha20 c;

	if (o->generation != READ_ONCE(generation) || clock_monotonic_coarse_ns() >= READ_ONCE(reseed_at))
		output_rekey(o);
	chacha20_init(&c, o->bytes, nonce, 0);
	for (unsigned i = 0; i < OUTPUT_BLOCKS; i++)
		chacha20_block(&c, o->bytes + i * CHACHA20_BLOCK_SIZE);
	memset(&c, 0, sizeof(c));
	o->used = CHACHA20_KEY_SIZE;
}

void random_bytes(void *buf, size_t n)
{
	u8 *p = buf;

	while (n) {
		IRQ_GUARD();
		struct output *o = this_cpu_ptr(output);
		if (o->used == OUTPUT_SIZE || o->generation != READ_ONCE(generation))
			output_refill(o);
		size_t part = min(n, (size_t)(OUTPUT_SIZE - o->used));
		memcpy(p, o->bytes + o->used, part);
		memset(o->bytes + o->used, 0, part);
		o->used += part;
		p += part;
		n -= part;
	}
}

static u64 random_u64(void)
{
	u64 v;

	random_bytes(&v, sizeof(v));
	return v;
}

void random_init(void)
{
	reseed();
	vm_random = random_u64;
}

/* --- Waiting for a seed ----------------------------------------------------------------------------- */

/* Without a generator in the CPU: the times at which timers wake a task, measured in cycles. */
static int seed_from_jitter(void)
{
	for (unsigned i = 0; i < JITTER_ROUNDS && !random_is_seeded(); i++) {
		u64 sample[2] = { cycles_now(), irq_entropy() };
		random_mix(sample, sizeof(sample));
		int err = wait_event_until(&seeded_wait, WAIT_INTERRUPTIBLE, random_is_seeded(),
					   clock_monotonic_ns() + NSEC_PER_MSEC);
		if (err && err != -ETIMEDOUT)
			return err;
	}
	reseed();
	if (!atomic_exchange(&seeded, true))
		log_info("random: seeded from interrupts' times");
	wait_wake_all(&seeded_wait);
	return 0;
}

static inline int wait_until_seeded(void)
{
	return likely(random_is_seeded()) ? 0 : seed_from_jitter();
}

static ssize_t random_to(struct uio *u)
{
	u8 buf[DEVICE_CHUNK];
	size_t done = 0;

	while (u->left) {
		size_t n = min(u->left, sizeof(buf));
		random_bytes(buf, n);
		size_t moved = uio_put(u, buf, n);
		done += moved;
		if (moved < n)
			break;
		if (u->left && signal_is_pending(current))
			break;
		cond_resched();
	}
	memset(buf, 0, sizeof(buf));
	barrier();
	return done || !u->left ? (ssize_t)done : -EFAULT;
}

s64 sys_getrandom(uptr_t buf, size_t n, uint flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (!(flags & GRND_INSECURE) && unlikely(!random_is_seeded())) {
		if (flags & GRND_NONBLOCK)
			return -EAGAIN;
		int err = wait_until_seeded();
		if (err)
			return err;
	}
	struct uio u = uio_user(buf, min(n, (size_t)INT32_MAX));
	if (!user_range_ok(buf, u.left))
		return -EFAULT;
	return random_to(&u);
}

/* --- The devices -------------------------------------------------------------------------------------- */

static ssize_t random_read(struct file *f, struct uio *u, u64 *pos)
{
	if (!random_is_seeded() && (u->nowait || f->flags & O_NONBLOCK))
		return -EAGAIN;
	int err = wait_until_seeded();
	return err ? err : random_to(u);
}

static ssize_t urandom_read(struct file *f, struct uio *u, u64 *pos)
{
	return random_to(u);
}

static ssize_t random_write(struct file *f, struct uio *u, u64 *pos)
{
	u8 buf[DEVICE_CHUNK];
	size_t done = 0, want = u->left;

	while (u->left) {
		size_t n = uio_get(u, buf, min(u->left, sizeof(buf)));
		if (!n)
			break;
		random_mix(buf, n);
		done += n;
		cond_resched();
	}
	return done || !want ? (ssize_t)done : -EFAULT;
}

static unsigned random_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(f, &seeded_wait, pt);
	return EPOLLOUT | EPOLLWRNORM | (random_is_seeded() ? EPOLLIN | EPOLLRDNORM : 0);
}

/* struct rand_pool_info: entropy count, size, then the bytes. */
static s64 add_entropy(struct file *f, uptr_t arg)
{
	s32 bits, size;
	int err = get_user_u32((u32 *)&bits, arg);

	if (!err)
		err = get_user_u32((u32 *)&size, uptr_add(arg, offsetof(struct rand_pool_info, buf_size)));
	if (err)
		return err;
	if (bits < 0 || size < 0)
		return -EINVAL;
	struct uio u = uio_user(uptr_add(arg, sizeof(struct rand_pool_info)), size);
	ssize_t n = random_write(f, &u, NULL);
	if (n != size)
		return -EFAULT;
	reseed();
	if (bits >= ENTROPY_BITS && !atomic_exchange(&seeded, true))
		wait_wake_all(&seeded_wait);
	return 0;
}

static s64 random_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	u32 bits;

	if (cmd == RNDGETENTCNT)
		return put_user_u32(arg, random_is_seeded() ? ENTROPY_BITS : 0);
	if (cmd != RNDADDTOENTCNT && cmd != RNDADDENTROPY && cmd != RNDZAPENTCNT && cmd != RNDCLEARPOOL &&
	    cmd != RNDRESEEDCRNG)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case RNDADDENTROPY:
		return add_entropy(f, arg);
	case RNDADDTOENTCNT:
		if (get_user_u32(&bits, arg))
			return -EFAULT;
		if ((s32)bits < 0)
			return -EINVAL;
		if (bits >= ENTROPY_BITS && !atomic_exchange(&seeded, true))
			wait_wake_all(&seeded_wait);
		return 0;
	case RNDRESEEDCRNG:
		if (!random_is_seeded())
			return -ENODATA;
		reseed();
		return 0;
	default: /* RNDZAPENTCNT, RNDCLEARPOOL: there is no count to clear, as in Linux */
		return 0;
	}
}

static s64 random_llseek(struct file *f, s64 off, int whence)
{
	return f->pos = 0;
}

static const struct file_ops random_ops = {
	.read = random_read, .write = random_write, .llseek = random_llseek, .poll = random_poll,
	.ioctl = random_ioctl, .stream = true,
};
static const struct file_ops urandom_ops = {
	.read = urandom_read, .write = random_write, .llseek = random_llseek, .ioctl = random_ioctl,
	.stream = true,
};

void random_devices_init(void)
{
	int err = chardev_register(DEVNO(MEM_MAJOR, 8), "random", 0666, 0, &random_ops, NULL);

	if (!err)
		err = chardev_register(DEVNO(MEM_MAJOR, 9), "urandom", 0666, 0, &urandom_ops, NULL);
	if (err)
		log_err("random: devices cannot be registered (error %d)", -err);
}
