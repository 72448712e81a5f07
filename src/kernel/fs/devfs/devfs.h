/* SPDX-License-Identifier: MIT */
#pragma once

/* Registers devtmpfs: one tmpfs instance, in which registered devices appear. */
void devfs_init(void);
