/* SPDX-License-Identifier: MIT */
/* What a user without privileges must not do: others' files, sticky directories, others' /proc, mounts. */
#include "../abi.h"
#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define USER 4711
#define OTHER 4712

static void make(const char *name, int mode, int uid)
{
	int fd;

	MUST(fd = open(name, O_CREAT | O_RDWR, 0600));
	MUST(fchown(fd, uid, uid));
	MUST(fchmod(fd, mode));
	close(fd);
}

static void become(int uid)
{
	MUST(setgroups(0, NULL));
	MUST(setgid(uid));
	MUST(setuid(uid));
}

static void sticky(void)
{
	CALL("unlink", unlink("sticky/other"));
	CALL("rename away", rename("sticky/other", "sticky/x"));
	CALL("rename over", rename("sticky/mine", "sticky/other"));
	CALL("exchange", syscall(SYS_renameat2, AT_FDCWD, "sticky/mine", AT_FDCWD, "sticky/other", 2));
	CALL("rmdir", rmdir("sticky/dir"));
	CALL("own", unlink("sticky/mine"));
}

static void descriptors(void)
{
	char name[40];
	int fd;

	CALL("open", open("secret", O_RDONLY));
	MUST(fd = open("secret", O_PATH));
	sprintf(name, "/proc/self/fd/%d", fd);
	CALL("again by O_PATH", open(name, O_RDONLY));
	CALL("fchmod", fchmod(fd, 0666));
	CALL("chmod by name", chmod(name, 0666));
	CALL("fchown", fchownat(fd, "", USER, USER, AT_EMPTY_PATH));
	CALL("ftruncate", ftruncate(fd, 0));
	CALL("truncate", truncate("secret", 0));
	CALL("utimes", utimensat(AT_FDCWD, "secret", NULL, 0));
	MUST(fd = open("readable", O_RDONLY));
	sprintf(name, "/proc/self/fd/%d", fd);
	CALL("for writing", open(name, O_WRONLY));
	CALL("O_NOATIME", open("readable", O_RDONLY | O_NOATIME));
	CALL("set O_NOATIME", fcntl(fd, F_SETFL, O_NOATIME));
}

static void others_proc(int pid)
{
	static const char *const names[] = { "environ", "maps", "auxv", "fd", "fd/0", "exe", "cwd", "root", "status" };
	char name[64], buf[64];

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		sprintf(name, "/proc/%d/%s", pid, names[i]);
		if (i == 3) /* opened, it shows nothing */
			CALL(names[i], open(name, O_RDONLY | O_DIRECTORY));
		else if (i >= 5 && i <= 7)
			CALL(names[i], readlink(name, buf, sizeof buf));
		else if (i < 8)
			CALL(names[i], open(name, O_RDONLY));
		else
			OK(names[i], open(name, O_RDONLY));
	}
	sprintf(name, "/proc/%d/cwd/secret", pid);
	CALL("through cwd", open(name, O_RDONLY));
	sprintf(name, "/proc/%d/oom_score_adj", pid);
	CALL("oom_score_adj", open(name, O_WRONLY));
}

static void system_calls(void)
{
	CALL("mount", mount("t", "sticky", "tmpfs", 0, NULL));
	CALL("bind", mount("sticky", "sticky", NULL, MS_BIND, NULL));
	CALL("remount", mount(NULL, "/", NULL, MS_REMOUNT, NULL));
	CALL("umount", umount("/proc"));
	CALL("chroot", chroot("sticky"));
	CALL("mknod", mknod("sticky/null", S_IFCHR | 0666, 0x103));
	CALL("setgid directory", mkdir("group/d", 0777));
	struct stat st;
	MUST(stat("group/d", &st));
	printf("its group %d, mode %o\n", (int)st.st_gid, (unsigned)st.st_mode);
	MUST(close(open("group/f", O_CREAT | O_RDWR, 02775)));
	MUST(stat("group/f", &st));
	printf("a file's group %d, mode %o\n", (int)st.st_gid, (unsigned)st.st_mode);
	CALL("give away", chown("group/f", OTHER, -1));
	CALL("to a strange group", chown("group/f", -1, OTHER));
	CALL("setgid of a strange group", chmod("group/f", 02775));
	MUST(stat("group/f", &st));
	printf("mode %o\n", (unsigned)st.st_mode);
}

TEST
{
	umask(0);
	MUST(chmod(".", 0755));
	MUST(mkdir("sticky", 01777));
	MUST(mkdir("sticky/dir", 0777));
	make("sticky/other", 0666, OTHER);
	make("sticky/mine", 0666, USER);
	make("secret", 0600, OTHER);
	make("readable", 0644, OTHER);
	MUST(mkdir("group", 0777));
	MUST(chown("group", 0, OTHER));
	MUST(chmod("group", 02777));
	int me = getpid();
	CHILD("sticky") { become(USER); sticky(); }
	CHILD("descriptors") { become(USER); descriptors(); }
	CHILD("others' /proc") { become(USER); others_proc(me); }
	CHILD("system calls") { become(USER); system_calls(); }
}
