/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of loadkeys(1) and dumpkeys(1): maps, strings, accents.  What they set replaces what the
 * layout made (keymap_build.c), whose maps and strings are constants and never freed.
 */
#include <drivers/input/keyboard.h>

#include <lib/string.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <mm/slab.h>
#include <mm/usercopy.h>
#include <proc/cred.h>

/* --- Maps --- */

static u16 get_symbol(const struct keymap_vt *v, unsigned table, unsigned key)
{
	IRQSPIN_GUARD(&keyboard_lock);
	const struct keymap_map *map = keyboard_tables.maps[table];

	if (!map)
		return key ? K_HOLE : K_NOSUCHMAP;
	if (!key)
		return keyboard_map_is_builtin(map) ? K_HOLE : K_ALLOCATED;
	u16 symbol = map->symbols[key];
	return v->kind != K_UNICODE && keymap_is_unicode(symbol) ? K_HOLE : symbol;
}

static void remove_map(unsigned table)
{
	struct keymap_map *old;
	{
		IRQSPIN_GUARD(&keyboard_lock);
		old = keyboard_tables.maps[table];
		keyboard_tables.maps[table] = NULL;
	}
	if (!keyboard_map_is_builtin(old))
		kfree(old);
}

static struct keymap_map *empty_map(void)
{
	struct keymap_map *m = kmalloc(sizeof(*m), 0);

	for (unsigned i = 0; m && i < NR_KEYS; i++)
		m->symbols[i] = K_HOLE;
	return m;
}

static bool is_modifier(u16 symbol)
{
	return KTYP(symbol) == KT_SHIFT || KTYP(symbol) == KT_SLOCK;
}

