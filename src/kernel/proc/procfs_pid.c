/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID, its task/ and fd/ directories, and /proc/self.  Inodes are made by
 * look-ups and hold a struct pid, so a number that is used again is another file;
 * a cached dentry is good as long as its process or thread exists.  At its end they
 * are taken out of the cache (procfs_forget): each keeps a number from being used again.
 *
 *   /proc/PID          pid_entries of the leader, task, fd
 *   /proc/PID/task     threads
 *   /proc/PID/task/TID pid_entries of that thread, fd
 *   /proc/PID/fd       open descriptors, magic links
 */
#include <proc/procfs_pid.h>

#include <fs/files.h>
#include <lib/format.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <vm/vm.h>

enum node_kind { NODE_PROCESS, NODE_THREAD, NODE_TASK_DIR, NODE_FD_DIR, NODE_FD, NODE_ENTRY };

struct node {
	enum node_kind kind;
	struct pid *pid;               /* referenced */
	bool thread;                   /* of a thread's directory: pid->task, not the leader */
	const struct pid_entry *entry; /* NODE_ENTRY */
	int fd;                        /* NODE_FD */
};

/* ---- from node to task ---- */

/* The task that the node is about, referenced; NULL when it is gone. */
static struct task *node_task(const struct node *n)
{
	SPIN_GUARD(&tree_lock);
	struct task *t = n->thread ? n->pid->task : n->pid->process ? n->pid->process->leader : NULL;
	if (t)
		task_get(t);
	return t;
}

struct mm *task_mm_get(struct task *t)
{
	SPIN_GUARD(&t->objects_lock);
	struct mm *mm = t->flags & TASKF_KERNEL ? NULL : t->mm;
	if (mm)
		mm_get(mm);
	return mm;
}

bool task_may_inspect(struct task *t)
{
	const struct cred *me = current->cred;

	if (t->process == current->process || me->cap_effective & 1ULL << CAP_SYS_PTRACE)
		return true;
	struct cred *it = task_cred_get(t);
	bool same = me->fsuid == it->uid && me->fsuid == it->euid && me->fsuid == it->suid &&
		    me->fsgid == it->gid && me->fsgid == it->egid && me->fsgid == it->sgid;
	cred_put(it);
	if (!same)
		return false;
	struct mm *mm = task_mm_get(t);
	bool dumpable = !mm || mm->dumpable == 1;
	if (mm)
		mm_put(mm);
	return dumpable;
}

/* ---- inodes ---- */

static const struct inode_ops self_iops, process_iops, task_dir_iops, fd_dir_iops, fd_iops, entry_iops, link_iops;
static const struct file_ops process_fops, task_dir_fops, fd_dir_fops, entry_fops;

/* The file open as `fd` in `fs`, referenced, or NULL. */
static struct file *file_of(struct files *fs, int fd)
{
	int found = fd;
	struct file *f = files_next(fs, &found);
	if (f && found != fd) {
		file_put(f);
		f = NULL;
	}
	return f;
}

static void set_owner(struct inode *i, struct task *t)
{
	rcu_read_lock();
	const struct cred *c = rcu_load(&t->cred);
	i->uid = c->euid;
	i->gid = c->egid;
	rcu_read_unlock();
}

static bool still_there(struct dentry *d)
{
	struct inode *i = d->inode;
	if (!i)
		return false; /* names come and go: never trust a negative dentry */
	const struct node *n = i->priv;
	struct task *t = node_task(n);
	if (!t)
		return false;
	bool ok = true;
	if (n->kind == NODE_FD) {
		struct files *fs = task_files_get(t);
		struct file *f = fs ? file_of(fs, n->fd) : NULL;
		ok = f != NULL;
		if (f)
			file_put(f);
		if (fs)
			files_put(fs);
	}
	set_owner(i, t);
	task_put(t);
	return ok;
}

static const struct dentry_ops pid_dentry_ops = { .revalidate = still_there };

static void evict(struct inode *i)
{
	struct node *n = i->priv;
	if (i->ops == &self_iops)
		return;
	pid_put(n->pid);
	kfree(n);
}

static int attach_node(struct inode *dir, struct dentry *d, const struct node *proto, u32 mode, struct task *t,
		       const struct inode_ops *ops, const struct file_ops *fops)
{
	struct node *n = kmalloc(sizeof *n, 0);
	struct inode *i = n ? inode_alloc(dir->super) : NULL;

	if (!i) {
		kfree(n);
		return -ENOMEM;
	}
	*n = *proto;
	pid_get(n->pid);
	WRITE_ONCE(n->pid->looked_up, true);
	i->priv = n;
	i->mode = mode;
	i->ops = ops;
	i->fops = fops;
	if (S_ISDIR(mode))
		i->nlink = 2;
	set_owner(i, t);
	d->ops = &pid_dentry_ops;
	dentry_attach(d, i);
	return 0;
}

