/* SPDX-License-Identifier: MIT */
/* What the system says it is. */
#pragma once

#include <lib/compiler.h>

#define SKERRY_VERSION "0.1.0"
#define SYSTEM_RELEASE "6.1.0-skerry"
#ifdef CONFIG_KASAN
#define SYSTEM_VARIANT " KASAN"
#elif defined(CONFIG_DEBUG)
#define SYSTEM_VARIANT " DEBUG"
#else
#define SYSTEM_VARIANT ""
#endif
/* Linux's programs look for "SMP" in it. */
#define SYSTEM_VERSION "Skerry " SKERRY_VERSION " SMP PREEMPT" SYSTEM_VARIANT

/* The files of /proc that say it. After procfs_init. */
void system_init(void);

void system_hostname(char *buf, size_t size);
void system_set_hostname(const char *name);
/* Does Ctrl-Alt-Del restart at once (reboot(2)), rather than tell init by SIGINT? */
extern bool system_cad_reboots;
/* Somebody pressed it. May sleep. */
void system_ctrl_alt_del(void);
/* `fn` is called before the machine is stopped: consoles drain their output. */
void system_on_reboot(void (*fn)(void));
/* The end: LINUX_REBOOT_CMD_POWER_OFF, _HALT or _RESTART. May sleep. */
noreturn void system_stop(unsigned command);
