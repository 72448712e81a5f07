# SPDX-License-Identifier: MIT
kernel-srcs += src/drivers/video/fbcon.c
kernel-srcs += src/drivers/video/fbdev.c
kernel-srcs += src/drivers/video/font.c
kernel-srcs += src/drivers/video/vga.c
