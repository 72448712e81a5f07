/* SPDX-License-Identifier: MIT */
/* RLIMIT_AS and RLIMIT_DATA: ENOMEM from mmap, brk, stack; munmap gives back. */

#include "../abi.h"

TEST
{
	CHILD("address space") {
		struct rlimit rl = { 64 << 20, 64 << 20 };
		setrlimit(RLIMIT_AS, &rl);
		CALL("too much", syscall(SYS_mmap, NULL, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		void *p = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		YES("half fits", p != MAP_FAILED);
		CALL("the other does not", syscall(SYS_mmap, NULL, 48 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		CALL("mremap", syscall(SYS_mremap, p, 32 << 20, 90 << 20, MREMAP_MAYMOVE));
		munmap(p, 32 << 20);
		YES("given back", mmap(NULL, 48 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
		pid_t pid = fork();
		if (pid == 0)
			_exit(mmap(NULL, 48 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
		int st;
		waitpid(pid, &st, 0);
		say_status("inherited", st);
	}
	CHILD("runaway malloc ends with NULL") {
		struct rlimit rl = { 128 << 20, 128 << 20 };
		setrlimit(RLIMIT_AS, &rl);
		int n = 0;
		char *p;
		while (n < 1000 && (p = malloc(1 << 20))) {
			memset(p, n, 1 << 20);
			n++;
		}
		YES("stopped by the limit", n > 60 && n < 128);
		say("%s", errname(errno));
	}
	CHILD("data") {
		struct rlimit rl = { 8 << 20, 8 << 20 };
		setrlimit(RLIMIT_DATA, &rl);
		CALL("private writable counts", syscall(SYS_mmap, NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		YES("read-only does not", mmap(NULL, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	}
}
