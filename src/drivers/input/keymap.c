/* SPDX-License-Identifier: MIT */
/*
 * The Linux console's keyboard.
 *
 *   key --maps[modifiers held, locked]--> symbol --type--> handler --> bytes or an action
 *
 * The modifiers are counted, so that releasing one of two Shift keys leaves the other.  In the
 * raw kinds (key codes, scan codes, off) modifiers are followed and nothing else is done, so that none is
 * stuck afterwards; only the attention key works there.
 */
#include <drivers/input/keymap.h>

#include <lib/compiler.h>
#include <lib/string.h>
#include <lib/utf8.h>

enum { ESC = 0x1b };

/* One key's way through the handlers. */
struct event {
	struct keymap *m;
	struct keymap_vt *v;
	struct keymap_result *r;
	u8 modes;
	bool up, repeat;
};

void keymap_init(struct keymap *m, struct keymap_tables *t)
{
	*m = (struct keymap){ .tables = t };
}

void keymap_vt_reset(struct keymap_vt *v)
{
	v->lock = v->slock = 0;
	v->flags = v->flags_reset;
	v->leds = 0xff;
}

/* Largest value of each type. */
static const u8 type_max[KEYMAP_TYPES] = {
	[KT_LATIN] = 255, [KT_FN] = MAX_NR_FUNC - 1, [KT_SPEC] = KVAL(K_BARENUMLOCK), [KT_PAD] = NR_PAD - 1,
	[KT_DEAD] = NR_DEAD - 1, [KT_CONS] = 255, [KT_CUR] = 3, [KT_SHIFT] = KEYMAP_MODIFIERS - 1,
	[KT_META] = 255, [KT_ASCII] = NR_ASCII - 1, [KT_LOCK] = KEYMAP_MODIFIERS - 1, [KT_LETTER] = 255,
	[KT_SLOCK] = KEYMAP_MODIFIERS - 1, [KT_DEAD2] = 255, [KT_BRL] = NR_BRL - 1,
};

bool keymap_symbol_valid(u16 symbol)
{
	return keymap_is_unicode(symbol) || KVAL(symbol) <= type_max[KTYP(symbol)];
}

/* --- Output --- */

static void put(struct event *e, const char *bytes, size_t n)
{
	struct keymap_result *r = e->r;

	if (!n || r->length + n > sizeof(r->bytes))
		return;
	memcpy(r->bytes + r->length, bytes, n);
	r->length += n;
	r->action = KEYMAP_TEXT;
}

static void put_byte(struct event *e, char c)
{
	put(e, &c, 1);
}

/* A character in the terminal's encoding; Latin-1 has not all of them. */
static void put_char(struct event *e, u32 code)
{
	u8 out[4] = { code };
	size_t n = code < 0x100;

	if (e->v->kind == K_UNICODE)
		n = utf8_encode(code, out);
	put(e, (char *)out, n);
}

static void put_sequence(struct event *e, char letter, bool application)
{
	char s[] = { ESC, application ? 'O' : '[', letter };

	put(e, s, sizeof(s));
}

static void act(struct event *e, enum keymap_action action)
{
	e->r->action = action;
}

/* --- Characters, dead keys --- */

/* The dead character and this one together; if they do not go together the first is put out. */
static u32 combine(struct event *e, u32 base)
{
	struct keymap_tables *t = e->m->tables;
	u32 dead = e->m->dead;

	e->m->dead = 0;
	for (unsigned i = 0; i < t->accent_count; i++)
		if (t->accents[i].diacr == dead && t->accents[i].base == base)
			return t->accents[i].result;
	if (base == ' ' || base == dead)
		return dead;
	put_char(e, dead);
	return base;
}

static void on_char(struct event *e, u32 code)
{
	if (e->up)
		return;
	if (e->m->dead)
		code = combine(e, code);
	if (e->m->compose) {
		e->m->compose = false;
		e->m->dead = code;
		return;
	}
	put_char(e, code);
}

static void on_dead(struct event *e, u32 code)
{
	if (!e->up)
		e->m->dead = e->m->dead ? combine(e, code) : code;
}

/* The accents standing alone, by KT_DEAD's values. */
static const u16 dead_chars[NR_DEAD] = {
	'`', '\'', '^', '~', '"', 0xb8, '_', 'U', '.', '*', '=', 'c', 'k', 'i', '#', 'o', '!', '?', '+', '-',
	')', '(', ':', 'n', ';', '$', '@',
};

/* --- Strings, cursor keys, the keypad --- */

static void on_string(struct event *e, unsigned value)
{
	const char *s = e->m->tables->strings[value];

	if (!e->up && s)
		put(e, s, min(strlen(s), (size_t)KEYMAP_STRING - 1));
}

static void on_cursor(struct event *e, unsigned value)
{
	if (!e->up)
		put_sequence(e, "BDCA"[value], e->modes & KEYMAP_CURSOR_APPLICATION);
}

