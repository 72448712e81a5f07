/* SPDX-License-Identifier: MIT */
#pragma once

#include <lib/bitmap.h>
