/* SPDX-License-Identifier: MIT */
/* What sysfuzz.c and plausible.c share. */
#ifndef SYSFUZZ_H
#define SYSFUZZ_H
#include <stdbool.h>
#include <stdint.h>

#define PAGE 4096UL
#define POOL_PAGES 16
#define ARENA_PAGES 64
#define FDS 40

/* What the calls of one child are aimed at. */
struct targets {
	unsigned char *pool;		/* valid, followed by a hole */
	unsigned char *read_only;
	unsigned char *write_hole;	/* page that is not mapped */
	unsigned char *arena;		/* mapped and unmapped by plausible calls */
	int fds[FDS];
	int nfds;
};

extern struct targets targets;

uint64_t rnd(void);
uint64_t pick(uint64_t n);
uint64_t argument(void);		/* anything at all */
uint64_t pool_pointer(void);
uint64_t random_flags(void);
uint64_t harmless_pid(void);
const char *random_name(void);

/* Fills in the arguments; returns the call's number. */
long plausible_call(uint64_t *a);
bool makes_descriptor(long nr);
void open_more_targets(void (*add)(int fd));
void arm_signals(void);
#endif
