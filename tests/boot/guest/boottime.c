/* SPDX-License-Identifier: MIT */
/* As PID 1: says when it started, in TSC ticks since power-on, and powers the machine off. */
#include <stdio.h>
#include <sys/reboot.h>
#include <x86intrin.h>

int main(void)
{
	unsigned long long now = __rdtsc();

	printf("boot: tsc %llu\n", now);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
