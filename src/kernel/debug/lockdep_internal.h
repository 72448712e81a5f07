/* SPDX-License-Identifier: MIT */
/* Between lockdep.c (what is held) and lockdep_graph.c (what was ever held together). */
#pragma once

#include <debug/lockdep.h>

enum { USED_IN_IRQ = 1, USED_IRQS_ON = 2 };

struct lockdep_class {
	const void *key;
	const char *name; /* of the key; NULL: a static lock, named by its address */
	u32 subclass;
	u32 usage;        /* USED_*; graph lock to change */
	u64 usage_ip[2];  /* where it was first used so */
	u32 out, in;      /* graph lock: first edge from and to it, 0: none */
	u32 mark;         /* search: generation that reached it ... */
	u32 via;          /* ... by this edge */
};

/* All of these: interrupts off.  They take the graph lock by themselves. */

/* NULL: the table is full. */
struct lockdep_class *graph_class(const void *key, const char *name, unsigned subclass);
/* Was this chain of classes seen before?  Else it is remembered. */
bool graph_chain_known(u64 chain);
/* `to` is taken at `ip` while `from` is held. */
void graph_add(const struct lockdep_held *from, const struct lockdep_class *to, u64 ip);
/* `c` is used in an interrupt, or with interrupts on. */
void graph_use(struct lockdep_class *c, unsigned usage, u64 ip);

/* Reports: `text` is told, unless it is expected; true when the checker goes on. */
bool report_begin(enum lockdep_report kind);
void report_headline(const char *fmt, ...) printf_like(1, 2);
void report_end(enum lockdep_report kind);
/* "name/1" of a class. */
const char *class_name(const struct lockdep_class *c, char *buf, size_t size);
/* Tables full: the checker stops and says so. */
void lockdep_out_of(const char *what);
u64 lockdep_hash(u64 x);
