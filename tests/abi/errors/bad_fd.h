/* SPDX-License-Identifier: MIT */
/* Tries calls with descriptors that are not open; one line for each call. */
#ifndef BAD_FD_H
#define BAD_FD_H
#include "../abi.h"

struct try {
	const char *name;
	int nr;
	long a[6];		/* a[where], which is 0 here, becomes the descriptor */
	int where;
};

static void try_bad_fds(const struct try *t, size_t count)
{
	static const int bad[] = { 700, -1, INT_MAX };

	for (; count; t++, count--) {
		char line[80];
		int n = snprintf(line, sizeof(line), "%s", t->name);
		for (size_t k = 0; k < COUNT(bad); k++) {
			long a[6];
			memcpy(a, t->a, sizeof(a));
			a[t->where] = bad[k];
			long r = syscall(t->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
			n += snprintf(line + n, sizeof(line) - n, " %s", r == -1 ? errname(errno) : "ok");
		}
		say("%s", line);
	}
}
#endif
