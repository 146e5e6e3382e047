#pragma once

#include <stddef.h>

/*
 * What this kernel's Landlock can refuse; landlock(7).  The holder builds fences on it, the
 * table and doctor say what it lacks.
 */

/* The version of its interface; 0 when there is none or it is switched off. */
int landlock_abi(void);

/*
 * What a fence of version ABI cannot refuse, in words and by commas ("truncating files,
 * signals to other processes"); "" when it refuses all that a fence promises.
 */
const char *landlock_gaps(int abi);
