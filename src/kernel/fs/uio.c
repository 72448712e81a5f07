/* SPDX-License-Identifier: MIT */
/* Moving bytes to and from a transfer, segment by segment. */
#include <fs/uio.h>
#include <lib/string.h>

/* Goes to the next segment that is not empty; u->left > 0. */
static void next_segment(struct uio *u)
{
	while (!u->segment && u->count) {
		u->base = (u64)u->next->iov_base;
		u->segment = u->next->iov_len;
		u->next++;
		u->count--;
	}
}

void uio_start(struct uio *u)
{
	next_segment(u);
}

static inline void advance(struct uio *u, size_t n)
{
	u->base += n;
	u->segment -= n;
	u->left -= n;
	if (unlikely(!u->segment && u->left))
		next_segment(u);
}

enum direction { PUT, GET, ZERO };

/* Copies n bytes of the current segment; returns how many were not. */
static always_inline size_t copy_piece(const struct uio *u, void *p, size_t n, enum direction dir)
{
	if (unlikely(u->kernel)) {
		if (dir == PUT)
			memcpy((void *)u->base, p, n);
		else if (dir == GET)
			memcpy(p, (void *)u->base, n);
		else
			memset((void *)u->base, 0, n);
		return 0;
	}
	switch (dir) {
	case PUT:
		return usercopy_out(UPTR(u->base), p, n);
	case GET:
		return usercopy_in(p, UPTR(u->base), n);
	default:
		return usercopy_clear(UPTR(u->base), n);
	}
}

static always_inline size_t move(struct uio *u, void *p, size_t n, enum direction dir)
{
	size_t done = 0;

	while (done < n) {
		size_t piece = min(n - done, u->segment);
		size_t missed = copy_piece(u, (char *)p + done, piece, dir);

		advance(u, piece - missed);
		done += piece - missed;
		if (unlikely(missed))
			break;
	}
	return done;
}

size_t uio_put(struct uio *u, const void *src, size_t n)
{
	return move(u, (void *)src, n, PUT);
}

size_t uio_get(struct uio *u, void *dst, size_t n)
{
	return move(u, dst, n, GET);
}

size_t uio_put_zero(struct uio *u, size_t n)
{
	return move(u, NULL, n, ZERO);
}

void uio_skip(struct uio *u, size_t n)
{
	while (n) {
		size_t piece = min(n, u->segment);
		advance(u, piece);
		n -= piece;
	}
}

void uio_revert(struct uio *u, size_t n)
{
	u->base -= n;
	u->segment += n;
	u->left += n;
}
