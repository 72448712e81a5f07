/* SPDX-License-Identifier: MIT */
/* Threads of musl: create, join, mutex, condition, thread-local data, detach. */

#include "pthreads.h"
