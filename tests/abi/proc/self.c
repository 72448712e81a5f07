/* SPDX-License-Identifier: MIT */
/* /proc/self: stat, status, cmdline, comm, exe, cwd, maps, fd, environ hold the truth. */

#include "../abi.h"

static long status_field(const char *name)
{
	char key[32];
	snprintf(key, sizeof(key), "\n%s:", name);
	const char *text = file_text("/proc/self/status"), *at = strstr(text, key);
	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

TEST
{
	char buf[512] = "", path[64];
	int pid, ppid, pgrp, sid;
	char comm[32], state;
	long n;

	n = sscanf(file_text("/proc/self/stat"), "%d (%31[^)]) %c %d %d %d", &pid, comm, &state, &ppid, &pgrp, &sid);
	say("stat: fields %ld comm %s state %c", n, comm, state);
	YES("ids", pid == getpid() && ppid == getppid() && pgrp == getpgrp() && sid == getsid(0));
	int spaces = 0;
	for (const char *p = strrchr(file_text("/proc/self/stat"), ')'); *p; p++)
		spaces += *p == ' ';
	YES("52 fields", spaces + 2 >= 52);
	YES("status", status_field("Pid") == getpid() && status_field("PPid") == getppid() &&
	    status_field("Tgid") == getpid() && status_field("Uid") == 0 && status_field("Threads") == 1);
	YES("memory", status_field("VmRSS") > 0 && status_field("VmSize") >= status_field("VmRSS"));
	int fd = MUST(open("/proc/self/cmdline", O_RDONLY));
	n = read(fd, buf, sizeof(buf));
	YES("cmdline", n == (long)strlen(self_path) + 1 && !strcmp(buf, self_path));
	say("comm %s", strtok((char *)file_text("/proc/self/comm"), "\n"));
	memset(buf, 0, sizeof(buf));
	readlink("/proc/self/exe", buf, sizeof(buf) - 1);
	YES("exe", !strcmp(buf, self_path));
	memset(buf, 0, sizeof(buf));
	readlink("/proc/self/cwd", buf, sizeof(buf) - 1);
	YES("cwd", !strcmp(buf, scratch));
	memset(buf, 0, sizeof(buf));
	readlink("/proc/self/root", buf, sizeof(buf) - 1);
	say("root %s", buf);
	memset(buf, 0, sizeof(buf));
	readlink("/proc/self", buf, sizeof(buf) - 1);
	YES("self", atoi(buf) == getpid());
	make_file("f", "content");
	fd = MUST(open("f", O_RDONLY));
	sprintf(path, "/proc/self/fd/%d", fd);
	memset(buf, 0, sizeof(buf));
	readlink(path, buf, sizeof(buf) - 1);
	say("fd %s", buf + strlen(scratch));
	say("read through it %s", file_text(path));
	int p[2];
	MUST(pipe(p));
	sprintf(path, "/proc/self/fd/%d", p[0]);
	memset(buf, 0, sizeof(buf));
	readlink(path, buf, sizeof(buf) - 1);
	YES("pipe", !strncmp(buf, "pipe:[", 6));
	char line[600];
	FILE *maps = fopen("/proc/self/maps", "r");
	int lines = 0, stack = 0, text = 0, sorted = 1;
	unsigned long a, b, last = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		char perm[8];
		if (sscanf(line, "%lx-%lx %7s", &a, &b, perm) != 3 || a >= b || strlen(perm) != 4)
			say("odd line %s", line);
		sorted &= a >= last;
		last = b;
		lines++;
		stack += strstr(line, "[stack]") && a < (unsigned long)&a && (unsigned long)&a < b;
		text += strstr(line, self_path) && !strcmp(perm, "r-xp") && a <= (unsigned long)status_field &&
		    (unsigned long)status_field < b;
	}
	YES("maps", lines > 4 && sorted);
	say("stack %d text %d", stack, text);
	CALL("missing pid", access("/proc/999999/stat", F_OK));
	CALL("unlink", unlink("/proc/self/comm"));
	CALL("mkdir", mkdir("/proc/new", 0755));
	CALL("set comm", write(MUST(open("/proc/self/comm", O_WRONLY)), "renamed", 7));
	say("comm %s", strtok((char *)file_text("/proc/self/comm"), "\n"));
	CALL("statm fields", sscanf(file_text("/proc/self/statm"), "%lu %lu %lu", &a, &b, &last));
}
