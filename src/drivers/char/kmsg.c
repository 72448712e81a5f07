/* SPDX-License-Identifier: MIT */
/*
 * The log for programs: /dev/kmsg, a record a read, and syslog(2), a stream.
 */
#include <arch/cpu.h>
#include <debug/log.h>
#include <drivers/char/char.h>
#include <fs/device_file.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/format.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <sched/mutex.h>
#include <sync/atomic.h>
#include <syscall/handlers.h>
#include <time/clock.h>

enum { RECORD_SIZE = 640 /* a record with its prefix */, ESCAPED_SIZE = 2048, WRITE_MAX = 1024 - 32,
       LOG_BUFFER_SIZE = 64 * 1024 /* what syslog(2) says */ };

static struct wait_queue record_wait = WAIT_QUEUE_INIT(record_wait);
static u64 cleared_seq;  /* racy: records before this are not shown by READ_ALL */

static void record_added(void)
{
	wait_wake_all(&record_wait);
}

/* --- /dev/kmsg ------------------------------------------------------------------------------------- */

struct kmsg_file {
	struct mutex lock;
	u64 seq;           /* lock: next record */
	char line[RECORD_SIZE];
	char out[ESCAPED_SIZE];
};

static int kmsg_open(struct inode *i, struct file *f)
{
	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return 0;
	struct kmsg_file *k = kzalloc(sizeof(*k));
	if (!k)
		return -ENOMEM;
	mutex_init(&k->lock);
	k->seq = log_seq_first();
	f->priv = k;
	return 0;
}

static void kmsg_release(struct file *f)
{
	if ((f->flags & O_ACCMODE) != O_WRONLY)
		kfree(f->priv);
}

/* The text of a record behind "<level>[seconds.micros] ". */
static const char *record_text(const char *line)
{
	const char *p = strstr(line, "] ");

	return p ? p + 2 : line;
}

/* "prio,seq,usec,-;text\n", what does not print as \xNN. Returns the length. */
static size_t format_record(const struct log_record *r, const char *line, size_t n, char *out, size_t size)
{
	const char *text = record_text(line), *end = line + n - 1; /* without the newline */
	size_t len = scnprintf(out, size, "%u,%llu,%llu,-;", r->level,
			       (unsigned long long)r->seq, r->time_ns / NSEC_PER_USEC);

	for (; text < end && len + 5 < size; text++) {
		u8 c = *text;
		if ((c < ' ' && c != '\n') || c >= 127 || c == '\\')
			len += scnprintf(out + len, size - len, "\\x%02x", c);
		else if (c == '\n')
			len += scnprintf(out + len, size - len, "\n ");
		else
			out[len++] = c;
	}
	out[len++] = '\n';
	return len;
}

static ssize_t read_record(struct kmsg_file *k, struct uio *u)
{
	struct log_record r;
	u64 want = k->seq, first = log_seq_first();

	if (want < first) { /* the reader was too slow */
		k->seq = first;
		return -EPIPE;
	}
	size_t n = log_read(&k->seq, &r, k->line, sizeof(k->line));
	if (!n)
		return -EAGAIN;
	if (r.seq != want) {
		k->seq = r.seq;
		return -EPIPE;
	}
	size_t len = format_record(&r, k->line, n, k->out, sizeof(k->out));
	if (len > u->left) {
		k->seq = want;
		return -EINVAL;
	}
	return uio_put(u, k->out, len) == len ? (ssize_t)len : -EFAULT;
}

static ssize_t kmsg_read(struct file *f, struct uio *u, u64 *pos)
{
	struct kmsg_file *k = f->priv;

	for (;;) {
		mutex_lock(&k->lock);
		ssize_t n = read_record(k, u);
		u64 seq = k->seq;
		mutex_unlock(&k->lock);
		if (n != -EAGAIN || u->nowait || f->flags & O_NONBLOCK)
			return n;
		int err = wait_event(&record_wait, WAIT_INTERRUPTIBLE, log_seq_next() > seq);
		if (err)
			return err;
	}
}

