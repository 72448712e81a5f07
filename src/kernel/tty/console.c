/* SPDX-License-Identifier: MIT */
/*
 * Which terminal /dev/console is: that of the last console= word whose driver is
 * there, else the first serial port, else the screen.  tty0 is the virtual terminal that is
 * on the screen.  Looked up at each open, so that the order in
 * which drivers come does not matter.
 */
#include <lib/string.h>
#include <proc/cmdline.h>
#include <tty/tty.h>
#include <tty/vt.h>

#define CONSOLE_DEFAULT "ttyS0"

static char chosen[16];           /* console_lock */
static const char *wanted_name;   /* console_lock: of tty_console_options */
static char *options_out;
static size_t options_size;
static bool options_found;
static struct mutex console_lock = MUTEX_INIT(console_lock);

/* The part of a console= word before the comma. */
static size_t name_length(const char *word)
{
	return strchrnul(word, ',') - word;
}

/* Referenced or NULL. */
static struct tty *find(const char *name)
{
	return str_eq(name, "tty0") ? vt_foreground() : tty_find_name(name);
}

static void choose(const char *word)
{
	char name[sizeof(chosen)];
	size_t n = name_length(word);

	if (n >= sizeof(name))
		return;
	memcpy(name, word, n);
	name[n] = 0;
	struct tty *t = find(name);
	if (t)
		memcpy(chosen, name, n + 1);
	tty_put(t);
}

struct tty *tty_console(void)
{
	MUTEX_GUARD(&console_lock);

	strlcpy(chosen, CONSOLE_DEFAULT, sizeof(chosen));
	cmdline_each("console", choose);
	struct tty *t = find(chosen);
	return t ? t : vt_foreground();
}

static void options_of(const char *word)
{
	size_t n = name_length(word);

	if (wanted_name && !str_eq_len(word, n, wanted_name))
		return;
	strlcpy(options_out, word[n] ? word + n + 1 : "", options_size);
	options_found = true;
}

bool tty_console_options(const char *name, char *buf, size_t size)
{
	MUTEX_GUARD(&console_lock);

	wanted_name = name;
	options_out = buf;
	options_size = size;
	options_found = false;
	cmdline_each("console", options_of);
	return options_found;
}
