/* SPDX-License-Identifier: MIT */
/* Process numbers, accounts of users, credentials. */
#include <debug/selftest.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <proc/user.h>

SELFTEST(proc_pid_life)
{
	struct pid *a = pid_alloc(), *b = pid_alloc();

	CHECK(a && b);
	CHECK(a->number > 0 && b->number > 0 && a->number != b->number);
	pid_t n = a->number;
	struct pid *found = pid_find(n);
	CHECK(found == a);
	pid_put(found);
	CHECK(!process_find(n) && !task_find(n)); /* names nothing */
	pid_put(a);
	CHECK(!pid_find(n));

	/* A number that is free again is not given at once. */
	struct pid *c = pid_alloc();
	CHECK(c && c->number != n);
	pid_put(c);
	pid_put(b);
}

SELFTEST(proc_pid_held_number)
{
	struct pid *a = pid_alloc();

	CHECK(a);
	pid_get(a); /* a group that outlives its leader */
	pid_put(a);
	struct pid *found = pid_find(a->number);
	CHECK(found == a);
	pid_put(found);
	pid_put(a);
}

SELFTEST(proc_pid_strange_numbers)
{
	CHECK(!pid_find(0) && !pid_find(-1) && !pid_find(INT32_MAX) && !pid_find(INT32_MIN));
}

SELFTEST(proc_user_accounts)
{
	struct user *a = user_find(54321), *b = user_find(54321), *other = user_find(54321 + 64);

	CHECK(a && a == b && other && other != a);
	CHECK(a->uid == 54321 && a->tasks == 0 && a->signals == 0);
	user_put(a);
	user_put(b);
	user_put(other);

	struct user *root = user_find(0);
	CHECK(root == &user_root);
	user_put(root);
}

SELFTEST(proc_cred_groups)
{
	static const gid_t gids[] = { 3, 10, 11, 500, 70000 };
	struct group_list *g = kzalloc(sizeof *g + sizeof gids);
	struct cred c = { .gid = 9, .egid = 8, .fsgid = 7, .groups = g };

	CHECK(g);
	g->count = ARRAY_SIZE(gids);
	for (u32 i = 0; i < g->count; i++)
		g->gids[i] = gids[i];
	bool all = true;
	for (u32 i = 0; i < g->count; i++)
		all &= cred_in_group(&c, gids[i]);
	bool none = !cred_in_group(&c, 0) && !cred_in_group(&c, 4) && !cred_in_group(&c, 70001) &&
		    !cred_in_group(&c, 8) && !cred_in_group(&c, 9);
	bool own = cred_in_group(&c, 7);
	c.groups = NULL;
	bool without = cred_in_group(&c, 7) && !cred_in_group(&c, 10);
	kfree(g);
	CHECK(all);
	CHECK(none);
	CHECK(own && without);
}

SELFTEST(proc_cred_copies)
{
	struct cred *c = task_cred_get(current);

	CHECK(c == current->cred && ref_read(&c->refs) > 1);
	struct cred *copy = cred_prepare();
	CHECK(copy && copy != c && copy->user == c->user && ref_read(&copy->refs) == 1);
	cred_put(copy);
	cred_put(c);
}
