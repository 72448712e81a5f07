/* SPDX-License-Identifier: MIT */
#pragma once

struct boot_fb;

/* The frame buffer that the boot loader left becomes the screen of the virtual terminals. May sleep. */
void fbcon_init(const struct boot_fb *fb);
