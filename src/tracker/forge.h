#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Where on a forge a repository is. */

/* "OWNER/NAME", the longest that GitHub allows and more. */
#define FORGE_PLACE_SIZE 144

/* Are the N bytes at P "OWNER/NAME" of the letters that GitHub allows? */
bool forge_place_ok(const char *p, size_t n);

/*
 * The OWNER/NAME that git's remote URL (https:, ssh:, or "git@HOST:OWNER/NAME.git") names at
 * the forge whose API is at API (NULL: api.github.com; "https://HOST/api/v3": HOST).  False,
 * and PLACE untouched, when it is on another host, on this machine, or no such address.
 */
bool forge_place_of(const char *url, const char *api, char place[FORGE_PLACE_SIZE]);
