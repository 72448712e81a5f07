/* SPDX-License-Identifier: MIT */
/* sendmsg and recvmsg with vectors; sendmmsg and recvmmsg. */
#include "../abi.h"
#include "socket.h"

TEST
{
	int p[2];
	char a[4], b[8], text[4][16];
	struct iovec out[3] = { { "one", 3 }, { "", 0 }, { "twothree", 8 } }, in[2] = { { a, 4 }, { b, 8 } };
	struct msghdr h = { .msg_iov = out, .msg_iovlen = 3 };

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p));
	CALL("sendmsg", syscall(SYS_sendmsg, p[0], &h, 0));
	h = (struct msghdr){ .msg_iov = in, .msg_iovlen = 2 };
	CALL("recvmsg", syscall(SYS_recvmsg, p[1], &h, 0));
	say("'%.4s' '%.7s'", a, b);
	h.msg_iovlen = 1025;
	CALL("too many vectors", syscall(SYS_recvmsg, p[1], &h, 0));
	CALL("too many vectors", syscall(SYS_sendmsg, p[0], &h, 0));
	CALL("bad header", syscall(SYS_sendmsg, p[0], bad_page(), 0));
	h = (struct msghdr){ .msg_iov = bad_page(), .msg_iovlen = 2 };
	CALL("bad vectors", syscall(SYS_sendmsg, p[0], &h, 0));
	h = (struct msghdr){ .msg_iov = in, .msg_iovlen = 1, .msg_name = a, .msg_namelen = -1 };
	CALL("bad name length", syscall(SYS_sendmsg, p[0], &h, 0));
	h.msg_iovlen = 0;
	h.msg_name = NULL;
	CALL("empty", syscall(SYS_sendmsg, p[0], &h, 0));
	CALL("empty arrives", recv(p[1], a, 4, MSG_DONTWAIT));

	struct mmsghdr m[4] = { 0 };
	struct iovec v[4];
	for (int i = 0; i < 4; i++) {
		snprintf(text[i], sizeof(text[i]), "msg %d", i);
		m[i].msg_hdr.msg_iovlen = 1;
		v[i] = (struct iovec){ text[i], 5 };
		m[i].msg_hdr.msg_iov = &v[i];
	}
	CALL("sendmmsg", syscall(SYS_sendmmsg, p[0], m, 3, 0));
	say("lengths %u %u %u", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 4; i++)
		v[i].iov_len = 16;
	CALL("recvmmsg", syscall(SYS_recvmmsg, p[1], m, 4, MSG_WAITFORONE, NULL));
	say("'%s' '%s' '%s' '%s'", text[0], text[1], text[2], text[3]);
	CALL("recvmmsg, nothing", syscall(SYS_recvmmsg, p[1], m, 4, MSG_DONTWAIT, NULL));
	MUST(send(p[0], "x", 1, 0));
	CALL("recvmmsg, one", syscall(SYS_recvmmsg, p[1], m, 4, MSG_DONTWAIT, NULL));
	struct timespec t = { -1, 0 };
	CALL("bad time", syscall(SYS_recvmmsg, p[1], m, 1, MSG_DONTWAIT, &t));
	v[1].iov_base = bad_page();
	CALL("sendmmsg, the second is bad", syscall(SYS_sendmmsg, p[0], m, 3, 0));
	CALL("sendmmsg, the first is bad", syscall(SYS_sendmmsg, p[0], m + 1, 1, 0));
	CALL("sendmmsg, none", syscall(SYS_sendmmsg, p[0], m, 0, 0));
}
