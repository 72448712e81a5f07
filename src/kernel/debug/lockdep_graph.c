/* SPDX-License-Identifier: MIT */
/*
 * The order graph of lock classes: an edge from A to B says that B was taken while A was held,
 * with the two places where.
 *
 * An edge A -> B is refused, and reported, when there is a path from B to A; so the graph has no
 * cycles.  With interrupts: a class used in an interrupt handler ("in") must have no path to one
 * that is ever held with interrupts on ("on"): a CPU holds the "on" lock, is interrupted, the
 * handler wants the "in" lock; another CPU holds that and goes along the path to the "on" lock.
 * This is looked at when an edge is added, and when a class is first used in either way.
 *
 * Searches are breadth first, so that what is printed is a shortest path; the table of classes is
 * the queue's bound.  All of it under one lock of the plainest kind, with interrupts off.
 */
#include <debug/lockdep_internal.h>

#include <arch/cpu.h>
#include <debug/log.h>
#include <debug/symbols.h>
#include <lib/format.h>
#include <sync/atomic.h>

enum { CLASSES = 2048, EDGES = 24576, CHAINS = 1 << 16 };

struct edge {
	u32 from, to;
	u32 next_out, next_in;
	u64 from_ip, to_ip;
};

static u32 graph_busy; /* the graph lock; atomic */
static struct lockdep_class classes[CLASSES];
static u32 class_count; /* atomic */
static struct edge edges[EDGES]; /* [0] is not used */
static u32 edge_count = 1;
static u64 chains[CHAINS]; /* atomic; hashes, 0: free */
static u32 chain_count;    /* atomic */
static u32 generation;
static u32 queue[CLASSES];

static void graph_lock(void)
{
	while (atomic_exchange(&graph_busy, 1))
		cpu_relax();
}

static void graph_unlock(void)
{
	atomic_store(&graph_busy, 0);
}

void lockdep_stats(struct lockdep_stats *s)
{
	*s = (struct lockdep_stats){ atomic_load(&class_count), CLASSES, READ_ONCE(edge_count) - 1,
				     EDGES - 1, atomic_load(&chain_count), CHAINS * 3 / 4 };
}

static struct lockdep_class *class_find(const void *key, unsigned subclass)
{
	for (u32 i = 0; i < atomic_load(&class_count); i++)
		if (classes[i].key == key && classes[i].subclass == subclass)
			return &classes[i];
	return NULL;
}

struct lockdep_class *graph_class(const void *key, const char *name, unsigned subclass)
{
	struct lockdep_class *c = class_find(key, subclass);

	if (c)
		return c;
	graph_lock();
	c = class_find(key, subclass);
	if (!c && class_count < CLASSES) {
		c = &classes[class_count];
		c->key = key;
		c->name = name;
		c->subclass = subclass;
		atomic_store(&class_count, class_count + 1);
	}
	graph_unlock();
	if (!c)
		lockdep_out_of("classes");
	return c;
}

bool graph_chain_known(u64 chain)
{
	u32 at = (u32)(chain % CHAINS);

	chain |= 1;
	for (unsigned tries = 0; tries < CHAINS; tries++, at = (at + 1) % CHAINS) {
		u64 found = atomic_load(&chains[at]);
		if (found == chain)
			return true;
		if (found)
			continue;
		if (atomic_load(&chain_count) >= CHAINS * 3 / 4) {
			lockdep_out_of("chains");
			return true;
		}
		if (atomic_cas(&chains[at], &found, chain)) {
			atomic_inc(&chain_count);
			return false;
		}
		if (found == chain)
			return true;
	}
	return true;
}

/* From `start` along the edges (or against them) to a class that `usage` or `target` asks for; NULL. */
static struct lockdep_class *search(struct lockdep_class *start, bool backward, unsigned usage,
				    const struct lockdep_class *target)
{
	u32 head = 0, tail = 0;

	generation++;
	start->mark = generation;
	start->via = 0;
	queue[tail++] = (u32)(start - classes);
	while (head < tail) {
		struct lockdep_class *c = &classes[queue[head++]];
		if (c == target || (c->usage & usage))
			return c;
		for (u32 e = backward ? c->in : c->out; e; e = backward ? edges[e].next_in : edges[e].next_out) {
			struct lockdep_class *n = &classes[backward ? edges[e].from : edges[e].to];
			if (n->mark == generation)
				continue;
			n->mark = generation;
			n->via = e;
			queue[tail++] = (u32)(n - classes);
		}
	}
	return NULL;
}

