/* SPDX-License-Identifier: MIT */
/*
 * select(2) and pselect6(2), over the waiter of poll.c.
 *
 * Six bitmaps: what is asked for, and what was found.  Words without a descriptor are
 * passed over.  Descriptors past the end of the table are not looked at.
 */
#include <fs/internal.h>
#include <fs/poll_waiter.h>
#include <lib/bitmap.h>
#include <linux/time_types.h>
#include <mm/kmap.h>
#include <syscall/handlers.h>

#define SETS 3 /* to read, to write, exceptions */
#define WORDS_FAST 16 /* sets of so many words are on the stack */
#define USEC_PER_SEC 1000000

static const u32 set_events[SETS] = {
	EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR,
	EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR,
	EPOLLPRI,
};

struct select_sets {
	u32 n, words;
	u64 *in[SETS], *found[SETS];
};

/* Asks one descriptor; how many of its bits are found, -EBADF when it is not open. */
static always_inline int select_one(struct select_sets *s, u32 fd, struct poll_waiter *w)
{
	u64 bit = 1ULL << (fd % 64);
	u32 wanted = 0, word = fd / 64;
	int count = 0;

	for (int k = 0; k < SETS; k++)
		if (s->in[k][word] & bit)
			wanted |= set_events[k];
	FD_GUARD(f, (int)fd);
	if (unlikely(!f))
		return -EBADF;
	w->table.events = wanted | EPOLLERR | EPOLLHUP;
	u32 got = file_poll(f, &w->table);
	for (int k = 0; k < SETS; k++) {
		if (!(got & set_events[k]) || !(s->in[k][word] & bit))
			continue;
		s->found[k][word] |= bit;
		count++;
	}
	return count;
}

static int select_pass(void *files, struct poll_waiter *w)
{
	struct select_sets *s = files;
	int ready = 0;

	for (u32 word = 0; word < s->words; word++) {
		u64 any = s->in[0][word] | s->in[1][word] | s->in[2][word];
		for (; any; any &= any - 1) {
			int r = select_one(s, word * 64 + bit_first(any), w);
			if (unlikely(r < 0))
				return r;
			ready += r;
			if (r)
				w->table.queue = NULL;
		}
	}
	w->table.queue = NULL;
	return ready;
}

static int select_files(struct select_sets *s, u64 deadline)
{
	int ready = poll_until(select_pass, s, deadline);

	return ready == -ERESTARTSYS ? -ERESTARTNOHAND : ready;
}

/* User sets are arrays of longs, of which the bits from n on do not count. */
static int get_set(u64 *set, uptr_t u, const struct select_sets *s)
{
	if (uptr_null(u)) {
		memset(set, 0, s->words * 8);
		return 0;
	}
	if (copy_from_user(set, u, s->words * 8))
		return -EFAULT;
	if (s->n % 64)
		set[s->words - 1] &= (1ULL << (s->n % 64)) - 1;
	return 0;
}

static int select_sets(struct select_sets *s, const uptr_t user[SETS], u64 deadline)
{
	int err;

	for (int k = 0; k < SETS; k++) {
		memset(s->found[k], 0, s->words * 8);
		if ((err = get_set(s->in[k], user[k], s)))
			return err;
	}
	int ready = select_files(s, deadline);
	if (ready < 0)
		return ready;
	for (int k = 0; k < SETS; k++)
		if (!uptr_null(user[k]) && copy_to_user(user[k], s->found[k], s->words * 8))
			return -EFAULT;
	return ready;
}

static int select_user(int n, const uptr_t user[SETS], u64 deadline)
{
	u64 fast[2 * SETS * WORDS_FAST], *space = fast;
	struct select_sets s;

	if (n < 0)
		return -EINVAL;
	s.n = min((u32)n, fd_table_size());
	s.words = DIV_ROUND_UP(s.n, 64);
	if (s.words > WORDS_FAST && !(space = kvmalloc(2 * SETS * s.words * 8)))
		return -ENOMEM;
	for (int k = 0; k < SETS; k++) {
		s.in[k] = space + 2 * k * s.words;
		s.found[k] = s.in[k] + s.words;
	}
	int r = select_sets(&s, user, deadline);
	if (space != fast)
		kvfree(space);
	return r;
}

static int get_timeval(uptr_t utv, u64 *deadline)
{
	struct __kernel_old_timeval tv;

	*deadline = POLL_FOREVER;
	if (uptr_null(utv))
		return 0;
	if (copy_from_user(&tv, utv, sizeof tv))
		return -EFAULT;
	s64 sec, usec = tv.tv_usec % USEC_PER_SEC;
	if (__builtin_add_overflow((s64)tv.tv_sec, tv.tv_usec / USEC_PER_SEC, &sec) || sec < 0 || usec < 0)
		return -EINVAL;
	u64 most = INT64_MAX / NSEC_PER_SEC - 1;
	*deadline = poll_deadline(min((u64)sec, most) * NSEC_PER_SEC + (u64)usec * NSEC_PER_USEC);
	return 0;
}

static s64 put_timeval(uptr_t utv, u64 deadline, s64 result)
{
	if (deadline == POLL_FOREVER || deadline == POLL_AT_ONCE)
		return result;
	u64 left = poll_remaining(deadline);
	struct __kernel_old_timeval tv = {
		.tv_sec = (s64)(left / NSEC_PER_SEC),
		.tv_usec = (s64)(left % NSEC_PER_SEC / NSEC_PER_USEC),
	};
	if (copy_to_user(utv, &tv, sizeof tv) && result == -ERESTARTNOHAND)
		return -EINTR;
	return result;
}

s64 sys_select(int n, uptr_t in, uptr_t out, uptr_t except, uptr_t timeout)
{
	const uptr_t user[SETS] = { in, out, except };
	u64 deadline;
	int err = get_timeval(timeout, &deadline);

	return err ? err : put_timeval(timeout, deadline, select_user(n, user, deadline));
}

s64 sys_pselect6(int n, uptr_t in, uptr_t out, uptr_t except, uptr_t timeout, uptr_t umask)
{
	const uptr_t user[SETS] = { in, out, except };
	struct {
		u64 mask, size;
	} sig = { 0, 0 };
	u64 deadline;
	int err;

	if (!uptr_null(umask) && copy_from_user(&sig, umask, sizeof sig))
		return -EFAULT;
	if ((err = poll_deadline_get(timeout, &deadline)))
		return err;
	if ((err = poll_set_sigmask(UPTR(sig.mask), sig.size)))
		return err;
	return poll_put_remaining(timeout, deadline, select_user(n, user, deadline));
}
