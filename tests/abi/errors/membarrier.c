/* SPDX-License-Identifier: MIT */
/* membarrier: commands and flags that do not exist. */

#include "../abi.h"

TEST
{
	NEED(membarrier);
	CALL("unknown command", syscall(SYS_membarrier, 12345, 0, 0));
	CALL("unknown flag", syscall(SYS_membarrier, 0, 0x40, 0));
	YES("query", syscall(SYS_membarrier, 0, 0, 0) > 0);
}
