/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the console draws its pixels, mapped write-combining; NULL in text mode or without a screen. */
void *fbcon_memory(void);
