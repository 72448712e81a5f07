/* SPDX-License-Identifier: MIT */
#include <proc/cmdline.h>

#include <debug/log.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <mm/slab.h>

#define CMDLINE_MAX 4096

char kernel_cmdline[CMDLINE_MAX];

/* Words that are the kernel's; with '=' where they take a value. Init does not see them. */
static const char *const known[] = {
	"init=", "rdinit=", "root=", "rootfstype=", "rootflags=", "ro", "rw", "console=", "loglevel=",
	"quiet", "debug", "panic=", "maxcpus=", "nosmp", "nowatchdog", "noapic", "nokaslr",
	"mitigations=", "mem=", "ip=", "keymap=", "consoleblank=", "sched_delay=", "selftest",
	"selftest=", "earlyprintk=", "BOOT_IMAGE=", "initrd=",
};

void cmdline_set(const char *line)
{
	strlcpy(kernel_cmdline, line, sizeof kernel_cmdline);
}

/* Walks a scratch copy of the line word by word; free it with kfree. NULL without memory. */
static char *scratch_copy(void)
{
	return kstrdup(kernel_cmdline);
}

void cmdline_each(const char *key, void (*fn)(const char *value))
{
	char *k, *v, *copy = scratch_copy(), *rest = copy;

	while (copy && cmdline_next(&rest, &k, &v) && strcmp(k, "--"))
		if (!strcmp(k, key))
			fn(v ? v : "");
	kfree(copy);
}

bool cmdline_get(const char *key, char *buf, size_t size)
{
	char *k, *v, *copy = scratch_copy(), *rest = copy;
	bool found = false;

	while (copy && cmdline_next(&rest, &k, &v) && strcmp(k, "--")) {
		if (strcmp(k, key))
			continue;
		strlcpy(buf, v ? v : "", size);
		found = true;
	}
	kfree(copy);
	return found;
}

static bool is_known(const char *key, const char *value)
{
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i]);
		bool takes = known[i][n - 1] == '=';
		n -= takes;
		if (takes == !!value && !strncmp(key, known[i], n) && !key[n])
			return true;
	}
	/* As in Linux, "driver.option=..." is a module's. */
	return strchr(key, '.') != NULL;
}

static bool add_word(const char **list, const char *word)
{
	for (unsigned i = 0; i < CMDLINE_ARGS; i++) {
		if (list[i])
			continue;
		list[i] = word;
		return true;
	}
	return false;
}

void cmdline_init_words(struct init_words *out)
{
	char *k, *v, *copy = scratch_copy(), *rest = copy;
	bool all = false, room = true;

	memset(out, 0, sizeof *out);
	out->argv[0] = "";
	out->envp[0] = "HOME=/";
	out->envp[1] = "TERM=linux";
	while (copy && cmdline_next(&rest, &k, &v)) {
		if (!all && !strcmp(k, "--")) {
			all = true;
		} else if (!all && v && (!strcmp(k, "init") || !strcmp(k, "rdinit"))) {
			out->init = v;
		} else if (all || !is_known(k, v)) {
			if (v)
				v[-1] = '='; /* the word as it was */
			room &= add_word(v && !all ? out->envp : out->argv, k);
		}
	}
	if (!room)
		log_warn("command line: more than %d words for init: the rest is dropped", CMDLINE_ARGS);
}
