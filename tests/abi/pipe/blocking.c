/* SPDX-License-Identifier: MIT */
/* Blocking reads and writes across processes; writers of PIPE_BUF never mix. */

#include "../abi.h"

TEST
{
	int p[2];
	static char buf[1 << 20];

	MUST(pipe(p));
	pid_t writer = MUST(fork());
	if (writer == 0) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = i * 7 % 251;
		long n = write(p[1], buf, sizeof(buf));
		_exit(n == sizeof(buf) ? 0 : 1);
	}
	close(p[1]);
	size_t at = 0, bad = 0;
	long n;
	char part[5000];
	while ((n = read(p[0], part, sizeof(part))) > 0)
		for (long i = 0; i < n; i++, at++)
			bad += (unsigned char)part[i] != (unsigned char)(at * 7 % 251);
	say("bytes %zu wrong %zu", at, bad);
	int st;
	waitpid(writer, &st, 0);
	say_status("writer", st);
	close(p[0]);

	MUST(pipe(p));
	for (int w = 0; w < 3; w++)
		if (MUST(fork()) == 0) {
			char line[1500];
			memset(line, 'a' + w, sizeof(line));
			for (int i = 0; i < 100; i++)
				if (write(p[1], line, sizeof(line)) != sizeof(line))
					_exit(1);
			_exit(0);
		}
	close(p[1]);
	int mixed = 0, got = 0;
	for (;;) {
		size_t have = 0;
		while (have < 1500 && (n = read(p[0], part + have, 1500 - have)) > 0)
			have += n;
		if (have < 1500)
			break;
		got++;
		for (int i = 1; i < 1500; i++)
			mixed += part[i] != part[0];
	}
	say("records %d mixed bytes %d", got, mixed);
	while (wait(&st) > 0)
		say_status("writer", st);
	MUST(pipe(p));
	pid_t reader = MUST(fork());
	if (reader == 0) {
		close(p[1]);
		_exit(read(p[0], part, 10) == 0 ? 5 : 6);
	}
	YES("reader sleeps", await_state(reader, 'S'));
	close(p[1]);
	waitpid(reader, &st, 0);
	say_status("woken by the last close", st);
}
