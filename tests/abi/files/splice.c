/* SPDX-License-Identifier: MIT */
/* splice between files and pipes. */

#include "../abi.h"

TEST
{
	NEED(splice);
	make_file("src", "The quick brown fox");
	int in = MUST(open("src", O_RDONLY)), out = MUST(open("dst", O_RDWR | O_CREAT, 0644)), p[2];
	long at = 0;

	MUST(pipe(p));
	CALL("splice to pipe", splice(in, &at, p[1], NULL, 6, 0));
	say("offset %ld, position %ld", at, (long)lseek(in, 0, SEEK_CUR));
	CALL("splice to file", splice(p[0], NULL, out, NULL, 6, 0));
	say("text %s", file_text("dst"));
	CALL("splice without a pipe", splice(in, NULL, out, NULL, 6, 0));
	CALL("offset of a pipe", splice(in, NULL, p[1], &at, 6, 0));
}
