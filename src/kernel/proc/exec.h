/* SPDX-License-Identifier: MIT */
/* Shared by the files of exec alone: see exec.c for the theory. */
#pragma once

#include <fs/vfs.h>
#include <linux/binfmts.h>
#include <linux/limits.h>
#include <linux/personality.h>
#include <proc/elf.h>
#include <proc/process.h>
#include <vm/vm.h>

#define EXEC_HEAD_SIZE 1024
#define EXEC_SCRIPT_LINE 256 /* what of a script's first bytes is looked at */
#define EXEC_PREFIX_WORDS 24 /* room for what #! lines put before the arguments */
#define EXEC_WORDS_INLINE 112
#define EXEC_AUXV_WORDS 48

struct exec {
	struct mm *mm;        /* the new address space, private to us until exec_commit */
	struct area *stack;
	u64 vdso_random;      /* bits that the stack's place did not take; 0: not to be random */
	bool kernel;          /* the strings are the kernel's (first program) */
	bool closed_on_exec;  /* the path goes through a descriptor that will be closed */

	/* Strings, pushed downwards from stack_top; the page last written to. */
	u64 sp, sp_min;
	u64 page_va;
	u8 *page;
	u64 execfn, env_start, arg_end; /* addresses in the new stack */

	/*
	 * What the stack will hold from the stack pointer upwards: argc, pointers, auxiliary vector.
	 * User pointers at first, each replaced by where its string has gone.  words[first] is argv[0].
	 */
	u64 *words;
	u32 first, argc, envc, capacity;
	bool words_allocated; /* else they lie on the stack of do_exec */

	struct file *file;    /* opened, writing denied */
	struct file *interp;  /* PT_INTERP's; NULL */
	struct cred *cred;    /* new one; NULL: the old stays */
	bool secure;          /* AT_SECURE */
	bool setid;
	bool guarded;         /* the old program's owner may not look into the new one */

	struct elf_image image;
	u64 base;             /* added to the image's addresses */
	u64 interp_base, interp_entry;
	char *path;           /* of the interpreter, PATH_MAX bytes; NULL as long as there is none */
	size_t head_size;
	u8 head[EXEC_HEAD_SIZE];
	char name[PATH_MAX];  /* as the caller gave it; /dev/fd/N for descriptors */
};
BUILD_ASSERT(sizeof(struct exec) <= 8192); /* kmalloc's largest cache */

/* Are addresses to be random? */
static inline bool exec_randomizes(void)
{
	return !(current->process->personality & ADDR_NO_RANDOMIZE);
}

/* e->path, with its memory; NULL without. */
char *exec_path_buffer(struct exec *e);

/* exec_args.c */
int exec_read_pointers(struct exec *e, u64 argv, u64 envp);
int exec_push_arguments(struct exec *e);
/* Puts a kernel string below the others; *va is where. -E2BIG, -ENOMEM */
int exec_push_string(struct exec *e, const char *s, u64 *va);
int exec_push_argument(struct exec *e, const char *s); /* as the new argv[0] */
void exec_drop_argument(struct exec *e);
/* Writes the tables; *sp is the new program's stack pointer. */
int exec_finish_stack(struct exec *e, u64 *sp);

/* exec_script.c: 0 and the interpreter in e->path when e->head is a script's; -ENOEXEC. */
int exec_parse_script(struct exec *e);

/* exec_load.c */
int exec_load_elf(struct exec *e);
/* Reads [offset, offset + n) whole; -EIO when the file ends before. */
int exec_read(struct file *f, void *buf, size_t n, u64 offset);
int exec_open(int dirfd, const char *name, int flags, struct file **out);
void exec_close(struct file *f);

/* exec_cred.c */
int exec_prepare_cred(struct exec *e);
