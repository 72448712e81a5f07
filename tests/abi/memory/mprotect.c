/* SPDX-License-Identifier: MIT */
/* mprotect: splitting, each protection, holes, errors; executable memory. */

#include "../abi.h"

TEST
{
	char *p = map_anon(6 * PAGE, PROT_READ | PROT_WRITE), *hole;
	memset(p, 7, 6 * PAGE);

	CALL("read-only", mprotect(p + 2 * PAGE, PAGE, PROT_READ));
	CHILD("write there") p[2 * PAGE] = 1;
	CHILD("write beside") p[PAGE] = p[3 * PAGE] = 1;
	say("value kept %d", p[2 * PAGE]);
	CALL("writable again", mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	p[2 * PAGE] = 9;
	CALL("none", mprotect(p, PAGE, PROT_NONE));
	CHILD("read there") { volatile char c = *(volatile char *)p; (void)c; }
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	CALL("the kernel obeys it too", write(fd, p, 10));
	CALL("write-only is readable", mprotect(p, PAGE, PROT_WRITE));
	say("value %d", p[0]);
	CALL("not aligned", mprotect(p + 1, PAGE, PROT_READ));
	CALL("length 0", mprotect(p, 0, PROT_READ));
	CALL("wraps", mprotect(p, -PAGE, PROT_READ));
	hole = p + 4 * PAGE;
	munmap(hole, PAGE);
	CALL("over a hole", mprotect(p + 3 * PAGE, 3 * PAGE, PROT_READ));
	CHILD("what came before the hole changed") p[3 * PAGE] = 1;
	CALL("bad bits", syscall(SYS_mprotect, p, PAGE, 0x40));
	unsigned char *code = map_anon(PAGE, PROT_READ | PROT_WRITE);
	memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6);
	CALL("executable", mprotect(code, PAGE, PROT_READ | PROT_EXEC));
	say("code returns %d", ((int (*)(void))code)());
	int ro = MUST(open("f", O_RDONLY));
	write(fd, "abc", 3);
	char *m = MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0));
	CALL("shared of a read-only file", mprotect(m, PAGE, PROT_READ | PROT_WRITE));
	m = MUST(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0));
	CALL("private of it", mprotect(m, PAGE, PROT_READ | PROT_WRITE));
	m[0] = 'z';
	say("file %s", file_text("f"));
	for (int i = 0; i < 100; i++)
		mprotect(code, PAGE, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
	CHILD("last one counts") code[0] = 1;
}
