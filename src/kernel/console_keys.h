/* SPDX-License-Identifier: MIT */
#pragma once

/* Joins the keyboard to the terminal on the screen. After vt and before input_init. */
void console_keys_init(void);
