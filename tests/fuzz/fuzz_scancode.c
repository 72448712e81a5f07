/* SPDX-License-Identifier: MIT */
/*
 * A keyboard that sends anything, under tables that hold anything: the decoder, and what the console makes
 * of the keys. Byte 0: the layout, and whether maps are then filled with the input's bytes (as loadkeys
 * might). Byte 1: the kind of keyboard and the terminal's modes.
 */
#include "fuzz.h"
#include <drivers/input/keymap.h>
#include <lib/scancode.h>
#include <linux/input-event-codes.h>

static struct keymap_map space[KEYMAP_BUILT];
static struct keymap_tables tables;

static void build_tables(u8 choice, const u8 *data, size_t size)
{
	static const char *const names[] = { "us", "uk", "de", "fr" };

	tables = (struct keymap_tables){ 0 };
	keymap_build(&tables, keymap_layout_find(names[choice & 3]), space);
	if (!(choice & 4))
		return;
	for (size_t i = 0; i + 1 < size; i += 2) {
		u16 symbol = (u16)(data[i] | data[i + 1] << 8);

		if (keymap_symbol_valid(symbol))
			space[i / 2 % KEYMAP_BUILT].symbols[i / 2 * 7 % NR_KEYS] = symbol;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 kinds[] = { K_UNICODE, K_XLATE, K_MEDIUMRAW, K_RAW, K_OFF };
	struct keymap_vt v = KEYMAP_VT_DEFAULT;
	struct scancode_decoder d;
	struct scancode_event e;
	struct keymap_result r;
	struct keymap m;

	if (size < 2)
		return 0;
	build_tables(data[0], data + 2, size - 2);
	v.kind = kinds[data[1] % ARRAY_SIZE(kinds)];
	scancode_init(&d);
	keymap_init(&m, &tables);
	for (size_t i = 2; i < size; i++) {
		if (!scancode_feed(&d, data[i], &e))
			continue;
		REQUIRE(e.key < KEY_CNT);
		keymap_key(&m, &v, data[1] >> 4, e.key, e.pressed, &r);
		REQUIRE(r.length <= sizeof(r.bytes));
		REQUIRE((r.action == KEYMAP_TEXT) == (r.length > 0));
		REQUIRE(r.action != KEYMAP_SWITCH || (r.value >= 1 && r.value <= KEYMAP_VTS));
		use(r.bytes, r.length);
		REQUIRE(v.kind <= K_OFF && keymap_leds(&v) <= 7);
		if (data[i] == 0xfe)
			keymap_shift_state(&m);
		if (data[i] == 0xfd)
			keymap_vt_reset(&v);
	}
	return 0;
}
