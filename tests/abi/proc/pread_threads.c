/* SPDX-License-Identifier: MIT */
/* build: glibc */
/* Threads that read the same open file of /proc at once; positions far out. */
#include "../abi.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static int fd;
static int wrong;

static void *reader(void *unused)
{
	char *buf = malloc(65536);

	for (int i = 0; i < 60; i++) {
		ssize_t n = pread(fd, buf, 65536, 0);
		if (n <= 0 || !memchr(buf, '\n', (size_t)n))
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	free(buf);
	return NULL;
}

TEST
{
	pthread_t t[4];

	for (int i = 0; i < 200; i++)
		mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(fd = open("/proc/self/maps", O_RDONLY));
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, reader, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	printf("wrong: %d\n", wrong);
	MUST(lseek(fd, INT64_MAX, SEEK_SET));
	YES("further is refused", lseek(fd, 10, SEEK_CUR) < 0);
	int dir;
	MUST(dir = open(".", O_RDONLY | O_DIRECTORY));
	YES("directory", lseek(dir, INT64_MAX, SEEK_SET) < 0 || lseek(dir, 10, SEEK_CUR) < 0);
}
