/* SPDX-License-Identifier: MIT */
/* Scripts: #! with an argument, blanks, nesting, too deep, missing interpreter. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"

static void exec_hook(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		say("  arg %d [%s]", i, argv[i]);
	exit(0);
}

static void script(const char *name, const char *fmt, const char *with)
{
	char text[1024];
	snprintf(text, sizeof(text), fmt, with);
	make_file(name, text);
	MUST(chmod(name, 0755));
}

static void run(const char *name)
{
	say("%s", name);
	CHILD("  end") {
		execl(name, "argv0 is lost", "a", "b c", NULL);
		say("  %s", errname(errno));
	}
}

TEST
{
	script("./plain", "#!%s\nrest\n", self_path);
	run("./plain");
	script("./arg", "#!%s -x\n", self_path);
	run("./arg");
	script("./args", "#!%s  -x  and more \t\n", self_path);
	run("./args");
	script("./blank", "#! \t%s\n", self_path);
	run("./blank");
	script("./nonl", "#!%s", self_path);
	run("./nonl");
	script("./crlf", "#!%s\r\n", self_path);
	run("./crlf");
	script("./none", "#!\n%s", "");
	run("./none");
	script("./onlyblank", "#!   \n%s", "");
	run("./onlyblank");
	script("./missing", "#!/nope/sh\n%s", "");
	run("./missing");
	script("./dir", "#!%s\n", "/tmp");
	run("./dir");
	script("./self", "#!%s\n", "./self");
	run("./self");
	char prev[20] = "./plain", next[20];
	for (int i = 1; i <= 5; i++) {
		sprintf(next, "./nest%d", i);
		script(next, "#!%s\n", prev);
		run(next);
		strcpy(prev, next);
	}
	char longline[600];
	memset(longline, 'x', sizeof(longline));
	longline[500] = 0;
	script("./long", "#!/%s\n", longline);
	run("./long");
	MUST(chmod("plain", 0644));
	run("./plain");
	MUST(chmod("plain", 0755));
	CHILD("fexecve") {
		int fd = MUST(open("plain", O_RDONLY));
		syscall(SYS_execveat, fd, "", (char *[]){ "z", "q", NULL }, (char *[]){ NULL }, AT_EMPTY_PATH);
		say("%s", errname(errno));
	}
	CHILD("fexecve close-on-exec") {
		int fd = MUST(open("plain", O_RDONLY | O_CLOEXEC));
		syscall(SYS_execveat, fd, "", (char *[]){ "z", "q", NULL }, (char *[]){ NULL }, AT_EMPTY_PATH);
		say("%s", errname(errno));
	}
}
