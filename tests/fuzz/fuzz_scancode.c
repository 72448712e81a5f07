/* SPDX-License-Identifier: MIT */
/* A keyboard that sends anything: the decoder, and what the console makes of the keys. */
#include "fuzz.h"
#include <drivers/input/keymap.h>
#include <lib/scancode.h>
#include <linux/input-event-codes.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const char *const names[] = { "us", "uk", "de", "fr" };
	struct scancode_decoder d;
	struct scancode_event e;
	struct keymap m;

	if (size < 2)
		return 0;
	scancode_init(&d);
	keymap_init(&m, keymap_layout_find(names[data[0] & 3]));
	m.modes = data[1] & 31;
	for (size_t i = 2; i < size; i++) {
		if (!scancode_feed(&d, data[i], &e))
			continue;
		REQUIRE(e.key < KEY_CNT);
		struct keymap_result r = keymap_key(&m, e.key, e.pressed);
		REQUIRE(r.length <= KEYMAP_BYTES);
		REQUIRE((r.action == KEYMAP_TEXT) == (r.length > 0));
		REQUIRE(r.action != KEYMAP_SWITCH || (r.value >= 1 && r.value <= 24));
		use(r.bytes, r.length);
		REQUIRE(m.locks <= 7 && m.ascii >= -1 && m.ascii <= 999);
	}
	return 0;
}
