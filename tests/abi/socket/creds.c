/* SPDX-License-Identifier: MIT */
/* Who is at the other end: SO_PEERCRED, SO_PASSCRED, SCM_CREDENTIALS and who may say what. */
#include "../abi.h"
#include "socket.h"

static int p[2];

static void say_peer(const char *what, int s)
{
	struct ucred u;
	socklen_t n = sizeof(u);

	if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n))
		say("%s: %s", what, errname(errno));
	else
		say("%s: %s pid, uid %d gid %d", what, u.pid == getpid() ? "own" : u.pid ? "other" : "no", u.uid, u.gid);
}

static void receive(const char *what, int s, size_t room)
{
	char control[256] = { 0 }, buf[32] = "";
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
	ssize_t n = syscall(SYS_recvmsg, s, &h, MSG_DONTWAIT);
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	if (n < 0) {
		say("%s: %s", what, errname(errno));
	} else if (!c || c->cmsg_len < CMSG_LEN(sizeof(struct ucred))) {
		say("%s: %zd, no credentials%s", what, n, h.msg_flags & MSG_CTRUNC ? ", ctrunc" : "");
	} else {
		struct ucred *u = (void *)CMSG_DATA(c);
		say("%s: %zd '%s' type %d %s pid, uid %d gid %d", what, n, buf, c->cmsg_type,
		    u->pid == getpid() ? "own" : u->pid ? "other" : "no", u->uid, u->gid);
	}
}

static long send_as(int s, pid_t pid, uid_t uid, gid_t gid, size_t length)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct iovec v = { "as", 2 };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(length);
	*(struct ucred *)CMSG_DATA(c) = (struct ucred){ pid, uid, gid };
	return syscall(SYS_sendmsg, s, &h, 0);
}

TEST
{
	int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), st;

	say_peer("nobody", s);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	say_peer("pair", p[0]);
	MUST(bind_to(s, "s"));
	MUST(chmod("s", 0777));
	chmod(".", 0755);
	MUST(listen(s, 3));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		become_nobody();
		int c = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
		MUST(connect_to(c, "s"));
		say_peer("client sees", c);
		_exit(0);
	}
	waitpid(pid, &st, 0);
	say_peer("server sees", MUST(accept(s, NULL, NULL)));

	CALL("PASSCRED", option(p[1], SO_PASSCRED));
	receive("nothing", p[1], 256);
	MUST(write(p[0], "before", 6));
	MUST(set_option(p[1], SO_PASSCRED, 1));
	CALL("PASSCRED", option(p[1], SO_PASSCRED));
	receive("sent before it was set", p[1], 256);
	MUST(write(p[0], "after", 5));
	receive("sent after", p[1], 256);
	MUST(write(p[0], "after", 5));
	receive("no room", p[1], 0);
	MUST(write(p[0], "after", 5));
	receive("room for a header", p[1], 16);
	pid = MUST(fork());
	if (pid == 0) {
		become_nobody();
		write(p[0], "child", 5);
		CALL("as root", send_as(p[0], getpid(), 0, 0, sizeof(struct ucred)));
		CALL("as another process", send_as(p[0], 1, 65534, 65534, sizeof(struct ucred)));
		CALL("as itself", send_as(p[0], getpid(), 65534, 65534, sizeof(struct ucred)));
		_exit(0);
	}
	waitpid(pid, &st, 0);
	MUST(write(p[0], "root", 4));
	receive("of the child", p[1], 256);
	receive("of root, not glued", p[1], 256);
	CALL("root as somebody", send_as(p[0], 1, 1000, 1001, sizeof(struct ucred)));
	receive("somebody", p[1], 256);
	CALL("no such process", send_as(p[0], 0x3ffffff, 0, 0, sizeof(struct ucred)));
	CALL("too short", send_as(p[0], getpid(), 0, 0, 8));
	CALL("no user", send_as(p[0], getpid(), -1, 0, sizeof(struct ucred)));

	/* With PASSCRED a datagram socket gets a name when it sends. */
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	MUST(bind_to(b, "b"));
	MUST(set_option(a, SO_PASSCRED, 1));
	MUST(send_to(a, "b", "hello"));
	say_own_name("named", a);
	gid_t groups[8];
	socklen_t n = sizeof(groups);
	YES("SO_PEERGROUPS", getsockopt(p[0], SOL_SOCKET, 59, groups, &n) == 0);
	MUST(syscall(SYS_setgroups, 2, (gid_t[]){ 10, 20 }));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	n = sizeof(groups);
	CALL("SO_PEERGROUPS", getsockopt(p[0], SOL_SOCKET, 59, groups, &n));
	say("%u bytes: %u %u", n, groups[0], groups[1]);
	n = 4;
	CALL("too little room", getsockopt(p[0], SOL_SOCKET, 59, groups, &n));
	say("%u bytes are needed", n);
}
