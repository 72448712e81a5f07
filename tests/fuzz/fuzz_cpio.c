/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include <lib/cpio.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct cpio_iter it;
	struct cpio_entry e;
	size_t last = 0;
	int result;

	cpio_init(&it, data, size);
	while ((result = cpio_next(&it, &e)) == CPIO_ENTRY) {
		REQUIRE(it.pos > last && it.pos <= size);
		last = it.pos;
		REQUIRE(e.name_len > 0 && e.name[e.name_len] == '\0');
		use_string(e.name);
		use(e.data, e.size);
	}
	REQUIRE(it.pos <= size);
	use_string(cpio_strerror(result));
	return 0;
}