/* ---- /proc: processes, self ---- */

static ssize_t self_readlink(struct inode *i, char *buf, size_t size)
{
	if (i->priv)
		return snprintf(buf, size, "%d/task/%d", process_pid(current->process), task_tid(current));
	return snprintf(buf, size, "%d", process_pid(current->process));
}

static const struct inode_ops self_iops = { .readlink = self_readlink };

static int attach_self(struct inode *dir, struct dentry *d, bool thread)
{
	struct inode *i = inode_alloc(dir->super);
	if (!i)
		return -ENOMEM;
	i->mode = S_IFLNK | 0777;
	i->ops = &self_iops;
	i->priv = thread ? d : NULL; /* only whether: see self_readlink */
	dentry_attach(d, i);
	return 0;
}

static bool parse_number(const char *name, pid_t *n)
{
	u64 v;
	if ((name[0] == '0' && name[1]) || parse_u64(name, 10, &v) || v > INT32_MAX)
		return false;
	*n = (pid_t)v;
	return true;
}

static int root_lookup(struct inode *dir, struct dentry *d)
{
	struct node n = { .kind = NODE_PROCESS };
	pid_t number;

	d->ops = &pid_dentry_ops;
	if (!strcmp(d->name, "self") || !strcmp(d->name, "thread-self")) {
		d->ops = NULL;
		return attach_self(dir, d, d->name[0] == 't');
	}
	if (!parse_number(d->name, &number) || !(n.pid = pid_find(number)))
		return 0;
	spin_lock(&tree_lock);
	n.thread = !n.pid->process; /* a thread's number works, too, but is not listed */
	spin_unlock(&tree_lock);
	struct task *t = node_task(&n);
	int err = 0;
	if (t) {
		err = attach_node(dir, d, &n, S_IFDIR | 0555, t, &process_iops, &process_fops);
		task_put(t);
	}
	pid_put(n.pid);
	return err;
}

static int root_readdir(struct file *f, struct dir_emitter *e, u64 base)
{
	struct process *p;
	char name[16];
	u64 pos = f->pos - base;

	if (pos == 0) {
		if (!e->emit(e, "self", 4, base, S_IFLNK >> 12, base + 1))
			return 0;
		f->pos = base + ++pos;
	}
	if (pos == 1) {
		if (!e->emit(e, "thread-self", 11, base + 1, S_IFLNK >> 12, base + 2))
			return 0;
		f->pos = base + ++pos;
	}
	while (pos <= INT32_MAX && (p = process_next((pid_t)pos - 1))) {
		pid_t number = process_pid(p);
		process_put(p);
		int n = snprintf(name, sizeof name, "%d", number);
		if (!e->emit(e, name, (size_t)n, base + 2 + (u64)number, S_IFDIR >> 12, base + (u64)number + 2))
			return 0;
		pos = (u64)number + 2;
		f->pos = base + pos;
	}
	return 0;
}

static const struct procfs_processes processes = {
	.lookup = root_lookup, .readdir = root_readdir, .evict = evict,
};

/* ---- /proc/PID ---- */

static int process_lookup(struct inode *dir, struct dentry *d)
{
	const struct node *parent = dir->priv;
	struct node n = { .pid = parent->pid, .thread = parent->thread };
	struct task *t = node_task(parent);
	int err = 0;

	d->ops = &pid_dentry_ops;
	if (!t)
		return -ENOENT;
	if (!strcmp(d->name, "fd")) {
		n.kind = NODE_FD_DIR;
		err = attach_node(dir, d, &n, S_IFDIR | 0500, t, &fd_dir_iops, &fd_dir_fops);
		goto out;
	}
	if (!strcmp(d->name, "task") && parent->kind == NODE_PROCESS) {
		n.kind = NODE_TASK_DIR;
		err = attach_node(dir, d, &n, S_IFDIR | 0555, t, &task_dir_iops, &task_dir_fops);
		goto out;
	}
	n.kind = NODE_ENTRY;
	for (unsigned i = 0; i < pid_entry_count; i++) {
		n.entry = &pid_entries[i];
		if (strcmp(d->name, n.entry->name) || (n.entry->leader_only && parent->kind == NODE_THREAD))
			continue;
		bool link = S_ISLNK(n.entry->mode);
		err = attach_node(dir, d, &n, n.entry->mode, t, link ? &link_iops : &entry_iops,
				  link ? NULL : &entry_fops);
		break;
	}
out:
	task_put(t);
	return err;
}

/* Emits name number `*i` of a list of fixed names from position 2 on; false: full. */
static bool emit_fixed(struct file *f, struct dir_emitter *e, u64 *index, const char *name, unsigned type)
{
	u64 pos = 2 + (*index)++;
	if (f->pos > pos)
		return true;
	if (!e->emit(e, name, strlen(name), f->inode->ino * 64 + pos, type, pos + 1))
		return false;
	f->pos = pos + 1;
	return true;
}

