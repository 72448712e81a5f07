/* SPDX-License-Identifier: MIT */
/*
 * Messages: what is sent and not yet received.  The sender pays: `sent` is the memory of its messages in
 * queues, and who has sent more than send_limit waits until there is less.  Waiting writers and pollers are told when a quarter is left,
 * so that a fast writer and a slow reader change turns seldom.
 *
 * Blocks of the largest size come from a handful of spare ones where possible: that is the traffic of bulk transfers, and
 * the frame allocator would split and join its blocks for each of them.
 */
#include <mm/kmap.h>
#include <proc/process.h>

#include "internal.h"

#define OWN_BYTES 136           /* data that lie in the message itself */
#define PIECE_MAX KIB(64)       /* of a stream */

static struct slab_cache *messages;

/* --- Memory ------------------------------------------------------------------------------------- */

static char *spare[4]; /* atomic: blocks of PIECE_MAX, or NULL */

static inline char *spare_take(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(spare); i++) {
		char *p = READ_ONCE(spare[i]) ? atomic_exchange(&spare[i], NULL) : NULL;
		if (p)
			return p;
	}
	return NULL;
}

static inline bool spare_keep(char *p)
{
	char *none;

	for (unsigned i = 0; i < ARRAY_SIZE(spare); i++)
		if (!READ_ONCE(spare[i]) && (none = NULL, atomic_cas(&spare[i], &none, p)))
			return true;
	return false;
}

/* Under memory pressure they are given back. */
static size_t spare_shrink(size_t want)
{
	size_t frames = 0;

	for (char *p; frames < want && (p = spare_take()); frames += PIECE_MAX / PAGE_SIZE)
		kfree(p);
	return frames;
}

static struct frame_shrinker shrinker = { .shrink = spare_shrink };

static inline void data_free(char *p, u32 n)
{
	if (n != PIECE_MAX || !spare_keep(p))
		kvfree(p);
}

/* Memory for n bytes, less for a stream when there is no such block. */
static always_inline char *data_new(u32 *n, bool pieces)
{
	char *p;

	if (*n <= PAGE_SIZE)
		return kmalloc(*n, ALLOC_USER);
	if (likely(*n == PIECE_MAX) && likely(p = spare_take()))
		return p;
	while (!(p = kmalloc(*n, ALLOC_TRY)) && pieces && *n > PAGE_SIZE)
		*n = max(*n / 2, (u32)PAGE_SIZE);
	if (p)
		return p;
	if (!pieces && *n == PIECE_MAX) /* what is this large may become spare: no vmalloc */
		return kmalloc(*n, ALLOC_USER);
	return pieces ? kmalloc(*n, ALLOC_USER) : kvmalloc(*n);
}

static int room_error(struct local *u)
{
	int err = socket_take_error(&u->s);

	return err ? err : READ_ONCE(u->shutdown) & SHUT_SEND ? -EPIPE : 0;
}

static inline bool has_room(const struct local *u) { return READ_ONCE(u->sent) < READ_ONCE(u->s.send_limit); }

static noinline int wait_for_room(struct local *u, bool nowait)
{
	int err;

	if (has_room(u))
		return room_error(u);
	if (nowait)
		return (err = room_error(u)) ? err : -EAGAIN;
	err = wait_event_until(&u->write_wait, WAIT_INTERRUPTIBLE,
			       has_room(u) || READ_ONCE(u->s.error) || READ_ONCE(u->shutdown) & SHUT_SEND,
			       socket_deadline(u->s.send_timeout));
	return err ? socket_wait_error(err, u->s.send_timeout) : room_error(u);
}

