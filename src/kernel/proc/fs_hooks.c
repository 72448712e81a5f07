/* SPDX-License-Identifier: MIT */
/* What fs/ needs of signals: registered here, since fs/ stands above. */
#include <fs/hooks.h>
#include <proc/internal.h>

static void send_to_self(int signo)
{
	siginfo_t info;
	signal_info_user(&info, signo);
	signal_send_task(current, signo, &info);
}

static void send_sigpipe(void)
{
	send_to_self(SIGPIPE);
}

static void send_sigxfsz(void)
{
	send_to_self(SIGXFSZ);
}

static void set_sigmask(u64 mask, bool restore_later)
{
	if (restore_later)
		signal_suspend_mask(mask);
	else
		signal_set_blocked(mask);
}

void proc_fs_hooks_init(void)
{
	fs_send_sigpipe = send_sigpipe;
	fs_send_sigxfsz = send_sigxfsz;
	fs_set_sigmask = set_sigmask;
}
