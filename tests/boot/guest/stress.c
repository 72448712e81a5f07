/* SPDX-License-Identifier: MIT */
/* stress KIND [N]: what a kernel must survive, one kind at a time. Says `KIND: ...` at the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	printf("%s failed: %s\n", what, strerror(errno));
	exit(1);
}

/* n times fork, exec of this program, wait. */
static void forks(int n)
{
	int ended = 0;

	for (int i = 0; i < n; i++) {
		int status;
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			execl("/proc/self/exe", "stress", "nothing", NULL);
			execlp("stress", "stress", "nothing", NULL);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid)
			die("waitpid");
		ended += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	printf("forks: %d ended\n", ended);
}

/* A bomb under a limit of n processes, by a user who is not root. */
static void forkbomb(int n)
{
	struct rlimit limit = { n, n };
	pid_t leader = fork();

	if (leader < 0)
		die("fork");
	if (!leader) {
		setsid();
		if (setrlimit(RLIMIT_NPROC, &limit) || setgid(1000) || setuid(1000))
			die("limits");
		for (;;)
			if (fork() < 0)
				usleep(1000);
	}
	sleep(3);
	for (int tries = 0; tries < 100; tries++) {
		kill(-leader, SIGKILL);
		usleep(20000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill(-leader, 0) < 0 && errno == ESRCH)
			break;
	}
	printf("forkbomb: over\n");
}

static void allocate(void)
{
	size_t got = 0;

	for (;;) {
		char *p = malloc(1 << 20);

		if (!p)
			break;
		memset(p, 1, 1 << 20);
		got++;
	}
	printf("malloc: %zu MiB, then %s\n", got, strerror(errno));
}

static void opens(int n)
{
	int opened = 0;

	for (int i = 0; i < n; i++)
		opened += open("/etc/passwd", O_RDONLY) >= 0;
	printf("opens: %d of %d, then %s\n", opened, n, opened < n ? strerror(errno) : "the end");
}

static void pipes(int n)
{
	char byte;

	for (int i = 0; i < n; i++) {
		int fd[2];

		if (pipe(fd))
			die("pipe");
		if (write(fd[1], "x", 1) != 1 || read(fd[0], &byte, 1) != 1)
			die("read");
		close(fd[0]);
		close(fd[1]);
	}
	printf("pipes: %d\n", n);
}

static void maps(int n)
{
	for (int i = 0; i < n; i++) {
		char *p = mmap(NULL, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			die("mmap");
		memset(p, 1, 64 << 12);
		if (mprotect(p + (8 << 12), 8 << 12, PROT_READ) || munmap(p, 64 << 12))
			die("munmap");
	}
	printf("maps: %d\n", n);
}

static void files(int n)
{
	char name[64], data[10000];

	memset(data, 'x', sizeof(data));
	for (int i = 0; i < n; i++) {
		int fd;

		snprintf(name, sizeof(name), "/tmp/stress-%d", i);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || write(fd, data, sizeof(data)) != sizeof(data) || close(fd))
			die(name);
	}
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "/tmp/stress-%d", i);
		if (unlink(name))
			die(name);
	}
	printf("files: %d\n", n);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 1000;

	if (!strcmp(kind, "forks"))
		forks(n);
	else if (!strcmp(kind, "forkbomb"))
		forkbomb(n);
	else if (!strcmp(kind, "malloc"))
		allocate();
	else if (!strcmp(kind, "opens"))
		opens(n);
	else if (!strcmp(kind, "pipes"))
		pipes(n);
	else if (!strcmp(kind, "maps"))
		maps(n);
	else if (!strcmp(kind, "files"))
		files(n);
	else if (strcmp(kind, "nothing"))
		return 2;
	return 0;
}