/* "<prio>text": the facility is dropped, the log has none. */
static ssize_t kmsg_write(struct file *f, struct uio *u, u64 *pos)
{
	size_t n = u->left;
	u64 prio = LOG_WARN;

	if (n > WRITE_MAX)
		return -EINVAL;
	char *buf KFREE_GUARD = kmalloc(WRITE_MAX + 1, 0);
	if (!buf)
		return -ENOMEM;
	if (uio_get(u, buf, n) != n)
		return -EFAULT;
	buf[n] = 0;
	char *text = buf;
	if (buf[0] == '<') {
		const char *end = parse_digits(buf + 1, 10, &prio);
		if (end && *end == '>')
			text = (char *)end + 1;
		else
			prio = LOG_WARN;
	}
	log_printf(prio & 7, "%s", text);
	return n;
}

static s64 kmsg_llseek(struct file *f, s64 off, int whence)
{
	struct kmsg_file *k = f->priv;

	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (off)
		return -ESPIPE;
	MUTEX_GUARD(&k->lock);
	switch (whence) {
	case SEEK_SET:
		k->seq = log_seq_first();
		return 0;
	case SEEK_DATA: /* what came after the last clearing */
		k->seq = max(READ_ONCE(cleared_seq), log_seq_first());
		return 0;
	case SEEK_END:
		k->seq = log_seq_next();
		return 0;
	default:
		return -EINVAL;
	}
}

static unsigned kmsg_poll(struct file *f, struct poll_table *pt)
{
	struct kmsg_file *k = f->priv;

	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return EPOLLERR | EPOLLNVAL;
	poll_wait(f, &record_wait, pt);
	u64 seq = READ_ONCE(k->seq);
	if (log_seq_next() <= seq)
		return 0;
	return EPOLLIN | EPOLLRDNORM | (seq < log_seq_first() ? EPOLLERR | EPOLLPRI : 0);
}

static const struct file_ops kmsg_ops = {
	.open = kmsg_open, .release = kmsg_release, .read = kmsg_read, .write = kmsg_write,
	.llseek = kmsg_llseek, .poll = kmsg_poll, .stream = true,
};

/* --- syslog(2) ---------------------------------------------------------------------------------------- */

enum syslog_action { ACTION_CLOSE, ACTION_OPEN, ACTION_READ, ACTION_READ_ALL, ACTION_READ_CLEAR, ACTION_CLEAR,
		     ACTION_CONSOLE_OFF, ACTION_CONSOLE_ON, ACTION_CONSOLE_LEVEL, ACTION_SIZE_UNREAD,
		     ACTION_SIZE_BUFFER };

static struct mutex stream_lock = MUTEX_INIT(stream_lock);
static u64 stream_seq;     /* stream_lock: next record of ACTION_READ */
static size_t stream_part; /* stream_lock: bytes of it that were read */
static int saved_level = -1; /* stream_lock: before ACTION_CONSOLE_OFF */

/* As much as fits of what nobody has read; -EAGAIN when there is nothing. */
static ssize_t stream_read(uptr_t buf, size_t size)
{
	char line[RECORD_SIZE];
	struct log_record r;
	size_t done = 0;
	MUTEX_GUARD(&stream_lock);

	while (done < size) {
		u64 seq = stream_seq;
		size_t n = log_read(&seq, &r, line, sizeof(line));
		if (!n)
			break;
		size_t skip = r.seq == stream_seq ? min(stream_part, n) : 0;
		size_t part = min(n - skip, size - done);
		if (copy_to_user(uptr_add(buf, done), line + skip, part))
			return done ? (ssize_t)done : -EFAULT;
		done += part;
		bool whole = skip + part == n;
		stream_seq = whole ? seq : r.seq;
		stream_part = whole ? 0 : skip + part;
	}
	return done ? (ssize_t)done : -EAGAIN;
}

