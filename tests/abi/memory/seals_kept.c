/* SPDX-License-Identifier: MIT */
/* Ways around the seals of a memory file: appending, mprotect of a mapping that was for reading. */
#include "../abi.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif

static int sealed(int seals)
{
	int fd;

	MUST(fd = memfd_create("m", MFD_ALLOW_SEALING));
	MUST(ftruncate(fd, 4096));
	MUST(fcntl(fd, F_ADD_SEALS, seals));
	return fd;
}

TEST
{
	struct iovec v = { "abc", 3 };
	struct stat st;
	int fd = sealed(F_SEAL_GROW);

	CALL("RWF_APPEND", syscall(SYS_pwritev2, fd, &v, 1, 0L, 0L, RWF_APPEND));
	MUST(fstat(fd, &st));
	YES("size is kept", st.st_size == 4096);

	fd = sealed(F_SEAL_FUTURE_WRITE);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	YES("mapped for reading", p != MAP_FAILED);
	CALL("mprotect to writable", mprotect(p, 4096, PROT_READ | PROT_WRITE));
	YES("not for writing", mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	CALL("mprotect of a private mapping", mprotect(p, 4096, PROT_READ | PROT_WRITE));
}
