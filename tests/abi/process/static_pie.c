/* SPDX-License-Identifier: MIT */
/* A static position-independent program of glibc starts and relocates itself. */
/* build: static-pie */

#include "../abi.h"
#include <elf.h>
#include <sys/auxv.h>

static int value = 7;
static int *pointer = &value;
static int (*function)(const char *, ...) = printf;
static __thread int local = 5;

TEST
{
	YES("data relocated", *pointer == 7 && pointer == &value);
	YES("function relocated", function == printf);
	say("thread-local %d", local);
	YES("entry in range", getauxval(AT_ENTRY) > 0x10000);
	int image = 0;
	char line[300];
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long a, b;
		if (sscanf(line, "%lx-%lx", &a, &b) == 2 && getauxval(AT_ENTRY) >= a && getauxval(AT_ENTRY) < b)
			image = strstr(line, "r-xp") != NULL;
	}
	YES("entry is in executable memory", image);
	double d = strtod("2.5", NULL) * 4;
	say("floating point %g", d);
}
