/* SPDX-License-Identifier: MIT */
/*
 * Rights in flight, and the collection of circles.
 *
 * A socket's descriptor can be sent to a socket whose own descriptor is in a queue, and so on round a circle; when
 * all descriptors outside are closed nobody can receive any of it, yet every file has a reference.
 *
 * Sockets whose file is in some message are in flight; in_flight counts how often.  If that is all its references, the
 * socket is a candidate: only who receives from the queues can get at it.  References that come from the queues of candidates are
 * subtracted; a candidate with some left can be reached from outside, and so can all that is in its queue, and
 * so on.  The others are garbage: their messages with rights are dropped, which closes them.
 *
 * Why it is right while others run: all of this holds `flight_lock`, and so does everything that changes in_flight or puts
 * rights on a queue; taking rights off one (the count changes later), MSG_PEEK and new references make the count
 * of references larger than in_flight, or leave references that no queue explains.  Both mean: not garbage.
 *
 * A listener's queue is that of its embryos.
 */
#include <proc/process.h>
#include <proc/user.h>

#include "internal.h"

static struct mutex flight_lock = MUTEX_INIT(flight_lock);
static struct list in_flight = LIST_INIT(in_flight); /* flight_lock: struct local */
static struct work collect_work;

static struct local *local_of_file(struct file *f)
{
	struct socket *s = file_socket(f);

	return s && s->family == AF_UNIX ? local_of(s) : NULL;
}

/* --- Counting ----------------------------------------------------------------------------------- */

/* flight_lock held. */
static void take_off(struct rights *r)
{
	for (u32 i = 0; i < r->count; i++) {
		struct local *u = local_of_file(r->files[i]);
		if (u && u->in_flight++ == 0)
			list_push_back(&in_flight, &u->flight_link);
	}
	atomic_fetch_add(&r->user->files_in_flight, r->count);
	r->counted = true;
}

static void land(struct rights *r)
{
	for (u32 i = 0; i < r->count; i++) {
		struct local *u = local_of_file(r->files[i]);
		if (!u)
			continue;
		ASSERT_OP(u->in_flight, >, 0);
		if (--u->in_flight == 0)
			list_remove(&u->flight_link);
	}
	atomic_sub_fetch(&r->user->files_in_flight, r->count);
	r->counted = false;
}

void local_rights_landed(struct rights *r)
{
	MUTEX_GUARD(&flight_lock);
	land(r);
}

static bool too_many(const struct user *u)
{
	return READ_ONCE(u->files_in_flight) > rlimit_current(RLIMIT_NOFILE) && !capable(CAP_SYS_RESOURCE) &&
	       !capable(CAP_SYS_ADMIN);
}

int rights_fly(struct rights *r, int (*deliver)(struct local *to, struct message *m), struct local *to, struct message *m)
{
	if (too_many(r->user))
		return -ETOOMANYREFS;
	MUTEX_GUARD(&flight_lock);
	take_off(r);
	m->rights = r;
	int err = deliver(to, m);
	if (err) {
		m->rights = NULL;
		land(r);
	}
	return err;
}

struct rights *rights_peek(const struct rights *r)
{
	MUTEX_GUARD(&flight_lock);
	return rights_copy(r);
}

/* --- Collecting --------------------------------------------------------------------------------- */

typedef void (*visitor)(struct local *u, struct list *ctx);

/* Calls visit for each candidate in messages on the queue of u, as often as it is there. */
static void visit_queue(struct local *u, visitor visit, struct list *ctx)
{
	struct message *m;
	struct local *e;

	SPIN_GUARD(&u->lock);
	list_for_each(m, &u->queue, link) {
		for (u32 i = 0; m->rights && i < m->rights->count; i++) {
			struct local *c = local_of_file(m->rights->files[i]);
			if (c && c->candidate)
				visit(c, ctx);
		}
	}
	list_for_each(e, &u->embryos, embryo_link)
		visit_queue(e, visit, ctx); /* embryos have none: one level */
}

static void subtract(struct local *u, struct list *ctx)
{
	u->outside--;
}

static void reached(struct local *u, struct list *reachable)
{
	u->candidate = false;
	list_remove(&u->collect_link);
	list_push_back(reachable, &u->collect_link);
}

/* Moves the messages with rights to `dead`. */
static void take_garbage(struct local *u, struct list *dead)
{
	struct message *m, *next;
	struct local *e;

	SPIN_GUARD(&u->lock);
	list_for_each_safe(m, next, &u->queue, link) {
		if (!m->rights)
			continue;
		list_remove(&m->link);
		list_push_back(dead, &m->link);
		u->queued--;
	}
	list_for_each(e, &u->embryos, embryo_link)
		take_garbage(e, dead);
}

/* flight_lock held. */
static void find_garbage(struct list *dead)
{
	struct list candidates = LIST_INIT(candidates), reachable = LIST_INIT(reachable);
	struct local *u, *next;

	list_for_each(u, &in_flight, flight_link) {
		ASSERT(u->s.file);
		if (ref_read(&u->s.file->refs) != u->in_flight)
			continue;
		u->candidate = true;
		u->outside = u->in_flight;
		list_push_back(&candidates, &u->collect_link);
	}
	list_for_each(u, &candidates, collect_link)
		visit_queue(u, subtract, NULL);
	list_for_each_safe(u, next, &candidates, collect_link)
		if (u->outside)
			reached(u, &reachable);
	/* The list grows behind the place where we are. */
	list_for_each(u, &reachable, collect_link)
		visit_queue(u, reached, &reachable);
	list_for_each(u, &candidates, collect_link)
		take_garbage(u, dead);
	list_for_each_safe(u, next, &candidates, collect_link) {
		u->candidate = false;
		list_remove(&u->collect_link);
	}
	list_for_each_safe(u, next, &reachable, collect_link)
		list_remove(&u->collect_link);
}

static void collect(struct work *w)
{
	struct list dead = LIST_INIT(dead);

	mutex_lock(&flight_lock);
	find_garbage(&dead);
	mutex_unlock(&flight_lock);
	while (!list_empty(&dead)) {
		struct message *m = list_first(&dead, struct message, link);
		list_remove(&m->link);
		message_free(m);
	}
}

void collect_soon(void)
{
	if (likely(list_empty(&in_flight)))
		return;
	work_queue(&collect_work);
}

void collect_init(void)
{
	work_init(&collect_work, collect);
}
