/* SPDX-License-Identifier: MIT */
/* Random numbers and the log's device. */
#include <debug/log.h>
#include <debug/selftest.h>
#include <drivers/char/char.h>
#include <fs/device_file.h>
#include <fs/uio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>

/* 4096 draws of 8 bytes: no two are equal, and each bit is set about half of the time. */
SELFTEST(tty_random_draws_differ)
{
	static u64 draws[4096];
	unsigned ones = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(draws); i++)
		random_bytes(&draws[i], sizeof(draws[i]));
	for (unsigned i = 0; i < ARRAY_SIZE(draws); i++) {
		for (u64 v = draws[i]; v; v &= v - 1)
			ones++;
		for (unsigned j = 0; j < i; j++)
			CHECK(draws[i] != draws[j]);
	}
	CHECK(ones > 4096 * 64 * 49 / 100 && ones < 4096 * 64 * 51 / 100);
}

/* Whatever the sizes asked for, no bytes come twice. */
SELFTEST(tty_random_sizes)
{
	static u8 buf[3000];
	static const size_t sizes[] = { 1, 7, 31, 32, 33, 223, 224, 225, 1000, 3000 };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(buf, 0, sizeof(buf));
		random_bytes(buf, sizes[i]);
		for (size_t at = 0; at + 16 <= sizes[i]; at += 16)
			for (size_t other = at + 16; other + 16 <= sizes[i]; other += 16)
				CHECK(memcmp(buf + at, buf + other, 16));
		CHECK(sizes[i] == sizeof(buf) || !buf[sizes[i]]);
	}
}

SELFTEST(tty_kmsg_records)
{
	static char line[2048];
	char want[64];
	const struct file_ops *ops;
	void *priv;
	struct file f = { .flags = O_RDWR | O_NONBLOCK };
	u64 pos = 0;

	CHECK(chardev_find(DEVNO(MEM_MAJOR, 11), &ops, &priv) == 0);
	CHECK(ops->open(NULL, &f) == 0);
	CHECK(ops->llseek(&f, 0, 2 /* SEEK_END */) == 0);
	u64 seq = log_seq_next();
	struct uio u = uio_kernel("<5>kmsg \\ test", 14);
	CHECK(ops->write(&f, &u, &pos) == 14);
	u = uio_kernel(line, sizeof(line));
	u.nowait = true;
	ssize_t n = ops->read(&f, &u, &pos);
	CHECK(n > 0);
	snprintf(want, sizeof(want), "5,%llu,", (unsigned long long)seq);
	line[n] = 0;
	CHECK(str_after(line, want));
	CHECK(str_has_suffix(line, ",-;kmsg \\x5c test\n"));
	u = uio_kernel(line, 8);
	u.nowait = true;
	CHECK(ops->read(&f, &u, &pos) == -EAGAIN);
	ops->release(&f);
}