/* Without Num Lock the keypad's digits and point are these. */
static bool put_pad_twin(struct event *e, unsigned value)
{
	static const u16 twins[] = {
		K_INSERT, K_SELECT, K_DOWN, K_PGDN, K_LEFT, 0, K_RIGHT, K_FIND, K_UP, K_PGUP,
	};

	if (value == KVAL(K_P5)) {
		put_sequence(e, 'G', e->modes & KEYMAP_KEYPAD_APPLICATION);
	} else if (value < ARRAY_SIZE(twins)) {
		if (KTYP(twins[value]) == KT_FN)
			on_string(e, KVAL(twins[value]));
		else
			on_cursor(e, KVAL(twins[value]));
	} else if (value == KVAL(K_PDOT) || value == KVAL(K_PCOMMA)) {
		on_string(e, KVAL(K_REMOVE));
	} else {
		return false;
	}
	return true;
}

static void on_pad(struct event *e, unsigned value)
{
	static const char plain[] = "0123456789+-*/\r,.?()#", application[] = "pqrstuvwxylSRQMnnmPQS";

	if (e->up)
		return;
	if (e->modes & KEYMAP_KEYPAD_APPLICATION && !e->m->held[KG_SHIFT]) {
		put_sequence(e, application[value], true);
		return;
	}
	if (!(e->v->flags & KEYMAP_NUM_LOCK) && put_pad_twin(e, value))
		return;
	put_byte(e, plain[value]);
	if (value == KVAL(K_PENTER) && e->modes & KEYMAP_RETURN_LINEFEED)
		put_byte(e, '\n');
}

/* A digit of a character's code, which comes when the modifier is released. */
static void on_ascii(struct event *e, unsigned value)
{
	struct keymap *m = e->m;
	unsigned base = value < 10 ? 10 : 16;

	if (e->up)
		return;
	m->ascii = (m->ascii_typed ? m->ascii : 0) * base + (value < 10 ? value : value - 10);
	m->ascii_typed = true;
}

static void on_meta(struct event *e, unsigned value)
{
	if (e->up)
		return;
	if (!(e->modes & KEYMAP_META_BIT)) {
		put_byte(e, ESC);
		put_byte(e, value);
	} else {
		put_byte(e, value | 0x80); /* a byte, whatever the encoding, as Linux does it */
	}
}

/* --- Modifiers and locks --- */

static void hold(struct keymap *m, unsigned modifier, bool down)
{
	if (down)
		m->held[modifier] += m->held[modifier] < 255;
	else
		m->held[modifier] -= m->held[modifier] > 0;
	m->shift = m->held[modifier] ? m->shift | 1 << modifier : m->shift & ~(1 << modifier);
}

static void on_shift(struct event *e, unsigned value)
{
	struct keymap *m = e->m;
	u16 before = m->shift;

	if (e->repeat)
		return;
	if (value == KVAL(K_CAPSSHIFT)) { /* as a typewriter's: Shift, which undoes Caps Lock */
		value = KVAL(K_SHIFT);
		if (!e->up)
			e->v->flags &= ~KEYMAP_CAPS_LOCK;
	}
	hold(m, value, !e->up);
	if (e->up && m->shift != before && m->ascii_typed) {
		m->ascii_typed = false;
		if (e->v->kind == K_UNICODE)
			put_char(e, m->ascii);
		else
			put_byte(e, m->ascii);
	}
}

static void on_slock(struct event *e, unsigned value)
{
	struct keymap_vt *v = e->v;

	on_shift(e, value);
	if (e->up || e->repeat)
		return;
	v->slock ^= 1 << value;
	if (!e->m->tables->maps[v->lock ^ v->slock]) /* a set without a map: this one alone */
		v->slock = 1 << value;
}

void keymap_shift_state(struct keymap *m)
{
	const struct keymap_map *plain = m->tables->maps[0];

	memset(m->held, 0, sizeof(m->held));
	m->shift = 0;
	bitmap_for_each(key, m->down, NR_KEYS) {
		u16 symbol = plain ? plain->symbols[key] : K_HOLE;
		unsigned value = KVAL(symbol);
		if (KTYP(symbol) != KT_SHIFT && KTYP(symbol) != KT_SLOCK)
			continue;
		hold(m, value == KVAL(K_CAPSSHIFT) ? KVAL(K_SHIFT) : value, true);
	}
}

static void toggle(struct event *e, u8 led)
{
	if (!e->repeat)
		e->v->flags ^= led;
}

/* --- Keys that do something --- */

static void on_return(struct event *e)
{
	if (e->m->dead)
		put_char(e, e->m->dead);
	e->m->dead = 0;
	put_byte(e, '\r');
	if (e->modes & KEYMAP_RETURN_LINEFEED)
		put_byte(e, '\n');
}

static void on_num_lock(struct event *e)
{
	if (e->modes & KEYMAP_KEYPAD_APPLICATION)
		put_sequence(e, 'P', true);
	else
		toggle(e, KEYMAP_NUM_LOCK);
}