static s64 stream_unread(void)
{
	char line[RECORD_SIZE];
	struct log_record r;
	size_t n, total = 0;
	MUTEX_GUARD(&stream_lock);
	u64 seq = stream_seq;

	while ((n = log_read(&seq, &r, line, sizeof(line))))
		total += n;
	return total > stream_part ? total - stream_part : 0;
}

/* Where to begin so that all from there on fits into `size`. */
static u64 tail_start(u64 first, u64 end, size_t size)
{
	char line[RECORD_SIZE];
	struct log_record r;
	size_t total = 0, n;

	for (u64 seq = first; seq < end && (n = log_read(&seq, &r, line, sizeof(line)));)
		total += n;
	while (total > size && first < end) {
		n = log_read(&first, &r, line, sizeof(line));
		total -= min(n, total);
		if (!n)
			break;
	}
	return first;
}

static s64 read_all(uptr_t buf, size_t size, bool clear)
{
	char line[RECORD_SIZE];
	struct log_record r;
	size_t done = 0, n;
	u64 end = log_seq_next();
	u64 seq = tail_start(max(READ_ONCE(cleared_seq), log_seq_first()), end, size);

	while (seq < end && (n = log_read(&seq, &r, line, sizeof(line))) && n <= size - done) {
		if (copy_to_user(uptr_add(buf, done), line, n))
			return -EFAULT;
		done += n;
	}
	if (clear)
		WRITE_ONCE(cleared_seq, end);
	return done;
}

static s64 console_level(int level)
{
	MUTEX_GUARD(&stream_lock);

	if (level < 1 || level > 8)
		return -EINVAL;
	saved_level = -1;
	log_console_level = level;
	return 0;
}

static s64 console_on(bool on)
{
	MUTEX_GUARD(&stream_lock);

	if (!on && saved_level < 0) {
		saved_level = log_console_level;
		log_console_level = 1; /* emergencies only */
	} else if (on && saved_level >= 0) {
		log_console_level = saved_level;
		saved_level = -1;
	}
	return 0;
}

static s64 wait_and_read(uptr_t buf, size_t size)
{
	ssize_t n;

	while ((n = stream_read(buf, size)) == -EAGAIN) {
		int err = wait_event(&record_wait, WAIT_INTERRUPTIBLE, log_seq_next() > READ_ONCE(stream_seq));
		if (err)
			return err;
	}
	return n;
}

s64 sys_syslog(int action, uptr_t buf, int size)
{
	bool reads = action == ACTION_READ || action == ACTION_READ_ALL || action == ACTION_READ_CLEAR;

	if (action != ACTION_READ_ALL && action != ACTION_SIZE_BUFFER && !capable(CAP_SYSLOG) &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (reads && (uptr_null(buf) || size < 0))
		return -EINVAL;
	if (reads && !size)
		return 0;
	if (reads && !user_range_ok(buf, size))
		return -EFAULT;
	switch (action) {
	case ACTION_CLOSE:
	case ACTION_OPEN:
		return 0;
	case ACTION_READ:
		return wait_and_read(buf, size);
	case ACTION_READ_ALL:
	case ACTION_READ_CLEAR:
		return read_all(buf, size, action == ACTION_READ_CLEAR);
	case ACTION_CLEAR:
		WRITE_ONCE(cleared_seq, log_seq_next());
		return 0;
	case ACTION_CONSOLE_OFF:
	case ACTION_CONSOLE_ON:
		return console_on(action == ACTION_CONSOLE_ON);
	case ACTION_CONSOLE_LEVEL:
		return console_level(size);
	case ACTION_SIZE_UNREAD:
		return stream_unread();
	case ACTION_SIZE_BUFFER:
		return LOG_BUFFER_SIZE;
	default:
		return -EINVAL;
	}
}

void kmsg_init(void)
{
	int err = chardev_register(DEVNO(MEM_MAJOR, 11), "kmsg", 0644, 0, &kmsg_ops, NULL);

	if (err)
		log_err("kmsg: cannot be registered (error %d)", -err);
	log_notify = record_added;
}
