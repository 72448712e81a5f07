/* SPDX-License-Identifier: MIT */
/*
 * Numbers and structs of the socket calls that the exported kernel headers do not have: POSIX and libc's
 * <sys/socket.h> give them to programs.  <asm/socket.h> (SO_*) and <linux/un.h> have the rest.
 */
#pragma once

#include <lib/compiler.h>
#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/socket.h>

enum { AF_UNSPEC = 0, AF_UNIX = 1, AF_MAX = 46 };

enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_SEQPACKET = 5, SOCK_TYPE_MASK = 15, SOCK_MAX = 11 };
#define SOCK_CLOEXEC O_CLOEXEC
#define SOCK_NONBLOCK O_NONBLOCK

enum { SHUT_RD, SHUT_WR, SHUT_RDWR };

enum message_flags {
	MSG_OOB = 1, MSG_PEEK = 2, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_EOR = 0x80, MSG_WAITALL = 0x100,
	MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000, MSG_MORE = 0x8000, MSG_WAITFORONE = 0x10000,
	MSG_CMSG_CLOEXEC = 0x40000000,
};
#define MSG_CMSG_COMPAT 0x80000000U /* the kernel's own; of 32-bit programs */

enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };
#define SCM_MAX_FD 253

struct msghdr {
	u64 name;
	u32 name_length, pad;
	u64 iov, iov_count;
	u64 control, control_length;
	u32 flags, pad_2;
};
BUILD_ASSERT(sizeof(struct msghdr) == 56);

struct mmsghdr {
	struct msghdr header;
	u32 length, pad;
};

struct cmsghdr {
	u64 length; /* this header and the data */
	s32 level, type;
};
#define CMSG_ALIGN(n) ALIGN_UP(n, sizeof(u64))

struct ucred {
	s32 pid;
	u32 uid, gid;
};

struct linger {
	s32 on, seconds;
};
