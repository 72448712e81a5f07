/* SPDX-License-Identifier: MIT */
/* What is typed goes to the terminal on the screen: the keyboard knows no terminals, and they know no keys. */
#include <console_keys.h>

#include <drivers/input/keyboard.h>
#include <syscall/system.h>
#include <tty/vt.h>

static void switch_terminal(unsigned number)
{
	if (number == KEYBOARD_VT_PREVIOUS || number == KEYBOARD_VT_NEXT)
		vt_switch_by(number == KEYBOARD_VT_NEXT ? 1 : -1);
	else
		vt_switch(number);
}

void console_keys_init(void)
{
	keyboard_text = vt_input;
	keyboard_switch = switch_terminal;
	keyboard_restart = system_ctrl_alt_del;
}
