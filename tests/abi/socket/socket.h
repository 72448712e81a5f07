/* SPDX-License-Identifier: MIT */
/* What the tests of AF_UNIX share. Include after abi.h. */
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Address of a path, or with a leading '@' of an abstract name; its length in *n. */
MAYBE struct sockaddr_un addr_of(const char *name, socklen_t *n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, name);
	*n = offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1;
	if (name[0] == '@') {
		a.sun_path[0] = 0;
		--*n;
	}
	return a;
}

MAYBE int bind_to(int s, const char *name)
{
	socklen_t n;
	struct sockaddr_un a = addr_of(name, &n);

	return bind(s, (struct sockaddr *)&a, n);
}

MAYBE int connect_to(int s, const char *name)
{
	socklen_t n;
	struct sockaddr_un a = addr_of(name, &n);

	return connect(s, (struct sockaddr *)&a, n);
}

MAYBE long send_to(int s, const char *name, const char *text)
{
	socklen_t n;
	struct sockaddr_un a = addr_of(name, &n);

	return sendto(s, text, strlen(text), 0, (struct sockaddr *)&a, n);
}

/* An abstract name for this test alone. */
MAYBE const char *own_name(const char *what)
{
	static char name[100];

	snprintf(name, sizeof(name), "@skerry-%d-%s", (int)getpid(), what);
	return name;
}

MAYBE void say_name(const char *what, const struct sockaddr_un *a, socklen_t n)
{
	if (n <= 2)
		say("%s: length %u", what, n);
	else if (a->sun_path[0])
		say("%s: length %u path %s", what, n, a->sun_path);
	else
		say("%s: abstract, %u bytes", what, n);
}

MAYBE void say_own_name(const char *what, int s)
{
	struct sockaddr_un a = { 0 };
	socklen_t n = sizeof(a);

	if (getsockname(s, (struct sockaddr *)&a, &n) == 0)
		say_name(what, &a, n);
	else
		say("%s: %s", what, errname(errno));
}

MAYBE void say_peer_name(const char *what, int s)
{
	struct sockaddr_un a = { 0 };
	socklen_t n = sizeof(a);

	if (getpeername(s, (struct sockaddr *)&a, &n) == 0)
		say_name(what, &a, n);
	else
		say("%s: %s", what, errname(errno));
}

MAYBE void say_text(const char *what, int s, int flags)
{
	char buf[256] = "";
	ssize_t n = recv(s, buf, sizeof(buf) - 1, flags);

	if (n < 0)
		say("%s: %s", what, errname(errno));
	else
		say("%s: %zd '%.*s'", what, n, (int)(n > 255 ? 255 : n), buf);
}

MAYBE void say_events(const char *what, int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0 };
	int n = poll(&p, 1, 0);

	say("%s: %d%s%s%s%s%s", what, n, p.revents & POLLIN ? " in" : "", p.revents & POLLOUT ? " out" : "",
	    p.revents & POLLERR ? " err" : "", p.revents & POLLHUP ? " hup" : "", p.revents & POLLRDHUP ? " rdhup" : "");
}

MAYBE int option(int s, int name)
{
	int v = -1;
	socklen_t n = sizeof(v);

	return getsockopt(s, SOL_SOCKET, name, &v, &n) ? -errno : v;
}

MAYBE int set_option(int s, int name, int v)
{
	return setsockopt(s, SOL_SOCKET, name, &v, sizeof(v));
}

/* sendmsg of `text` with n descriptors. */
MAYBE long send_fds(int s, const char *text, const int *fds, int n)
{
	char control[CMSG_SPACE(300 * sizeof(int))] = { 0 };
	struct iovec v = { (void *)text, strlen(text) };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return syscall(SYS_sendmsg, s, &h, 0);
}

/* recvmsg with room for `room` descriptors; how many came, in fds. */
MAYBE int recv_fds(const char *what, int s, int *fds, int room, int flags)
{
	char control[CMSG_SPACE(300 * sizeof(int))] = { 0 }, buf[64] = "";
	struct iovec v = { buf, sizeof(buf) - 1 };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0 };
	ssize_t n = syscall(SYS_recvmsg, s, &h, flags);
	int got = 0;

	if (n < 0) {
		say("%s: %s", what, errname(errno));
		return 0;
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(c), got * sizeof(int));
		}
	}
	say("%s: %zd '%s' fds %d%s%s", what, n, buf, got, h.msg_flags & MSG_CTRUNC ? " ctrunc" : "",
	    h.msg_flags & MSG_TRUNC ? " trunc" : "");
	return got;
}
