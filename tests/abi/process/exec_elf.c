/* SPDX-License-Identifier: MIT */
/* execve of broken ELF files: ENOEXEC and friends, or a clean kill. */

#include "../abi.h"
#include <elf.h>

static unsigned char image[400000];
static size_t size;

static void attempt(const char *name)
{
	int fd = MUST(open("e", O_WRONLY | O_CREAT | O_TRUNC, 0755));
	MUST(write(fd, image, size));
	close(fd);
	say("%s", name);
	CHILD("  result") {
		int null = open("/dev/null", O_WRONLY), out = dup(1);
		dup2(null, 1);
		execl("./e", "e", "x", "y", NULL);
		int e = errno;
		dup2(out, 1);
		say("  %s", errname(e));
	}
}

TEST
{
	int fd = MUST(open(self_path, O_RDONLY));
	size_t whole = size = read(fd, image, sizeof(image));
	Elf64_Ehdr *h = (void *)image, good = *h;

	size = 3;
	attempt("three bytes");
	size = 40;
	attempt("half a header");
	size = whole;
	h->e_ident[EI_MAG1] = 'X';
	attempt("bad magic");
	*h = good;
	h->e_machine = EM_AARCH64;
	attempt("another machine");
	*h = good;
	h->e_type = ET_REL;
	attempt("object file");
	*h = good;
	h->e_phnum = 0;
	attempt("no program headers");
	*h = good;
	h->e_phoff = whole + 1000;
	attempt("headers past the end");
	*h = good;
	h->e_phoff = ~0UL - 10;
	attempt("headers at the end of the world");
	*h = good;
	h->e_phentsize = 32;
	attempt("wrong header size");
	*h = good;
	h->e_phnum = 0xffff;
	attempt("65535 headers");
}
