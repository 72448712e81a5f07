/* SPDX-License-Identifier: MIT */
#pragma once

struct boot_fb;

/* /dev/fb0, if the console has pixels. May sleep. */
void fbdev_init(const struct boot_fb *fb);
