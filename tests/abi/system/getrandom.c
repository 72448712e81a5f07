/* SPDX-License-Identifier: MIT */
/* getrandom and /dev/urandom: fill, differ, counts, flags. */

#include "../abi.h"
#include <sys/random.h>

TEST
{
	unsigned char a[64], b[64];
	static unsigned char big[1 << 20];
	int count[256] = { 0 };

	CALL("64", getrandom(a, 64, 0));
	CALL("64", getrandom(b, 64, GRND_NONBLOCK));
	YES("differ", memcmp(a, b, 64));
	CALL("random", getrandom(a, 16, GRND_RANDOM));
	CALL("insecure", getrandom(a, 16, 4));
	CALL("both", getrandom(a, 16, GRND_RANDOM | 4));
	CALL("none", getrandom(a, 0, 0));
	CALL("big", getrandom(big, sizeof(big), 0));
	for (size_t i = 0; i < sizeof(big); i++)
		count[big[i]]++;
	bool even = true;
	for (int i = 0; i < 256; i++)
		even &= count[i] > 3500 && count[i] < 4700;
	YES("evenly spread", even);
	CALL("bad pointer", syscall(SYS_getrandom, bad_page(), 10, 0));
	int u = MUST(open("/dev/urandom", O_RDWR));
	CALL("urandom", read(u, a, 64));
	CALL("random device", read(MUST(open("/dev/random", O_RDONLY)), b, 64));
	YES("differ", memcmp(a, b, 64));
	CALL("write stirs", write(u, "seed", 4));
	CALL("pread", pread(u, a, 8, 100));
	CHILD("child's bytes differ") {
		getrandom(b, 64, 0);
	}
}
