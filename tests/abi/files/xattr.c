/* SPDX-License-Identifier: MIT */
/* Extended attributes on tmpfs: names, values, flags, permissions, and who is told what. */
#include "../abi.h"
#include <sys/xattr.h>

static void show_list(const char *what, const char *path)
{
	char names[4096], *sorted[64];
	ssize_t n = listxattr(path, names, sizeof(names));
	int count = 0;

	CALL(what, n);
	for (char *p = names; p < names + n && count < 64; p += strlen(p) + 1) {
		int at = count++;
		for (; at && strcmp(sorted[at - 1], p) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = p;
	}
	for (int i = 0; i < count; i++)
		say("  %s", sorted[i]);
}

static void names(void)
{
	static const char *const list[] = {
		"user.a", "user.", "trusted.a", "trusted.", "security.a", "other.a", "plain", "",
	};
	char text[100], value[10];

	for (size_t i = 0; i < COUNT(list); i++) {
		snprintf(text, sizeof(text), "get missing '%s'", list[i]);
		CALL(text, getxattr("f", list[i], value, sizeof(value)));
		snprintf(text, sizeof(text), "remove missing '%s'", list[i]);
		CALL(text, removexattr("f", list[i]));
		snprintf(text, sizeof(text), "set '%s'", list[i]);
		CALL(text, setxattr("f", list[i], "value", 5, 0));
		snprintf(text, sizeof(text), "get '%s'", list[i]);
		CALL(text, getxattr("f", list[i], value, sizeof(value)));
	}
	char name[300] = "user.";
	memset(name + 5, 'x', 290);
	name[255] = 0;
	CALL("longest name", setxattr("f", name, "", 0, 0));
	CALL("remove it", removexattr("f", name));
	name[255] = 'x';
	name[256] = 0;
	CALL("name too long", setxattr("f", name, "", 0, 0));
	CALL("name at no address", setxattr("f", (char *)8, "", 0, 0));
	show_list("list", "f");
}

static void values(void)
{
	static char big[70000], back[70000];
	char small[4];

	CALL("create", setxattr("f", "user.v", "12345678", 8, XATTR_CREATE));
	CALL("create again", setxattr("f", "user.v", "x", 1, XATTR_CREATE));
	CALL("replace", setxattr("f", "user.v", "abc", 3, XATTR_REPLACE));
	CALL("replace missing", setxattr("f", "user.w", "abc", 3, XATTR_REPLACE));
	CALL("both flags", setxattr("f", "user.v", "abc", 3, XATTR_REPLACE | XATTR_CREATE));
	CALL("unknown flag", setxattr("f", "user.v", "abc", 3, 4));
	CALL("size", getxattr("f", "user.v", NULL, 0));
	CALL("too small", getxattr("f", "user.v", small, 2));
	CALL("exact", getxattr("f", "user.v", small, 3));
	YES("value", !memcmp(small, "abc", 3));
	CALL("bad address", getxattr("f", "user.v", (char *)8, 3));
	CALL("value at no address", setxattr("f", "user.v", (char *)8, 3, 0));
	CALL("empty", setxattr("f", "user.v", NULL, 0, 0));
	CALL("empty read", getxattr("f", "user.v", small, 3));
	memset(big, 'b', sizeof(big));
	CALL("largest", setxattr("f", "user.big", big, 65536, 0));
	CALL("too large", setxattr("f", "user.big", big, 65537, 0));
	CALL("largest read", getxattr("f", "user.big", back, sizeof(back)));
	YES("largest value", !memcmp(big, back, 65536));
	CALL("list size", listxattr("f", NULL, 0));
	CALL("list too small", listxattr("f", back, 3));
	CALL("list at no address", listxattr("f", (char *)8, 4096));
	CALL("remove", removexattr("f", "user.big"));
	CALL("gone", getxattr("f", "user.big", back, sizeof(back)));
	CALL("remove again", removexattr("f", "user.big"));
}

static void kinds(void)
{
	int fd;
	char value[8];

	mkdir("d", 0755);
	mkfifo("p", 0644);
	symlink("f", "l");
	CALL("directory", setxattr("d", "user.a", "1", 1, 0));
	CALL("fifo user", setxattr("p", "user.a", "1", 1, 0));
	CALL("fifo user get", getxattr("p", "user.a", value, 8));
	CALL("fifo trusted", setxattr("p", "trusted.a", "1", 1, 0));
	CALL("link user", lsetxattr("l", "user.a", "1", 1, 0));
	CALL("link trusted", lsetxattr("l", "trusted.l", "1", 1, 0));
	CALL("link get", lgetxattr("l", "trusted.l", value, 8));
	CALL("through the link", getxattr("l", "trusted.l", value, 8));
	CALL("link list", llistxattr("l", value, 0));
	CALL("link remove", lremovexattr("l", "trusted.l"));
	fd = open("f", O_RDONLY);
	CALL("by descriptor", fsetxattr(fd, "user.fd", "1", 1, 0));
	CALL("get", fgetxattr(fd, "user.fd", value, 8));
	CALL("list", flistxattr(fd, NULL, 0));
	CALL("remove", fremovexattr(fd, "user.fd"));
	close(fd);
	fd = open("f", O_PATH);
	CALL("O_PATH get", fgetxattr(fd, "user.v", value, 8));
	CALL("O_PATH set", fsetxattr(fd, "user.v", "", 0, 0));
	CALL("O_PATH list", flistxattr(fd, NULL, 0));
	close(fd);
	CALL("bad descriptor", fgetxattr(-1, "user.v", value, 8));
	CALL("missing file", getxattr("none", "user.v", value, 8));
	CALL("/proc", getxattr("/proc/version", "user.v", value, 8));
	CALL("/proc list", listxattr("/proc/version", NULL, 0));
}

static void follows_the_file(void)
{
	char value[8];

	setxattr("f", "user.keep", "k", 1, 0);
	CALL("rename", rename("f", "g"));
	CALL("kept", getxattr("g", "user.keep", value, 8));
	CALL("hard link", link("g", "f"));
	CALL("same", getxattr("f", "user.keep", value, 8));
	unlink("g");
}

static void unprivileged(void)
{
	char value[8];
	char names[256];

	setxattr("f", "trusted.t", "1", 1, 0);
	setxattr("f", "security.s", "1", 1, 0);
	chmod("f", 0644);
	chmod("d", 01777);
	chmod(".", 0755);
	CHILD("nobody") {
		setresgid(65534, 65534, 65534);
		setresuid(65534, 65534, 65534);
		CALL("get user", getxattr("f", "user.keep", value, 8));
		CALL("set user", setxattr("f", "user.n", "1", 1, 0));
		CALL("remove user", removexattr("f", "user.keep"));
		CALL("get trusted", getxattr("f", "trusted.t", value, 8));
		CALL("set trusted", setxattr("f", "trusted.t", "", 0, 0));
		CALL("get security", getxattr("f", "security.s", value, 8));
		CALL("set security", setxattr("f", "security.s", "", 0, 0));
		CALL("set unknown", setxattr("f", "other.s", "", 0, 0));
		CALL("get unknown", getxattr("f", "other.s", value, 8));
		CALL("sticky directory", setxattr("d", "user.n", "", 0, 0));
		ssize_t n = listxattr("f", names, sizeof(names));
		bool trusted = false;
		for (char *p = names; p < names + n; p += strlen(p) + 1)
			trusted |= !strncmp(p, "trusted.", 8);
		YES("trusted is not listed", !trusted);
	}
	chmod("f", 0);
	CHILD("unreadable") {
		setresuid(65534, 65534, 65534);
		CALL("get user", getxattr("f", "user.keep", value, 8));
		YES("list", listxattr("f", names, sizeof(names)) > 0);
	}
}

TEST
{
	int fd = open("f", O_CREAT | O_WRONLY, 0644);

	close(fd);
	names();
	values();
	kinds();
	follows_the_file();
	unprivileged();
}