int message_new(struct local *u, u32 *n, bool pieces, bool nowait, struct message **out)
{
	if (unlikely(!has_room(u) || READ_ONCE(u->s.error) || READ_ONCE(u->shutdown) & SHUT_SEND)) {
		int err = wait_for_room(u, nowait);
		if (err)
			return err;
	}
	if (pieces)
		*n = min(*n, min((u32)PIECE_MAX, u->s.send_limit / 2 - 64));
	struct message *m = slab_alloc(messages, 0);
	if (!m)
		return -ENOBUFS;
	m->charge = sizeof *m + OWN_BYTES;
	m->data = m->own;
	if (*n > OWN_BYTES) {
		if (!(m->data = data_new(n, pieces))) {
			slab_free(messages, m);
			return -ENOBUFS;
		}
		m->charge += *n;
	}
	m->length = *n;
	m->offset = 0;
	m->rights = NULL;
	m->from = u;
	local_get(u);
	atomic_fetch_add(&u->sent, m->charge);
	*out = m;
	return 0;
}

void message_free(struct message *m)
{
	struct local *u = m->from;

	if (unlikely(m->rights))
		rights_drop(m->rights);
	if (m->data != m->own)
		data_free(m->data, m->length);
	u32 left = atomic_sub_fetch(&u->sent, m->charge);
	if (wait_queue_active(&u->write_wait) && (u64)left * 4 <= u->s.send_limit)
		wait_wake_key(&u->write_wait, 0, WRITABLE);
	local_put(u);
	slab_free(messages, m);
}

bool messages_drop(struct local *u)
{
	struct list queue;

	list_init(&queue);
	mutex_lock(&u->read_lock); /* a receiver looks at the first one */
	spin_lock(&u->lock);
	for (struct list *l = u->queue.next; l != &u->queue; l = l->next)
		u->queued--;
	list_splice_back(&queue, &u->queue);
	spin_unlock(&u->lock);
	mutex_unlock(&u->read_lock);
	bool any = !list_empty(&queue);
	while (!list_empty(&queue)) {
		struct message *m = list_first(&queue, struct message, link);
		list_remove(&m->link);
		message_free(m);
	}
	return any;
}

static inline bool wants_sender(const struct local *u)
{
	return READ_ONCE(u->s.options) & SOCKET_PASSCRED || !READ_ONCE(u->s.file);
}

void message_sign(struct message *m, const struct local *from, const struct local *to, const struct transfer *t)
{
	if (unlikely(t->explicit_sender))
		m->sender = t->sender;
	else if (unlikely(wants_sender(from) || wants_sender(to)))
		m->sender = (struct sender){ process_pid(current->process), current->cred->uid, current->cred->gid };
	else
		m->sender = (struct sender){ 0, OVERFLOW_ID, OVERFLOW_ID };
}

void message_describe(const struct local *u, const struct message *m, struct transfer *t)
{
	const struct name *name;

	if (t->from && (name = atomic_load(&m->from->name))) {
		t->from->length = name->length;
		memcpy(&t->from->storage, &name->address, name->length);
	}
	if (unlikely(u->s.options & SOCKET_PASSCRED)) {
		t->has_sender = true;
		t->sender = m->sender;
	}
}

int message_rights(struct message *m, struct transfer *t, bool peek)
{
	if (peek)
		return (t->rights = rights_peek(m->rights)) ? 0 : -ENOMEM;
	t->rights = m->rights;
	m->rights = NULL;
	local_rights_landed(t->rights);
	return 0;
}

struct message *message_first(struct local *u, u32 *skip)
{
	struct message *m;

	SPIN_GUARD(&u->lock);
	list_for_each(m, &u->queue, link) {
		u32 left = m->length - m->offset;
		if (likely(*skip < left || !*skip))
			return m;
		*skip -= left;
	}
	return NULL;
}

/* An end, an error, or a message that begins or goes on behind `skip` bytes? */
static bool readable_behind(struct local *u, u32 skip)
{
	if (likely(!skip))
		return local_readable(u);
	return READ_ONCE(u->shutdown) & SHUT_RECEIVE || READ_ONCE(u->s.error) || message_first(u, &skip);
}

int local_wait_readable(struct local *u, u32 skip, u64 deadline)
{
	int err = wait_event_until(&u->read_wait, WAIT_INTERRUPTIBLE, readable_behind(u, skip), deadline);

	return err ? socket_wait_error(err, u->s.receive_timeout) : 0;
}

void messages_init(void)
{
	frame_shrinker_add(&shrinker);
	messages = slab_create("unix_message", sizeof(struct message) + OWN_BYTES, 0);
}
