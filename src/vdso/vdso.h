/* SPDX-License-Identifier: MIT */
/* The image of the vDSO, built from src/vdso and embedded by image.asm. */
#pragma once

#include <lib/compiler.h>

extern const u8 vdso_image[], vdso_image_end[];
