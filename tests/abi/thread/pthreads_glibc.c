/* SPDX-License-Identifier: MIT */
/* The same with Debian's glibc, which uses clone3, rseq and robust lists. */
/* build: glibc */

#include "pthreads.h"