static void on_special(struct event *e, unsigned value)
{
	bool raw = e->v->kind != K_XLATE && e->v->kind != K_UNICODE;

	if (e->up || (raw && value != KVAL(K_SAK)))
		return;
	switch (value) {
	case KVAL(K_ENTER): on_return(e); break;
	case KVAL(K_SH_REGS): act(e, KEYMAP_SHOW_REGISTERS); break;
	case KVAL(K_SH_MEM): act(e, KEYMAP_SHOW_MEMORY); break;
	case KVAL(K_SH_STAT): act(e, KEYMAP_SHOW_STATE); break;
	case KVAL(K_BREAK): act(e, KEYMAP_BREAK); break;
	case KVAL(K_CONS): act(e, KEYMAP_SWITCH_LAST); break;
	case KVAL(K_CAPS): toggle(e, KEYMAP_CAPS_LOCK); break;
	case KVAL(K_NUM): on_num_lock(e); break;
	case KVAL(K_HOLD):
		if (!e->repeat)
			act(e, KEYMAP_HOLD);
		break;
	case KVAL(K_SCROLLFORW): act(e, KEYMAP_SCROLL_FORWARD); break;
	case KVAL(K_SCROLLBACK): act(e, KEYMAP_SCROLL_BACK); break;
	case KVAL(K_BOOT): act(e, KEYMAP_RESTART); break;
	case KVAL(K_CAPSON):
		if (!e->repeat)
			e->v->flags |= KEYMAP_CAPS_LOCK;
		break;
	case KVAL(K_COMPOSE): e->m->compose = true; break;
	case KVAL(K_SAK): act(e, KEYMAP_ATTENTION); break;
	case KVAL(K_DECRCONSOLE): act(e, KEYMAP_SWITCH_PREVIOUS); break;
	case KVAL(K_INCRCONSOLE): act(e, KEYMAP_SWITCH_NEXT); break;
	case KVAL(K_SPAWNCONSOLE): act(e, KEYMAP_SPAWN); break;
	case KVAL(K_BARENUMLOCK): toggle(e, KEYMAP_NUM_LOCK); break;
	default: break; /* a hole */
	}
}

static void on_console(struct event *e, unsigned value)
{
	if (e->up || value >= KEYMAP_VTS)
		return;
	e->r->value = value + 1;
	act(e, KEYMAP_SWITCH);
}

/* --- A key --- */

static void handle(struct event *e, unsigned type, unsigned value)
{
	switch (type) {
	case KT_LATIN:
	case KT_LETTER: on_char(e, value); break;
	case KT_FN: on_string(e, value); break;
	case KT_SPEC: on_special(e, value); break;
	case KT_PAD: on_pad(e, value); break;
	case KT_DEAD: on_dead(e, dead_chars[value]); break;
	case KT_DEAD2: on_dead(e, value); break;
	case KT_CONS: on_console(e, value); break;
	case KT_CUR: on_cursor(e, value); break;
	case KT_SHIFT: on_shift(e, value); break;
	case KT_META: on_meta(e, value); break;
	case KT_ASCII: on_ascii(e, value); break;
	case KT_LOCK:
		if (!e->up && !e->repeat)
			e->v->lock ^= 1 << value;
		break;
	case KT_SLOCK: on_slock(e, value); break;
	default: break; /* KT_BRL: no Braille chords */
	}
}

/* The key's symbol in that map, or K_HOLE. */
static u16 look_up(const struct keymap *m, unsigned modifiers, unsigned key)
{
	const struct keymap_map *map = m->tables->maps[modifiers];

	return map ? map->symbols[key] : K_HOLE;
}

void keymap_key(struct keymap *m, struct keymap_vt *v, u8 modes, unsigned key, unsigned value,
		struct keymap_result *r)
{
	struct event e = { .m = m, .v = v, .r = r, .modes = modes | v->modes, .up = !value };
	bool raw = v->kind != K_XLATE && v->kind != K_UNICODE;

	r->action = KEYMAP_NOTHING;
	r->value = 0;
	r->length = 0;
	if (key >= NR_KEYS)
		return;
	e.repeat = value && (value == 2 || bitmap_test(m->down, key)); /* its release may have been lost */
	if (value)
		bitmap_set(m->down, key);
	else
		bitmap_clear(m->down, key);

	unsigned modifiers = ((m->shift | v->slock) ^ v->lock) & (MAX_NR_KEYMAPS - 1);
	if (!m->tables->maps[modifiers]) {
		keymap_shift_state(m);
		v->slock = 0;
		return;
	}
	u16 symbol = look_up(m, modifiers, key);
	if (keymap_is_unicode(symbol)) {
		if (!raw)
			on_char(&e, symbol ^ KEYMAP_UNICODE);
		if (value)
			v->slock = 0;
		return;
	}
	unsigned other = modifiers ^ 1 << KG_SHIFT;
	if (KTYP(symbol) == KT_LETTER && v->flags & KEYMAP_CAPS_LOCK && m->tables->maps[other])
		symbol = look_up(m, other, key);
	unsigned type = KTYP(symbol);
	if (!keymap_symbol_valid(symbol) || (raw && type != KT_SPEC && type != KT_SHIFT))
		return;
	if (keymap_is_unicode(symbol))
		on_char(&e, symbol ^ KEYMAP_UNICODE);
	else
		handle(&e, type, KVAL(symbol));
	if (type != KT_SLOCK)
		v->slock = 0;
}
