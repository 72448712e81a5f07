/* SPDX-License-Identifier: MIT */
/* The names of all of Linux's calls, taken from <asm/unistd_64.h> by the build (syscall_names.inc). */
#include <syscall/names.h>

#include <lib/compiler.h>

static const char *const names[SYSCALL_NUMBERS] = {
#include <syscall_names.inc>
};

const char *syscall_name(u64 nr)
{
	return nr < SYSCALL_NUMBERS && names[nr] ? names[nr] : "?";
}
