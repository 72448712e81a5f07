/* SPDX-License-Identifier: MIT */
/* What file calls need of signals, which live above: set by proc/ at boot. Task context, no locks held. */
#pragma once

#include <lib/types.h>

extern void (*fs_send_sigpipe)(void); /* SIGPIPE to the current task */
extern void (*fs_send_sigxfsz)(void);
/*
 * ppoll, pselect6, epoll_pwait: `mask` (of blocked signals) is in force from now on.  The old one
 * comes back on the way to user mode, after the delivery of what the new one lets through.
 */
extern void (*fs_set_sigmask)(u64 mask, bool restore_later);
