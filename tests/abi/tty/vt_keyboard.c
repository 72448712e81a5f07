/* SPDX-License-Identifier: MIT */
/* A virtual terminal's keyboard: kinds, LEDs, maps, strings, accents, and who may change them. */
#include "../abi.h"
#include "vt.h"

static int fd;

static void kinds(void)
{
	int kind = -1, meta = -1;

	for (int i = 0; i < 6; i++) {
		CALL("set kind", ioctl(fd, KDSKBMODE, i));
		CALL("kind", ioctl(fd, KDGKBMODE, &kind));
		say("%d", kind);
	}
	CALL("unicode", ioctl(fd, KDSKBMODE, K_UNICODE));
	CALL("bad place", ioctl(fd, KDGKBMODE, bad_page()));
	for (int i = 2; i < 6; i++) {
		CALL("set meta", ioctl(fd, KDSKBMETA, i));
		CALL("meta", ioctl(fd, KDGKBMETA, &meta));
		say("%d", meta);
	}
	ioctl(fd, KDSKBMETA, K_ESCPREFIX);
}

static void leds(void)
{
	static const long values[] = { 0, 1, 2, 4, 7, 8, 0x70, 0x77, 0x80, 0x100, -1, 0 };
	unsigned char flags;

	for (unsigned i = 0; i < COUNT(values); i++) {
		CALL("set flags", ioctl(fd, KDSKBLED, values[i]));
		CALL("flags", ioctl(fd, KDGKBLED, &flags));
		say("%#x", flags);
	}
	for (unsigned i = 0; i < COUNT(values); i++)
		CALL("set leds", ioctl(fd, KDSETLED, values[i]));
	CALL("leds", ioctl(fd, KDGETLED, &flags));
	CALL("leds to nowhere", ioctl(fd, KDGETLED, bad_page()));
	/* A reset takes the default flags. */
	ioctl(fd, KDSKBLED, 0x25);
	MUST(write(fd, "\033c", 2));
	ioctl(fd, KDGKBLED, &flags);
	say("after a reset: %#x", flags);
	ioctl(fd, KDSKBLED, 0);
}

static void entry(int table, int key, int value)
{
	struct kbentry e = { .kb_table = table, .kb_index = key, .kb_value = value };
	char name[64];

	snprintf(name, sizeof(name), "set %d %d %#x", table, key, value);
	CALL(name, ioctl(fd, KDSKBENT, &e));
	e.kb_value = 0xffff;
	CALL("get", ioctl(fd, KDGKBENT, &e));
	say("%#x", e.kb_value);
}

/* A set of modifiers that nobody uses. */
static void maps(void)
{
	static const int values[] = { 0x0061, 0x0b61, 0x01ff, 0x0213, 0x0214, 0x0313, 0x0314, 0x041a, 0x041b, 0x05ff,
				      0x0603, 0x0604, 0x0708, 0x0709, 0x08ff, 0x0919, 0x091a, 0x0a08, 0x0a09, 0x0c08,
				      0x0c09, 0x0dff, 0x0e0a, 0x0e0b, 0x0f00, 0x1000, 0xd0ac, 0xf041, 0xffff };
	struct kbentry e = { .kb_table = 200, .kb_index = 0 };

	entry(200, 0, K_NOSUCHMAP);
	entry(200, 0, K(KT_LATIN, 'x'));
	CALL("none", ioctl(fd, KDGKBENT, &e));
	say("%#x", e.kb_value);
	e.kb_index = 5;
	CALL("none, a key", ioctl(fd, KDGKBENT, &e));
	say("%#x", e.kb_value);
	for (unsigned i = 0; i < COUNT(values); i++)
		entry(200, 5, values[i]);
	entry(200, 255, 0x0041);
	e.kb_index = 0;
	CALL("there", ioctl(fd, KDGKBENT, &e));
	say("%#x", e.kb_value);
	entry(200, 0, 0x0214);
	/* Characters beyond Latin-1 are for terminals that have them. */
	entry(200, 6, 0xd0ac);
	ioctl(fd, KDSKBMODE, K_XLATE);
	entry(200, 6, 0xd0ad);
	entry(200, 7, 0xd0ac);
	ioctl(fd, KDSKBMODE, K_UNICODE);
	entry(200, 6, 0xd0ac);
	entry(200, 0, K_NOSUCHMAP);
	entry(200, 0, K_NOSUCHMAP);
	CALL("set, bad place", ioctl(fd, KDSKBENT, bad_page()));
	CALL("get, bad place", ioctl(fd, KDGKBENT, bad_page()));
}

