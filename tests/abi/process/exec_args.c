/* SPDX-License-Identifier: MIT */
/* execve: arguments and environment arrive, limits, NULL vectors, errors. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"

extern char **environ;

static void exec_hook(int argc, char **argv)
{
	if (!strcmp(argv[1], "count")) {
		size_t total = 0;
		for (int i = 0; i < argc; i++)
			total += strlen(argv[i]) + 1;
		say("argc %d bytes %zu terminated %d", argc, total, argv[argc] == NULL);
		exit(0);
	}
	for (int i = 1; i < argc; i++)
		say("arg %d [%s]", i, argv[i]);
	for (int i = 0; environ[i]; i++)
		say("env [%s]", environ[i]);
	exit(argc);
}

TEST
{
	char *env[] = { "A=1", "EMPTY=", "no equals", NULL };
	char *args[] = { "zero", "one", "", "with space", "\xc3\xa9", NULL };

	CHILD("plain") execve(self_path, args, env);
	CHILD("empty env") execve(self_path, (char *[]){ "x", "y", NULL }, (char *[]){ NULL });
	CHILD("null env") syscall(SYS_execve, self_path, (char *[]){ "x", "y", NULL }, NULL);
	static char *many[20002];
	for (int i = 0; i < 20000; i++)
		many[i] = "12345";
	many[0] = "self";
	many[1] = "count";
	CHILD("20000 arguments") execve(self_path, many, env);
	static char big[140000];
	memset(big, 'b', sizeof(big) - 1);
	CHILD("one argument over 128 KiB") {
		CALL("exec", execve(self_path, (char *[]){ "x", "count", big, NULL }, env));
	}
	big[131071] = 0;
	CHILD("one argument of 128 KiB") {
		CALL("exec", execve(self_path, (char *[]){ "x", "count", big, NULL }, env));
	}
	static char *huge[100];
	for (int i = 0; i < 99; i++)
		huge[i] = big;
	CHILD("more than a quarter of the stack") {
		CALL("exec", execve(self_path, huge, env));
	}
	CALL("missing", execve("/nope/x", args, env));
	CALL("directory", execve("/tmp", args, env));
	make_file("plain", "not a program");
	CALL("no x bit", execve("./plain", args, env));
	MUST(chmod("plain", 0755));
	CALL("not a format", execve("./plain", args, env));
	make_file("empty", "");
	MUST(chmod("empty", 0755));
	CALL("empty file", execve("./empty", args, env));
	CALL("under a file", execve("plain/x", args, env));
	CALL("empty name", execve("", args, env));
	CALL("bad path", syscall(SYS_execve, bad_page(), args, env));
	CALL("bad argv", syscall(SYS_execve, self_path, bad_page(), env));
	CALL("bad argument", syscall(SYS_execve, self_path, (char *[]){ bad_page(), NULL }, env));
	CALL("bad envp", syscall(SYS_execve, self_path, args, bad_page()));
	MUST(symlink("loop", "loop"));
	CALL("loop", execve("loop", args, env));
	YES("still here", getpid() > 0);
}
