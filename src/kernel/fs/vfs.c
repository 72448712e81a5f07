/* SPDX-License-Identifier: MIT */
/* Sets the VFS up, bottom to top, and holds the hooks of those above. */
#include <fs/internal.h>

void (*fs_send_sigpipe)(void);
void (*fs_send_sigxfsz)(void);
void (*fs_set_sigmask)(u64 mask, bool restore_later);

void vfs_init(void)
{
	/* The boot task makes the first inodes, before proc/ gives it what tasks have. */
	if (!current->cred) {
		cred_get(&cred_kernel);
		current->cred = &cred_kernel;
	}
	dcache_init();
	inodes_init();
	mounts_init();
	files_init();
	file_init();
	page_cache_start();
	locks_init();
	anon_init();
	pipes_init();
	epoll_init();
	tmpfs_init();
}
