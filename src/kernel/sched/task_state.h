/* SPDX-License-Identifier: MIT */
/* States of a task, and the kinds of waiting. */
#pragma once

enum task_state {
	TASK_RUNNING = 0,         /* runs or is on a run queue */
	TASK_INTERRUPTIBLE = 1,   /* S */
	TASK_UNINTERRUPTIBLE = 2, /* D */
	TASK_KILLABLE = 4,        /* D, woken by fatal signals */
	TASK_STOPPED = 8,         /* T */
	TASK_TRACED = 16,         /* t */
	TASK_ZOMBIE = 32,         /* Z: exited, not reaped */
	TASK_DEAD = 64,           /* X: last switch done or about to be */
	TASK_NEW = 128,           /* made, never run */
};

enum wait_kind {
	WAIT_INTERRUPTIBLE = TASK_INTERRUPTIBLE,
	WAIT_UNINTERRUPTIBLE = TASK_UNINTERRUPTIBLE,
	WAIT_KILLABLE = TASK_KILLABLE,
};
