/* SPDX-License-Identifier: MIT */
/* /proc/net/unix, and what of AF_UNIX is in /proc/sys. */
#include <fs/procfs/procfs.h>

#include "internal.h"

/* States as Linux names them in <linux/net.h>, which is not exported. */
enum { SS_UNCONNECTED = 1, SS_CONNECTED = 3 };
#define FLAG_LISTENING 0x10000

static void show_name(struct text *t, const struct name *n)
{
	u32 length = n->length - (u32)offsetof(struct sockaddr_un, sun_path);

	text_bytes(t, " ", 1);
	if (n->address.sun_path[0]) {
		text_bytes(t, n->address.sun_path, length - 1);
		return;
	}
	for (u32 i = 0; i < length; i++)
		text_bytes(t, n->address.sun_path[i] ? &n->address.sun_path[i] : "@", 1);
}

static int show_sockets(struct text *t, void *ctx)
{
	struct local *u;

	text_string(t, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	MUTEX_GUARD(&all_lock);
	list_for_each(u, &all_sockets, all_link) {
		spin_lock(&u->lock);
		u64 inode = u->s.file ? u->s.file->inode->ino : 0;
		spin_unlock(&u->lock);
		text_printf(t, "%016x: %08X %08X %08X %04X %02X %5llu", 0, ref_read(&u->s.refs), 0,
			    u->state == LOCAL_LISTENING ? FLAG_LISTENING : 0, u->s.type,
			    u->state == LOCAL_CONNECTED ? SS_CONNECTED : SS_UNCONNECTED, (unsigned long long)inode);
		const struct name *n = atomic_load(&u->name);
		if (n)
			show_name(t, n);
		text_bytes(t, "\n", 1);
	}
	return 0;
}

static const struct procfs_number queue_max = { &local_queue_max, 0, INT32_MAX };

void local_show_init(void)
{
	procfs_add("net/unix", show_sockets, NULL);
	procfs_add_number("sys/net/unix/max_dgram_qlen", 0644, &queue_max);
}
