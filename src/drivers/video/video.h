/* SPDX-License-Identifier: MIT */
#pragma once

struct boot_fb;

/*
 * Shows the log on the screen, until fbcon_init, if the frame buffer lies below DIRECT_MAP_MIN: what goes
 * wrong before there are terminals can be read on a machine without a serial port. Needs no memory.
 */
void fbcon_early_init(const struct boot_fb *fb);
/* The frame buffer that the boot loader left becomes the screen of the virtual terminals. May sleep. */
void fbcon_init(const struct boot_fb *fb);
