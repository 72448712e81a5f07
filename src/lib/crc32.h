/* SPDX-License-Identifier: MIT */
/* CRC-32 as Ethernet, gzip and GPT use it (polynomial 0x04c11db7, reflected, inverted ends). */
#pragma once

#include <lib/types.h>

/* crc: 0 to begin with, or the result for the bytes before these. */
u32 crc32(u32 crc, const void *data, size_t len);
