/* SPDX-License-Identifier: MIT */
/* mknod: FIFOs, device nodes, sockets; who may make them; opening missing devices. */

#include "../abi.h"
#include <sys/sysmacros.h>

TEST
{
	struct stat st;
	CALL("fifo", mknod("p", S_IFIFO | 0600, 0));
	CALL("regular", mknod("r", S_IFREG | 0640, 0));
	CALL("type 0 is regular", mknod("z", 0600, 0));
	CALL("char", mknod("c", S_IFCHR | 0666, makedev(1, 3)));
	CALL("socket", mknod("s", S_IFSOCK | 0600, 0));
	CALL("directory", mknod("d", S_IFDIR | 0700, 0));
	CALL("bad type", mknod("b", 0150000, 0));
	CALL("exists", mknod("p", S_IFIFO | 0600, 0));
	stat("c", &st);
	say("device %d:%d", major(st.st_rdev), minor(st.st_rdev));
	CALL("open socket node", open("s", O_RDONLY));
	MUST(mknod("nodev", S_IFCHR | 0666, makedev(250, 77)));
	CALL("open missing device", open("nodev", O_RDONLY));
	stat("z", &st);
	YES("regular", S_ISREG(st.st_mode));
	CHILD("as nobody") {
		chmod(".", 0777);
		become_nobody();
		CALL("fifo", mknod("np", S_IFIFO | 0600, 0));
		CALL("char", mknod("nc", S_IFCHR | 0600, makedev(1, 3)));
	}
}
