/* SPDX-License-Identifier: MIT */
/* A user who has many pipes gets small ones and cannot make them larger; root can. */
#include "../abi.h"
#include <fcntl.h>

/* So many pipes of a megabyte, and what is left when there are no more. */
static void fill(void)
{
	int p[2], large = 0;

	MUST(pipe(p));
	while (large < 100 && fcntl(p[0], F_SETPIPE_SZ, 1 << 20) == 1 << 20) {
		large++;
		MUST(pipe(p));
	}
	printf("large: %d\n", large);
	if (large == 100)
		return;
	CALL("one more", fcntl(p[0], F_SETPIPE_SZ, 1 << 20));
	printf("size: %d\n", fcntl(p[0], F_GETPIPE_SZ));
	MUST(pipe(p));
	printf("size of the next: %d\n", fcntl(p[0], F_GETPIPE_SZ));
	CALL("smaller", fcntl(p[0], F_SETPIPE_SZ, 4096));
	OK("works", write(p[1], "hello", 5));
}

TEST
{
	CHILD("a user") {
		MUST(setuid(4711));
		fill();
	}
	CHILD("root") {
		fill();
	}
	CHILD("the user again") {
		int p[2];
		MUST(setuid(4711));
		MUST(pipe(p));
		printf("size: %d\n", fcntl(p[0], F_GETPIPE_SZ));
	}
}