static void print_edge(const struct edge *e)
{
	char from[80], to[80], from_at[80], to_at[80];

	log_emerg("  %s (taken at %s)", class_name(&classes[e->from], from, sizeof(from)),
		  symbol_name(e->from_ip, from_at, sizeof(from_at)));
	log_emerg("    -> %s (taken at %s)", class_name(&classes[e->to], to, sizeof(to)),
		  symbol_name(e->to_ip, to_at, sizeof(to_at)));
}

/* The path of the last search, which found `c`: from its end to its start. */
static void print_path(const struct lockdep_class *c, bool backward)
{
	for (unsigned i = 0; c->via && i < CLASSES; i++) {
		print_edge(&edges[c->via]);
		c = &classes[backward ? edges[c->via].to : edges[c->via].from];
	}
}

static void report_order(struct lockdep_class *from, struct lockdep_class *to, const struct edge *new)
{
	char a[80], b[80];

	if (!report_begin(LOCKDEP_ORDER))
		return;
	report_headline("locks in a circular order: %s is taken while %s is held, against:",
		  class_name(to, b, sizeof(b)), class_name(from, a, sizeof(a)));
	print_path(from, false);
	log_emerg("lockdep: now wanted:");
	print_edge(new);
	report_end(LOCKDEP_ORDER);
}

static void report_irq(struct lockdep_class *in, struct lockdep_class *on)
{
	char name[80], ip[80];

	if (!report_begin(LOCKDEP_IRQ))
		return;
	report_headline("an interrupt may wait for what it has interrupted:");
	log_emerg("  %s is taken in interrupts, at %s", class_name(in, name, sizeof(name)),
		  symbol_name(in->usage_ip[0], ip, sizeof(ip)));
	log_emerg("  %s is held with interrupts on, at %s", class_name(on, name, sizeof(name)),
		  symbol_name(on->usage_ip[1], ip, sizeof(ip)));
	if (in != on) {
		log_emerg("and there is a way from the first to the second (last step first):");
		if (search(in, false, 0, on))
			print_path(on, false);
	}
	report_end(LOCKDEP_IRQ);
}

static bool edge_known(const struct lockdep_class *from, u32 to)
{
	for (u32 e = from->out; e; e = edges[e].next_out)
		if (edges[e].to == to)
			return true;
	return false;
}

static void edge_link(const struct edge *new)
{
	u32 e = edge_count++;

	edges[e] = *new;
	edges[e].next_out = classes[new->from].out;
	classes[new->from].out = e;
	edges[e].next_in = classes[new->to].in;
	classes[new->to].in = e;
}

static bool edge_add(struct lockdep_class *from, struct lockdep_class *to, const struct edge *new)
{
	struct lockdep_class *in, *on;

	if (edge_known(from, new->to))
		return true;
	if (edge_count == EDGES)
		return false;
	if (search(to, false, 0, from)) {
		report_order(from, to, new);
		return true;
	}
	in = search(from, true, USED_IN_IRQ, NULL);
	on = in ? search(to, false, USED_IRQS_ON, NULL) : NULL;
	edge_link(new);
	if (on)
		report_irq(in, on);
	return true;
}

void graph_add(const struct lockdep_held *held, const struct lockdep_class *to, u64 ip)
{
	struct edge new = { (u32)(held->class - classes), (u32)(to - classes), 0, 0, held->ip, ip };
	bool room;

	graph_lock();
	room = edge_add(held->class, &classes[new.to], &new);
	graph_unlock();
	if (!room)
		lockdep_out_of("dependencies");
}

void graph_use(struct lockdep_class *c, unsigned usage, u64 ip)
{
	struct lockdep_class *other;

	graph_lock();
	if (!(c->usage & usage)) {
		c->usage_ip[usage == USED_IRQS_ON] = ip;
		other = usage == USED_IN_IRQ ? search(c, false, USED_IRQS_ON, NULL) :
					       search(c, true, USED_IN_IRQ, NULL);
		atomic_or(&c->usage, usage);
		if (other)
			report_irq(usage == USED_IN_IRQ ? c : other, usage == USED_IN_IRQ ? other : c);
	}
	graph_unlock();
}
