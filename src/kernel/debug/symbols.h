/* SPDX-License-Identifier: MIT */
/* Names of kernel addresses, from the table that tools/mksymbols links in. */
#pragma once

#include <lib/compiler.h>

/* Writes "name+0x12" (or the bare number) into buf; returns buf. */
const char *symbol_name(u64 addr, char *buf, size_t size);
