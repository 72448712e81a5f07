/* SPDX-License-Identifier: MIT */
/* socket and socketpair: families, types, flags; what calls say to things that are no sockets, and the reverse. */
#include "../abi.h"
#include "socket.h"

TEST
{
	int p[2], q[2], file = MUST(open("f", O_RDWR | O_CREAT, 0644));
	struct stat st;

	OK("stream", socket(AF_UNIX, SOCK_STREAM, 0));
	OK("dgram", socket(AF_UNIX, SOCK_DGRAM, 0));
	OK("seqpacket", socket(AF_UNIX, SOCK_SEQPACKET, 0));
	CALL("raw is dgram", option(MUST(socket(AF_UNIX, SOCK_RAW, 0)), SO_TYPE));
	OK("protocol unix", socket(AF_UNIX, SOCK_STREAM, AF_UNIX));
	CALL("protocol 7", socket(AF_UNIX, SOCK_STREAM, 7));
	CALL("type rdm", socket(AF_UNIX, SOCK_RDM, 0));
	CALL("type 12", socket(AF_UNIX, 12, 0));
	CALL("type flag", socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
	CALL("family 0", socket(0, SOCK_STREAM, 0));
	CALL("family 46", socket(46, SOCK_STREAM, 0));
	CALL("family -1", socket(-1, SOCK_STREAM, 0));
	CALL("pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p));
	say("cloexec %d flags %#x", fcntl(p[0], F_GETFD), fcntl(p[1], F_GETFL) & ~O_CLOEXEC);
	CALL("pair bad pointer", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, bad_page()));
	CALL("pair of family 46", socketpair(46, SOCK_STREAM, 0, q));
	MUST(fstat(p[0], &st));
	say("mode %o size %ld rdev %ld", st.st_mode, (long)st.st_size, (long)st.st_rdev);
	char link[64] = "", path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[0]);
	MUST(readlink(path, link, sizeof(link) - 1));
	YES("link names the inode", strncmp(link, "socket:[", 8) == 0 && strtoul(link + 8, NULL, 10) == st.st_ino);
	CALL("open through /proc", open(path, O_RDWR));
	CALL("lseek", lseek(p[0], 0, SEEK_SET));
	CALL("pread", pread(p[0], path, 1, 0));
	CALL("ftruncate", ftruncate(p[0], 0));
	CALL("mmap", (long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, p[0], 0));
	CALL("fsync", fsync(p[0]));
	CALL("fchmod", fchmod(p[0], 0600));
	CALL("bind a file", bind_to(file, "x"));
	CALL("connect a file", connect_to(file, "x"));
	CALL("listen on a file", listen(file, 1));
	CALL("accept from a file", accept(file, NULL, NULL));
	CALL("shutdown a file", shutdown(file, 2));
	CALL("send to a file", send(file, "x", 1, 0));
	CALL("recv from a file", recv(file, path, 1, 0));
	CALL("getsockopt of a file", getsockopt(file, SOL_SOCKET, SO_TYPE, path, &(socklen_t){ 4 }));
	CALL("bad fd", listen(99, 1));
	CALL("shutdown 3", shutdown(p[0], 3));
	CALL("ioctl of a terminal", ioctl(p[0], TIOCGWINSZ, path));
	CALL("statfs-less getsockopt level", getsockopt(p[0], 255, 1, path, &(socklen_t){ 4 }));
}
