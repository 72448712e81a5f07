/* SPDX-License-Identifier: MIT */
/*
 * execve: another program in the same process.
 *
 * The new address space is made complete while the old one is still there: arguments
 * copied from one to the other, segments mapped, tables on the stack, new credentials,
 * copies of what is shared with other tasks.  All that can fail is behind us
 * then; the old program gets its error and goes on.  exec_commit changes over:
 *
 *	other threads end -> address space -> parent of a vfork goes on -> close-on-exec
 *	-> signal handlers -> credentials -> name -> registers
 *
 * Only the first step of it can still be refused, by a process that is exiting anyway.
 *
 * Which program: the file named, or for a script the interpreter of its first line, and so
 * on for at most 5 scripts in a row.
 *
 * Order of errors, as in Linux: name, pointers, strings, opening, format.
 */
#include <arch/thread.h>
#include <fs/files.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/personality.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/exec.h>
#include <proc/internal.h>
#include <syscall/handlers.h>

#define SCRIPTS_MAX 5
#define STACK_FIRST_SIZE (33 * PAGE_SIZE)
#define STACK_RANDOM_PAGES 0x3fffffULL
#define STACK_GAP_MIN MIB(128)

/* What exec replaces in the task besides the address space; NULL: the old one is not shared. */
struct exec_unshared {
	struct files *files;
	struct sighand *sighand;
	struct fs_context *fs;
};

/* ---- layout ---- */

static int make_mm(struct exec *e)
{
	u64 top = USER_MAX, gap, offset = 0, random;

	e->mm = mm_new();
	if (!e->mm)
		return -ENOMEM;
	if (exec_randomizes()) {
		random = vm_random_u64();
		top -= (random & STACK_RANDOM_PAGES) << PAGE_SHIFT;
		e->vdso_random = random >> 32;
		offset = (vm_random_u64() & ((1ULL << 28) - 1)) << PAGE_SHIFT;
	}
	/* Mappings begin below what the stack may become. */
	gap = min(rlimit_current(RLIMIT_STACK), USER_MAX / 6 * 5);
	gap = max(gap, STACK_GAP_MIN) + (256 * PAGE_SIZE) + (exec_randomizes() ? STACK_RANDOM_PAGES << PAGE_SHIFT : 0);
	e->mm->mmap_base = ALIGN_DOWN(USER_MAX - min(gap, USER_MAX / 6 * 5) - offset, PAGE_SIZE);
	e->stack = mm_make_stack(e->mm, top, STACK_FIRST_SIZE);
	if (!e->stack)
		return -ENOMEM;
	e->sp = top - 8;
	return 0;
}

/* ---- the program ---- */

static int read_head(struct exec *e)
{
	ssize_t n = file_read_kernel(e->file, e->head, sizeof e->head, 0);

	if (n < 0)
		return (int)n;
	e->head_size = (size_t)n;
	return 0;
}

/* Opens the program and follows scripts to what can be loaded. */
static int find_program(struct exec *e, int dirfd, const char *name, int flags)
{
	int err = exec_open(dirfd, name, flags, &e->file);

	for (int scripts = 0; !err; scripts++) {
		if (scripts > SCRIPTS_MAX)
			return -ELOOP;
		if ((err = read_head(e)))
			return err;
		err = exec_parse_script(e);
		if (err == -ENOEXEC)
			return 0;
		if (err)
			return err;
		exec_close(e->file);
		e->file = NULL;
		err = exec_open(AT_FDCWD, e->path, 0, &e->file);
	}
	return err;
}

/* ---- the change ---- */

static int prepare_unshared(const struct exec *e, struct exec_unshared *u)
{
	/* Who shares directories and umask with us is not to steer a program with other rights. */
	if (e->secure && ref_read(&current->fs->refs) > 1 && !(u->fs = fs_context_copy(current->fs)))
		return -ENOMEM;
	if (ref_read(&current->files->refs) > 1) {
		int err = files_copy(current->files, &u->files);
		if (err)
			return err;
	}
	if (ref_read(&current->sighand->refs) > 1) {
		u->sighand = sighand_copy(current->sighand);
		if (!u->sighand)
			return -ENOMEM;
	}
	return 0;
}

static void drop_unshared(struct exec_unshared *u)
{
	if (u->files)
		files_put(u->files);
	sighand_put(u->sighand);
	if (u->fs)
		fs_context_put(u->fs);
}

/* Afterwards *u holds the old ones, to be dropped. */
static void swap_unshared(struct task *t, struct exec_unshared *u)
{
	if (u->files) {
		struct files *old = t->files;
		SPIN_GUARD(&t->objects_lock);
		t->files = u->files;
		u->files = old;
	}
	if (u->fs) {
		struct fs_context *old = t->fs;
		SPIN_GUARD(&t->objects_lock);
		t->fs = u->fs;
		u->fs = old;
	}
	if (u->sighand) {
		IRQSPIN_GUARD(&t->process->lock);
		struct sighand *old = t->sighand;
		t->sighand = u->sighand;
		u->sighand = old;
	}
}

static void set_comm(struct task *t, const char *path)
{
	const char *slash = strrchr(path, '/');

	strlcpy(t->comm, slash ? slash + 1 : path, sizeof t->comm);
}

static void change_flags(struct task *t, const struct exec *e)
{
	struct process *p = t->process;

	t->flags &= ~(u32)(TASKF_KERNEL | TASKF_FORKED_NOEXEC | TASKF_SUPER);
	t->exit_signal = SIGCHLD;
	t->clear_child_tid = t->set_child_tid = t->robust_list = 0;
	t->rseq = 0;
	t->restart.fn = NULL;
	if (e->secure)
		t->pdeath_signal = 0;
	p->personality &= ~(u32)READ_IMPLIES_EXEC;
	if (e->setid)
		p->personality &= ~(u32)PER_CLEAR_ON_SETID;
	IRQSPIN_GUARD(&p->lock);
	p->flags |= PROC_EXECED;
}

