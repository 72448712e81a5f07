/* SPDX-License-Identifier: MIT */
/*
 * Scripts:  #! [blanks] interpreter [blanks argument] newline
 *
 * The line is what the first 256 bytes hold of it.  Without a newline there, the
 * interpreter's name must at least end there; the argument may be cut.  All that
 * follows the name, inner blanks included, is one argument.
 */
#include <lib/string.h>
#include <proc/exec.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int exec_parse_script(struct exec *e)
{
	char line[EXEC_SCRIPT_LINE + 1] = { 0 };
	char *end, *name, *arg;
	int err;

	if (e->head_size < 2 || e->head[0] != '#' || e->head[1] != '!')
		return -ENOEXEC;
	memcpy(line, e->head, min(e->head_size, (size_t)EXEC_SCRIPT_LINE));
	end = memchr(line, '\n', EXEC_SCRIPT_LINE);
	if (!end) {
		char *last = line + EXEC_SCRIPT_LINE - 1;

		for (name = line + 2; name <= last && is_blank(*name); name++)
			;
		for (; name <= last && !is_blank(*name) && *name; name++)
			;
		if (name > last)
			return -ENOEXEC; /* blanks alone, or a name that is cut */
		end = last;
	}
	while (end > line + 2 && is_blank(end[-1]))
		end--;
	*end = 0;
	for (name = line + 2; is_blank(*name); name++)
		;
	if (!*name)
		return -ENOEXEC;
	for (arg = name; *arg && !is_blank(*arg); arg++)
		;
	if (*arg) {
		*arg++ = 0;
		while (is_blank(*arg))
			arg++;
	}
	if (e->closed_on_exec)
		return -ENOENT; /* the interpreter could not open the script */

	const char *script = e->path ? e->path : e->name;
	exec_drop_argument(e);
	if ((err = exec_push_argument(e, script)))
		return err;
	if (*arg && (err = exec_push_argument(e, arg)))
		return err;
	if ((err = exec_push_argument(e, name)))
		return err;
	if (!exec_path_buffer(e))
		return -ENOMEM;
	strlcpy(e->path, name, PATH_MAX);
	return 0;
}
