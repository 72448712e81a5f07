/* SPDX-License-Identifier: MIT */
/* The command line, and times from user space. */
#include <debug/selftest.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cmdline.h>
#include <proc/internal.h>

static int consoles;
static char last_console[16];

static void count_console(const char *value)
{
	consoles++;
	strlcpy(last_console, value, sizeof last_console);
}

/* The words are used after the real line is back in its place: they are copies. */
SELFTEST(proc_cmdline_words)
{
	struct init_words w;
	char value[16];
	char *saved = kstrdup(kernel_cmdline);

	CHECK(saved);
	consoles = 0;
	cmdline_set("console=ttyS0,115200 quiet init=/bin/a console=tty0 FOO=bar single mod.opt=1 "
		    "panic=5 panic=7 consoleblank=60 keymap=de nowatchdog maxcpus=2 nosmp init=/bin/b -- panic=9 X=y last");
	bool panics = cmdline_get("panic", value, sizeof value) && !strcmp(value, "7");
	bool bare = cmdline_has("quiet") && !cmdline_has("single2") && !cmdline_has("last");
	bool cut = cmdline_get("console", value, 3) && !strcmp(value, "tt");
	cmdline_each("console", count_console);
	cmdline_init_words(&w);
	cmdline_set(saved);
	kfree(saved);

	CHECK(panics);
	CHECK(bare);
	CHECK(cut);
	CHECK(consoles == 2 && !strcmp(last_console, "tty0"));
	CHECK(w.init && !strcmp(w.init, "/bin/b"));
	CHECK(w.argv[1] && !strcmp(w.argv[1], "single"));
	CHECK(w.argv[2] && !strcmp(w.argv[2], "panic=9"));
	CHECK(w.argv[3] && !strcmp(w.argv[3], "X=y"));
	CHECK(w.argv[4] && !strcmp(w.argv[4], "last") && !w.argv[5]);
	CHECK(w.envp[2] && !strcmp(w.envp[2], "FOO=bar") && !w.envp[3]);
}

SELFTEST(proc_timespec)
{
	u64 ns = 12345;

	CHECK(timespec_to_ns(-1, 0, &ns) == -EINVAL && timespec_to_ns(0, -1, &ns) == -EINVAL);
	CHECK(timespec_to_ns(0, 1000000000, &ns) == -EINVAL && ns == 12345);
	CHECK(timespec_to_ns(0, 999999999, &ns) == 0 && ns == 999999999);
	CHECK(timespec_to_ns(3, 7, &ns) == 0 && ns == 3000000007ULL);
	/* What does not fit is for ever. */
	CHECK(timespec_to_ns(INT64_MAX, 999999999, &ns) == 0 && ns == (u64)INT64_MAX);
	CHECK(timespec_to_ns(9223372036LL, 999999999, &ns) == 0 && ns == (u64)INT64_MAX);
	CHECK(timespec_to_ns(9223372035LL, 999999999, &ns) == 0 && ns == 9223372035999999999ULL);
}
