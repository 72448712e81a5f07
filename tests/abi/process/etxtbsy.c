/* SPDX-License-Identifier: MIT */
/* ETXTBSY: writing a running program, running one that is open for writing. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"

static void exec_hook(int argc, char **argv)
{
	char c;
	read(0, &c, 1);
	exit(0);
}

TEST
{
	static char image[400000];
	int p[2], st, fd = MUST(open(self_path, O_RDONLY));
	long n = read(fd, image, sizeof(image));

	int w = MUST(open("prog", O_WRONLY | O_CREAT, 0755));
	MUST(write(w, image, n));
	CHILD("run while open for writing") {
		CALL("exec", execl("./prog", "prog", "x", NULL));
	}
	close(w);
	MUST(pipe(p));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		dup2(p[0], 0);
		close(p[1]);
		execl("./prog", "prog", "x", NULL);
		_exit(1);
	}
	close(p[0]);
	char link[64], target[128] = "";
	sprintf(link, "/proc/%d/exe", pid);
	for (int i = 0; i < 1000; i++) {
		readlink(link, target, sizeof(target) - 1);
		if (strstr(target, "/prog"))
			break;
		sleep_ms(5);
	}
	CALL("open for writing", open("prog", O_WRONLY));
	CALL("truncate", truncate("prog", 0));
	CALL("open for reading, truncating", open("prog", O_RDONLY | O_TRUNC));
	CALL("open for neither, truncating", open("prog", 3 | O_TRUNC));
	YES("still whole", file_size("prog") == n);
	OK("open for reading", open("prog", O_RDONLY));
	CALL("unlink is allowed", unlink("prog"));
	close(p[1]);
	waitpid(pid, &st, 0);
	say_status("program", st);
}