static void strings(void)
{
	struct kbsentry *s = map_anon(8192, PROT_READ | PROT_WRITE);

	s->kb_func = 250;
	strcpy((char *)s->kb_string, "hello");
	CALL("set string", ioctl(fd, KDSKBSENT, s));
	memset(s->kb_string, 'x', sizeof(s->kb_string));
	CALL("string", ioctl(fd, KDGKBSENT, s));
	say("%s", s->kb_string);
	memset(s->kb_string, 'y', 1000);
	CALL("too long", ioctl(fd, KDSKBSENT, s));
	s->kb_string[511] = 0;
	CALL("as long as may be", ioctl(fd, KDSKBSENT, s));
	CALL("back", ioctl(fd, KDGKBSENT, s));
	say("%zu", strlen((char *)s->kb_string));
	s->kb_string[0] = 0;
	CALL("empty", ioctl(fd, KDSKBSENT, s));
	s->kb_string[0] = 'z';
	CALL("back", ioctl(fd, KDGKBSENT, s));
	say("%zu", strlen((char *)s->kb_string));
	CALL("bad place", ioctl(fd, KDGKBSENT, bad_page()));
	CALL("bad place", ioctl(fd, KDSKBSENT, bad_page()));
}

static void accents(void)
{
	struct kbdiacrs *old = map_anon(8192, PROT_READ | PROT_WRITE), *new = map_anon(8192, PROT_READ | PROT_WRITE);
	struct kbdiacrsuc *u = map_anon(8192, PROT_READ | PROT_WRITE), *v = map_anon(8192, PROT_READ | PROT_WRITE);

	OK("accents", ioctl(fd, KDGKBDIACRUC, u));
	OK("accents as bytes", ioctl(fd, KDGKBDIACR, old));
	YES("as many", old->kb_cnt == u->kb_cnt);
	CALL("set them again", ioctl(fd, KDSKBDIACRUC, u));
	OK("once more", ioctl(fd, KDGKBDIACRUC, v));
	YES("the same", !memcmp(u, v, sizeof(*u)));
	*new = *old;
	new->kb_cnt = 256;
	CALL("too many", ioctl(fd, KDSKBDIACR, new));
	v->kb_cnt = -1;
	CALL("far too many", ioctl(fd, KDSKBDIACRUC, v));
	CALL("bad place", ioctl(fd, KDGKBDIACR, bad_page()));
	CALL("bad place", ioctl(fd, KDSKBDIACR, bad_page()));
}

static void sounds_and_others(void)
{
	CALL("silence", ioctl(fd, KIOCSOUND, 0));
	CALL("no tone", ioctl(fd, KDMKTONE, 0));
	CALL("a signal", ioctl(fd, KDSIGACCEPT, 0));
	CALL("a signal", ioctl(fd, KDSIGACCEPT, 65));
	CALL("a signal", ioctl(fd, KDSIGACCEPT, SIGKILL));
	CALL("a signal", ioctl(fd, KDSIGACCEPT, SIGUSR1));
	CALL("map", ioctl(fd, KDMAPDISP, 0));
	CALL("unmap", ioctl(fd, KDUNMAPDISP, 0));
	CALL("port too low", ioctl(fd, KDADDIO, 0x3b3));
	CALL("port too high", ioctl(fd, KDDELIO, 0x3e0));
	CALL("unknown", ioctl(fd, 0x4bff, 0));
}

static void strangers(void)
{
	char buf[8192] = "";
	int n;

	become_nobody();
	CALL("kind", ioctl(fd, KDGKBMODE, &n));
	CALL("set kind", ioctl(fd, KDSKBMODE, K_UNICODE));
	CALL("set kind, bad", ioctl(fd, KDSKBMODE, 77));
	CALL("set meta", ioctl(fd, KDSKBMETA, K_ESCPREFIX));
	CALL("flags", ioctl(fd, KDGKBLED, buf));
	CALL("set flags", ioctl(fd, KDSKBLED, 0));
	CALL("leds", ioctl(fd, KDGETLED, buf));
	CALL("set leds", ioctl(fd, KDSETLED, 8));
	memset(buf, 0, sizeof(buf));
	CALL("entry", ioctl(fd, KDGKBENT, buf));
	CALL("set entry", ioctl(fd, KDSKBENT, buf));
	CALL("set entry, bad place", ioctl(fd, KDSKBENT, bad_page()));
	CALL("string", ioctl(fd, KDGKBSENT, buf));
	CALL("set string", ioctl(fd, KDSKBSENT, buf));
	CALL("accents", ioctl(fd, KDGKBDIACR, buf));
	CALL("set accents", ioctl(fd, KDSKBDIACR, buf));
	CALL("set accents", ioctl(fd, KDSKBDIACRUC, buf));
	CALL("repeat", ioctl(fd, KDKBDREP, buf));
	CALL("key code", ioctl(fd, KDSETKEYCODE, buf));
	CALL("sound", ioctl(fd, KIOCSOUND, 0));
	CALL("tone", ioctl(fd, KDMKTONE, 0));
	CALL("signal", ioctl(fd, KDSIGACCEPT, SIGUSR1));
	CALL("graphics", ioctl(fd, KDSETMODE, KD_TEXT));
	CALL("mode", ioctl(fd, KDGETMODE, &n));
}

TEST
{
	fd = our_vt();
	kinds();
	leds();
	maps();
	strings();
	accents();
	sounds_and_others();
	CHILD("stranger") strangers();
	close(fd);
}