/* May the caller read the program?  If not, nobody is to read it out of the process, either. */
static bool readable(const struct file *f)
{
	return !inode_permission(f->inode, MAY_READ);
}

/* Nothing fails from here on but the ending of other threads. Takes over e->mm and e->cred. */
static int exec_commit(struct exec *e, struct exec_unshared *u, struct regs *r, u64 sp)
{
	struct task *t = current;

	/* A leader that has exited still stands in for the process. */
	if (READ_ONCE(t->process->thread_count) > 1 || t->process->leader != t) {
		int err = process_kill_other_threads();
		if (err)
			return err;
	}
	posix_timers_delete_all(t->process);
	signal_discard_timers(t);
	if (t->mm)
		futex_thread_exit(t);
	e->mm->dumpable = !e->guarded && readable(e->file) && (!e->interp || readable(e->interp));
	mm_activate(e->mm);
	e->mm = NULL;
	task_vfork_done();
	swap_unshared(t, u);
	files_close_on_exec();
	sighand_reset_for_exec(t);
	change_flags(t, e);
	if (e->cred) {
		cred_commit(e->cred);
		e->cred = NULL;
	}
	set_comm(t, e->name);
	thread_exec(r, e->interp_entry, sp);
	return 0;
}

/* ---- all of it ---- */

static int exec_steps(struct exec *e, struct exec_unshared *u, struct regs *r, int dirfd, const char *name,
		      int flags, u64 argv, u64 envp)
{
	u64 sp;
	int err;

	if ((err = make_mm(e)) || (err = exec_read_pointers(e, argv, envp)) ||
	    (err = exec_push_arguments(e)) || (err = find_program(e, dirfd, name, flags)) ||
	    (err = exec_load_elf(e)) || (err = mm_map_vdso(e->mm, e->vdso_random)) ||
	    (err = mm_set_exe(e->mm, e->file)) ||
	    (err = exec_prepare_cred(e)) || (err = exec_finish_stack(e, &sp)) ||
	    (err = prepare_unshared(e, u)))
		return err;
	return exec_commit(e, u, r, sp);
}

/* e->name is filled; `name` is what to look up. Frees e. */
static int do_exec(struct exec *e, struct regs *r, int dirfd, const char *name, int flags, u64 argv, u64 envp)
{
	struct exec_unshared u = { 0 };
	u64 words[EXEC_WORDS_INLINE];

	e->words = words;
	e->capacity = EXEC_WORDS_INLINE;
	int err = exec_steps(e, &u, r, dirfd, name, flags, argv, envp);

	if (err == -EIO && !e->interp)
		err = -ENOEXEC; /* a file that ends before its headers do */
	drop_unshared(&u);
	exec_close(e->interp);
	exec_close(e->file);
	if (e->cred)
		cred_put(e->cred);
	if (e->mm)
		mm_put(e->mm);
	if (e->words_allocated)
		kvfree(e->words);
	kfree(e->path);
	kfree(e);
	return err;
}

char *exec_path_buffer(struct exec *e)
{
	if (!e->path)
		e->path = kmalloc(PATH_MAX, 0);
	return e->path;
}

static struct exec *exec_alloc(bool kernel)
{
	struct exec *e = kmalloc(sizeof *e, 0);

	if (!e)
		return NULL;
	memset(e, 0, offsetof(struct exec, image));
	e->base = e->interp_base = 0;
	e->path = NULL;
	e->kernel = kernel;
	return e;
}

/* A file given by descriptor has a name of its own kind. */
static void name_by_descriptor(struct exec *e, int dirfd, const char *name)
{
	if (*name)
		snprintf(e->name, sizeof e->name, "/dev/fd/%d/%s", dirfd, name);
	else
		snprintf(e->name, sizeof e->name, "/dev/fd/%d", dirfd);
	e->closed_on_exec = fd_is_cloexec(dirfd);
}

static s64 exec_user(struct regs *r, int dirfd, uptr_t name, u64 argv, u64 envp, int flags)
{
	struct exec *e;
	ssize_t n;
	int err = 0;

	e = exec_alloc(false);
	if (!e)
		return -ENOMEM;
	n = strncpy_from_user(e->name, name, sizeof e->name);
	if (n < 0)
		err = (int)n;
	else if (n == 0 && !(flags & AT_EMPTY_PATH))
		err = -ENOENT;
	else if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		err = -EINVAL;
	if (err) {
		kfree(e);
		return err;
	}
	if (likely(dirfd == AT_FDCWD || e->name[0] == '/'))
		return do_exec(e, r, dirfd, e->name, flags, argv, envp);
	char *given = kstrdup(e->name);
	if (!given) {
		kfree(e);
		return -ENOMEM;
	}
	name_by_descriptor(e, dirfd, given);
	err = do_exec(e, r, dirfd, given, flags, argv, envp);
	kfree(given);
	return err;
}

s64 sys_execve(struct regs *r)
{
	return exec_user(r, AT_FDCWD, UPTR(regs_arg0(r)), regs_arg1(r), regs_arg2(r), 0);
}

s64 sys_execveat(struct regs *r)
{
	return exec_user(r, (int)regs_arg0(r), UPTR(regs_arg1(r)), regs_arg2(r), regs_arg3(r),
			 (int)regs_arg4(r));
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	struct exec *e = exec_alloc(true);

	if (!e)
		return -ENOMEM;
	strlcpy(e->name, path, sizeof e->name);
	return do_exec(e, thread_user_regs(current), AT_FDCWD, e->name, 0, (u64)argv, (u64)envp);
}
