/* SPDX-License-Identifier: MIT */
/*
 * Epolls that watch each other.
 *
 * The links between them make no circle and are at most HEIGHT_MAX one above the other, since a wake-up and a poll go
 * along them by recursion.  Both are checked before a link is added: walk_down finds what is below it (and a
 * circle, if it meets the watching one), height_above what is above it.
 *
 * A wake-up goes all ways up from its file, whose number can double with each link.  So they are counted after
 * an item was added; if they are too many the item goes again.
 *
 * Each walk has a number (`visits`), by which it knows the epolls that it has been at.  All is under
 * epoll_topology; an item whose epoll nobody watches and whose file is no epoll needs none of this.
 */
#include <fs/epoll.h>

#define HEIGHT_MAX 4 /* links between epolls, one above the other */

static u64 visits; /* epoll_topology */

/* Finds the links below `ep` (ep->height). -ELOOP if `avoid` is met. epoll_topology is held. */
static int walk_down(struct epoll *ep, const struct epoll *avoid)
{
	int height = 0, err;

	if (ep == avoid)
		return -ELOOP;
	if (ep->seen_down == visits)
		return 0;
	MUTEX_GUARD(&ep->lock);
	rb_for_each(n, &ep->items) {
		struct file *f = rb_entry(n, struct epoll_item, node)->file;
		if (!is_epoll(f))
			continue;
		struct epoll *below = f->priv;
		if ((err = walk_down(below, avoid)))
			return err;
		height = max(height, below->height + 1);
	}
	ep->height = height;
	ep->seen_down = visits;
	return 0;
}

/* Links above `ep`. epoll_topology is held, which keeps these lists as they are. */
static int height_above(struct epoll *ep)
{
	struct epoll_item *it;
	int most = 0;

	if (ep->seen_up == visits)
		return ep->above;
	list_for_each(it, &ep->file->epoll_items, file_link)
		most = max(most, height_above(it->ep) + 1);
	ep->seen_up = visits;
	return ep->above = most;
}

/* May `ep` watch `below`? -ELOOP. epoll_topology is held. */
int epoll_check_topology(struct epoll *ep, struct epoll *below)
{
	visits++;
	int err = walk_down(below, ep);
	if (err)
		return err;
	return height_above(ep) + 1 + below->height > HEIGHT_MAX ? -ELOOP : 0;
}

/* How many ways there may be from a file to epolls so many links up; as in Linux. One link up: any number. */
static const u16 ways_max[HEIGHT_MAX + 1] = { 0, 500, 100, 50, 10 };

/* Counts the ways up from `f`, which is `depth` links above a file. -EINVAL: too many. epoll_topology is held. */
static int count_ways(struct file *f, unsigned depth, u16 *ways)
{
	struct epoll_item *it;
	int err;

	list_for_each(it, &f->epoll_items, file_link) {
		if (!is_watched(it->ep))
			err = depth && ++ways[depth] > ways_max[depth] ? -EINVAL : 0;
		else
			err = depth < HEIGHT_MAX ? count_ways(it->ep->file, depth + 1, ways) : -EINVAL;
		if (err)
			return err;
	}
	return 0;
}

/* The same for a file that is no epoll, whose list changes without epoll_topology. */
static int check_ways(struct file *f)
{
	u16 ways[HEIGHT_MAX + 1] = { 0 };
	SPIN_GUARD(file_lock(f));

	return count_ways(f, 0, ways);
}

/* And for all files below `ep`. epoll_topology is held. */
static int check_ways_below(struct epoll *ep)
{
	int err;

	if (ep->seen_down == visits)
		return 0;
	ep->seen_down = visits;
	MUTEX_GUARD(&ep->lock);
	rb_for_each(n, &ep->items) {
		struct file *f = rb_entry(n, struct epoll_item, node)->file;
		if ((err = is_epoll(f) ? check_ways_below(f->priv) : check_ways(f)))
			return err;
	}
	return 0;
}

int epoll_check_ways(struct file *f)
{
	visits++;
	return is_epoll(f) ? check_ways_below(f->priv) : check_ways(f);
}