/* keyboard_lock held; the map is there. */
static int change_symbol(unsigned table, unsigned key, u16 symbol)
{
	u16 *place = &keyboard_tables.maps[table]->symbols[key], old = *place;

	if (symbol == old)
		return 0;
	/* Who may not kill everything does not hide the key that does. */
	if ((old == K_SAK || symbol == K_SAK) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	*place = symbol;
	if (!table && (is_modifier(old) || is_modifier(symbol)))
		keymap_shift_state(&keyboard_keymap);
	return 0;
}

static s64 set_symbol(const struct keymap_vt *v, unsigned table, unsigned key, u16 symbol)
{
	if (!key && symbol == K_NOSUCHMAP) {
		remove_map(table);
		return 0;
	}
	if (!keymap_symbol_valid(symbol) || (keymap_is_unicode(symbol) && READ_ONCE(v->kind) != K_UNICODE))
		return -EINVAL;
	if (!key)
		return 0;
	struct keymap_map *new = empty_map();
	if (!new)
		return -ENOMEM;
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	if (!keyboard_tables.maps[table]) {
		keyboard_tables.maps[table] = new;
		new = NULL;
	}
	int err = change_symbol(table, key, symbol);
	spin_unlock_irqrestore(&keyboard_lock, flags);
	kfree(new);
	return err;
}

static s64 entry_ioctl(unsigned cmd, const struct keymap_vt *v, uptr_t arg, bool permitted)
{
	struct kbentry e;

	if (copy_from_user(&e, arg, sizeof(e)))
		return -EFAULT;
	if (cmd == KDSKBENT)
		return permitted && capable(CAP_SYS_TTY_CONFIG) ?
			       set_symbol(v, e.kb_table, e.kb_index, e.kb_value) : -EPERM;
	e.kb_value = get_symbol(v, e.kb_table, e.kb_index);
	return copy_to_user(arg, &e, sizeof(e));
}

/* --- Strings --- */

/* Those that were set, to be freed; the rest are constants. keyboard_lock. */
static char *own_strings[MAX_NR_FUNC];

static s64 get_string(unsigned n, uptr_t out)
{
	char *copy = kmalloc(KEYMAP_STRING, 0);

	if (!copy)
		return -ENOMEM;
	{
		IRQSPIN_GUARD(&keyboard_lock);
		strlcpy(copy, keyboard_tables.strings[n] ?: "", KEYMAP_STRING);
	}
	s64 err = copy_to_user(out, copy, strlen(copy) + 1);
	kfree(copy);
	return err;
}

static s64 set_string(unsigned n, uptr_t in)
{
	char *copy = kmalloc(KEYMAP_STRING, 0);

	if (!copy)
		return -ENOMEM;
	s64 length = strncpy_from_user(copy, in, KEYMAP_STRING);
	if (length < 0) {
		kfree(copy);
		return length == -ENAMETOOLONG ? -EINVAL : length;
	}
	char *old;
	{
		IRQSPIN_GUARD(&keyboard_lock);
		old = own_strings[n];
		own_strings[n] = keyboard_tables.strings[n] = copy;
	}
	kfree(old);
	return 0;
}

static s64 string_ioctl(unsigned cmd, uptr_t arg, bool permitted)
{
	uptr_t string = uptr_add(arg, offsetof(struct kbsentry, kb_string));
	u8 n;

	if (get_user_u8(&n, arg))
		return -EFAULT;
	if (cmd == KDGKBSENT)
		return get_string(n, string);
	return permitted && capable(CAP_SYS_TTY_CONFIG) ? set_string(n, string) : -EPERM;
}

/* --- Accents --- */

/* Latin-1 or nothing, for the calls of old. */
static u8 to_byte(u32 code)
{
	return code < 0x100 ? code : 0;
}

static s64 get_accents(uptr_t arg, bool unicode)
{
	struct kbdiacruc *copy = kmalloc(sizeof(keyboard_tables.accents), 0);
	unsigned n;

	if (!copy)
		return -ENOMEM;
	{
		IRQSPIN_GUARD(&keyboard_lock);
		n = keyboard_tables.accent_count;
		memcpy(copy, keyboard_tables.accents, n * sizeof(*copy));
	}
	size_t size = n * sizeof(*copy);
	uptr_t to = uptr_add(arg, offsetof(struct kbdiacrsuc, kbdiacruc));
	if (!unicode) {
		struct kbdiacr *bytes = (struct kbdiacr *)copy; /* smaller: each is written behind its reading */
		_Static_assert(sizeof(*bytes) < sizeof(*copy), "in place");
		for (unsigned i = 0; i < n; i++) {
			struct kbdiacruc a = copy[i];
			bytes[i] = (struct kbdiacr){ to_byte(a.diacr), to_byte(a.base), to_byte(a.result) };
		}
		size = n * sizeof(*bytes);
		to = uptr_add(arg, offsetof(struct kbdiacrs, kbdiacr));
	}
	s64 err = put_user_u32(arg, n);
	if (!err)
		err = copy_to_user(to, copy, size);
	kfree(copy);
	return err;
}

static s64 set_accents(uptr_t arg, bool unicode)
{
	u32 n;

	if (get_user_u32(&n, arg))
		return -EFAULT;
	if (n >= KEYMAP_ACCENTS)
		return -EINVAL;
	struct kbdiacruc *new = kzalloc(sizeof(keyboard_tables.accents));
	if (!new)
		return -ENOMEM;
	s64 err = 0;
	if (unicode)
		err = copy_from_user(new, uptr_add(arg, offsetof(struct kbdiacrsuc, kbdiacruc)), n * sizeof(*new));
	for (unsigned i = 0; !unicode && !err && i < n; i++) {
		struct kbdiacr b;
		size_t at = offsetof(struct kbdiacrs, kbdiacr) + i * sizeof(b);
		err = copy_from_user(&b, uptr_add(arg, at), sizeof(b));
		if (!err)
			new[i] = (struct kbdiacruc){ b.diacr, b.base, b.result };
	}
	if (!err) {
		IRQSPIN_GUARD(&keyboard_lock);
		memcpy(keyboard_tables.accents, new, n * sizeof(*new));
		keyboard_tables.accent_count = n;
	}
	kfree(new);
	return err;
}

s64 keyboard_maps_ioctl(unsigned vt, unsigned cmd, uptr_t arg, bool permitted)
{
	switch (cmd) {
	case KDGKBENT:
	case KDSKBENT: return entry_ioctl(cmd, &keyboard_vts[vt - 1], arg, permitted);
	case KDGKBSENT:
	case KDSKBSENT: return string_ioctl(cmd, arg, permitted);
	case KDGKBDIACR:
	case KDGKBDIACRUC: return get_accents(arg, cmd == KDGKBDIACRUC);
	case KDSKBDIACR:
	case KDSKBDIACRUC: return permitted ? set_accents(arg, cmd == KDSKBDIACRUC) : -EPERM;
	default: return -ENOTTY;
	}
}