static bool emit_dots(struct file *f, struct dir_emitter *e)
{
	static const char *const dots[] = { ".", ".." };
	for (; f->pos < 2; f->pos++)
		if (!e->emit(e, dots[f->pos], f->pos + 1, f->inode->ino, S_IFDIR >> 12, f->pos + 1))
			return false;
	return true;
}

static int process_readdir(struct file *f, struct dir_emitter *e)
{
	const struct node *n = f->inode->priv;
	u64 index = 0;

	if (!emit_dots(f, e) || !emit_fixed(f, e, &index, "fd", S_IFDIR >> 12) ||
	    (n->kind == NODE_PROCESS && !emit_fixed(f, e, &index, "task", S_IFDIR >> 12)))
		return 0;
	for (unsigned i = 0; i < pid_entry_count; i++) {
		const struct pid_entry *p = &pid_entries[i];
		if (p->leader_only && n->kind == NODE_THREAD)
			continue;
		if (!emit_fixed(f, e, &index, p->name, p->mode >> 12))
			return 0;
	}
	return 0;
}

static const struct inode_ops process_iops = { .lookup = process_lookup };
static const struct file_ops process_fops = { .readdir = process_readdir, .llseek = generic_llseek };

/* ---- /proc/PID/task ---- */

static int task_dir_lookup(struct inode *dir, struct dentry *d)
{
	const struct node *parent = dir->priv;
	struct node n = { .kind = NODE_THREAD, .thread = true };
	pid_t number;
	int err = 0;

	d->ops = &pid_dentry_ops;
	if (!parse_number(d->name, &number) || !(n.pid = pid_find(number)))
		return 0;
	struct task *t = node_task(&n);
	if (t && t->process->pid == parent->pid)
		err = attach_node(dir, d, &n, S_IFDIR | 0555, t, &process_iops, &process_fops);
	if (t)
		task_put(t);
	pid_put(n.pid);
	return err;
}

/* The thread of the process with the smallest id >= from, or 0. */
static pid_t next_thread(const struct node *n, pid_t from)
{
	struct task *t;
	pid_t best = 0;
	SPIN_GUARD(&tree_lock);
	struct process *p = n->pid->process;

	if (!p)
		return 0;
	IRQSPIN_GUARD(&p->lock);
	list_for_each(t, &p->threads, thread_link) {
		pid_t tid = task_tid(t);
		if (tid >= from && (!best || tid < best))
			best = tid;
	}
	return best;
}

static int task_dir_readdir(struct file *f, struct dir_emitter *e)
{
	char name[16];
	pid_t tid;

	if (!emit_dots(f, e))
		return 0;
	while (f->pos <= INT32_MAX && (tid = next_thread(f->inode->priv, (pid_t)(f->pos - 2) + 1))) {
		int n = snprintf(name, sizeof name, "%d", tid);
		if (!e->emit(e, name, (size_t)n, f->inode->ino * 64 + (u64)tid, S_IFDIR >> 12, (u64)tid + 2))
			return 0;
		f->pos = (u64)tid + 2;
	}
	return 0;
}

static const struct inode_ops task_dir_iops = { .lookup = task_dir_lookup };
static const struct file_ops task_dir_fops = { .readdir = task_dir_readdir, .llseek = generic_llseek };

/* ---- /proc/PID/fd ---- */

/* The task's descriptor table with a reference; NULL. */
struct files *task_files_get(struct task *t)
{
	SPIN_GUARD(&t->objects_lock);
	struct files *fs = t->files;
	if (fs)
		ref_get(&fs->refs);
	return fs;
}

static struct file *node_file(const struct node *n)
{
	struct task *t = node_task(n);
	struct files *fs = t && task_may_inspect(t) ? task_files_get(t) : NULL;
	struct file *f = fs ? file_of(fs, n->fd) : NULL;

	if (fs)
		files_put(fs);
	if (t)
		task_put(t);
	return f;
}

static int fd_follow(struct inode *i, struct path *p)
{
	struct file *f = node_file(i->priv);
	if (!f)
		return -ENOENT;
	*p = f->path;
	path_get(p);
	file_put(f);
	return 0;
}

static const struct inode_ops fd_iops = { .follow = fd_follow };

static int fd_dir_lookup(struct inode *dir, struct dentry *d)
{
	const struct node *parent = dir->priv;
	struct node n = { .kind = NODE_FD, .pid = parent->pid, .thread = parent->thread };

	d->ops = &pid_dentry_ops;
	if (!parse_number(d->name, &n.fd))
		return 0;
	struct task *t = node_task(parent);
	if (!t)
		return -ENOENT;
	int err = task_may_inspect(t) ? 0 : -EACCES;
	struct file *f = err ? NULL : node_file(&n);
	if (f) {
		u32 mode = S_IFLNK | (f->mode & FMODE_READ ? 0500 : 0) | (f->mode & FMODE_WRITE ? 0300 : 0);
		err = attach_node(dir, d, &n, mode, t, &fd_iops, NULL);
		file_put(f);
	}
	task_put(t);
	return err;
}

