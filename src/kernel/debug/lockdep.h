/* SPDX-License-Identifier: MIT */
/* Lock checking, in LOCKDEP builds. */
#pragma once

#include <lib/compiler.h>

#define LOCKDEP_FIELD
#define LOCKDEP_MAP(l) NULL
#define LOCKDEP_INIT(l) do { } while (0)

struct lockdep_map;
static always_inline void lockdep_spin_acquire(struct lockdep_map *m, unsigned subclass, bool try) {}
static always_inline void lockdep_spin_release(struct lockdep_map *m) {}
enum { LOCKDEP_TRY = 1 };
static always_inline void lockdep_acquire(struct lockdep_map *m, unsigned subclass, unsigned flags) {}
static always_inline void lockdep_release(struct lockdep_map *m) {}
static always_inline void lockdep_rcu_enter(void) {}
static always_inline void lockdep_rcu_leave(void) {}
static always_inline void might_sleep(void) {}
