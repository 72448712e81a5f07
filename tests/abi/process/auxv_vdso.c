/* SPDX-License-Identifier: MIT */
/* The vDSO that the auxiliary vector points to. */

#include "../abi.h"
#include <elf.h>
#include <sys/auxv.h>

TEST
{
	const Elf64_Ehdr *vdso = (void *)getauxval(AT_SYSINFO_EHDR);

	if (!vdso)
		skip("no vDSO");
	YES("an ELF image", !memcmp(vdso->e_ident, ELFMAG, 4) && vdso->e_type == ET_DYN);
	YES("at a page", (uintptr_t)vdso % PAGE == 0);
}