static int fd_dir_readdir(struct file *f, struct dir_emitter *e)
{
	struct task *t = node_task(f->inode->priv);
	struct files *fs;
	struct file *open;
	char name[16];

	if (!t)
		return -ENOENT;
	bool allowed = task_may_inspect(t);
	fs = allowed ? task_files_get(t) : NULL;
	task_put(t);
	if (!allowed)
		return -EACCES;
	if (!emit_dots(f, e) || !fs || f->pos > INT32_MAX)
		goto out;
	for (int fd = (int)(f->pos - 2); (open = files_next(fs, &fd)); fd++) {
		file_put(open);
		int n = snprintf(name, sizeof name, "%d", fd);
		if (!e->emit(e, name, (size_t)n, f->inode->ino * 64 + (u64)fd, S_IFLNK >> 12, (u64)fd + 3))
			break;
		f->pos = (u64)fd + 3;
	}
out:
	if (fs)
		files_put(fs);
	return 0;
}

static int fd_dir_permission(struct inode *i, int mask)
{
	struct task *t = node_task(i->priv);
	if (!t)
		return -ENOENT;
	int err = t->process == current->process || inode_permission_by_mode(i, mask) == 0 ? 0 : -EACCES;
	task_put(t);
	return err;
}

static const struct inode_ops fd_dir_iops = { .lookup = fd_dir_lookup, .permission = fd_dir_permission };
static const struct file_ops fd_dir_fops = { .readdir = fd_dir_readdir, .llseek = generic_llseek };

/* ---- text files and magic links ---- */

static int entry_show(struct text *text, void *ctx)
{
	struct inode *i = ctx;
	const struct node *n = i->priv;
	struct task *t = node_task(n);

	if (!t)
		return -ESRCH;
	int err = n->entry->private && !task_may_inspect(t) ? -EACCES : n->entry->show_thread && n->thread ? n->entry->show_thread(text, t) : n->entry->show(text, t);
	task_put(t);
	return err;
}

static int entry_write(void *ctx, char *buf, size_t size)
{
	struct inode *i = ctx;
	const struct node *n = i->priv;
	struct task *t = node_task(n);

	if (!t)
		return -ESRCH;
	int err = n->entry->write ? n->entry->write(t, buf, size) : -EIO;
	task_put(t);
	return err;
}

static int entry_open(struct inode *i, struct file *f)
{
	const struct node *n = i->priv;
	struct text_source src = { .show = entry_show, .write = n->entry->write ? entry_write : NULL, .ctx = i };

	if (n->entry->private) {
		struct task *t = node_task(n);
		bool ok = t && task_may_inspect(t);
		if (t)
			task_put(t);
		if (!ok)
			return t ? -EACCES : -ESRCH;
	}
	return text_open(f, &src);
}

static const struct inode_ops entry_iops = { 0 };
static const struct file_ops entry_fops = {
	.open = entry_open, .read = text_read, .write = text_write, .release = text_release, .llseek = text_llseek,
};

static int link_follow(struct inode *i, struct path *p)
{
	const struct node *n = i->priv;
	struct task *t = node_task(n);

	if (!t)
		return -ESRCH;
	int err = task_may_inspect(t) ? n->entry->link(t, p) : -EACCES;
	task_put(t);
	return err;
}

static const struct inode_ops link_iops = { .follow = link_follow };

/* ---- the end of a process ---- */

static struct dentry *find_number(struct dentry *dir, pid_t number)
{
	char name[16];
	int n = snprintf(name, sizeof name, "%d", number);

	return dentry_find(dir, name, (size_t)n);
}

static void forget_number(struct dentry *dir, pid_t number)
{
	struct dentry *d = find_number(dir, number);

	if (!d)
		return;
	dentry_drop_tree(d);
	dentry_put(d);
}

void procfs_forget_slow(struct pid *pid, struct pid *process)
{
	struct dentry *root = procfs_tree.super->root;

	WRITE_ONCE(pid->looked_up, false);
	forget_number(root, pid->number);
	if (pid == process)
		return;
	struct dentry *dir = find_number(root, process->number);
	struct dentry *threads = dir ? dentry_find(dir, "task", 4) : NULL;
	if (threads) {
		forget_number(threads, pid->number);
		dentry_put(threads);
	}
	if (dir)
		dentry_put(dir);
}

void procfs_processes_init(void)
{
	procfs_set_processes(&processes);
}
