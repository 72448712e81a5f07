/* SPDX-License-Identifier: MIT */
/* The auxiliary vector: which entries are there and that they are true. */

#include "../abi.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;

TEST
{
	static const struct { unsigned long type; const char *name; } want[] = {
		{ AT_PHDR, "PHDR" }, { AT_PHENT, "PHENT" }, { AT_PHNUM, "PHNUM" }, { AT_PAGESZ, "PAGESZ" },
		{ AT_ENTRY, "ENTRY" }, { AT_UID, "UID" }, { AT_RANDOM, "RANDOM" }, { AT_EXECFN, "EXECFN" },
		{ AT_CLKTCK, "CLKTCK" }, { AT_HWCAP, "HWCAP" }, { AT_PLATFORM, "PLATFORM" },
		{ AT_FLAGS, "FLAGS" }, { AT_SECURE, "SECURE" },
	};
	char **e = environ;
	while (*e)
		e++;
	const Elf64_auxv_t *aux = (void *)(e + 1), *a;
	for (size_t i = 0; i < COUNT(want); i++) {
		for (a = aux; a->a_type != AT_NULL && a->a_type != want[i].type; a++)
			;
		say("%s %s", want[i].name, a->a_type == AT_NULL ? "missing" : "present");
	}
	say("page %ld clock %ld phent %ld secure %ld flags %ld", getauxval(AT_PAGESZ),
	    getauxval(AT_CLKTCK), getauxval(AT_PHENT), getauxval(AT_SECURE), getauxval(AT_FLAGS));
	say("ids %ld %ld %ld %ld", getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID),
	    getauxval(AT_EGID));
	say("platform %s", (char *)getauxval(AT_PLATFORM));
	YES("file name", !strcmp((char *)getauxval(AT_EXECFN), self_path));
	const Elf64_Phdr *ph = (void *)getauxval(AT_PHDR);
	int loads = 0, stack = 0;
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
		loads += ph[i].p_type == PT_LOAD;
		stack += ph[i].p_type == PT_GNU_STACK;
	}
	YES("program headers readable", loads >= 2 && stack == 1);
	const unsigned char *r = (void *)getauxval(AT_RANDOM);
	int zero = 0;
	for (int i = 0; i < 16; i++)
		zero += r[i] == 0;
	YES("16 random bytes", zero < 8);
	YES("stack aligned and above", ((uintptr_t)test_argv - 8) % 16 == 0);
}
