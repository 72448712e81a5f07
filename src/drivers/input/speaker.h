/* SPDX-License-Identifier: MIT */
/* The PC's speaker. */
#pragma once

#include <lib/types.h>

/* A tone of `hz` for `ms` milliseconds (0: until the next call); hz 0: silence. Any context. */
void speaker_tone(unsigned hz, unsigned ms);
