/* SPDX-License-Identifier: MIT */
/* AF_UNIX, as far as the rest of net/ knows it. */
#pragma once

struct rights;

/* The files of `r` are on their way no more: a receiver gets them, or they are dropped. May sleep. */
void local_rights_landed(struct rights *r);
void local_init(void);
