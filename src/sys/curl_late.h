#pragma once

#include "base/err.h"

/*
 * libcurl, loaded by the first call of one of its functions and not by each start of the
 * program: with the thirty libraries that it brings along that takes five milliseconds and
 * three megabytes, and most of what divisi starts never talks to anybody.  curl_late.c has
 * those of its functions that we use, under their own names; curl/curl.h declares them.
 */

/*
 * Loads it now.  ERR_SYSTEM when it is not there, or older than what we use; the fix says
 * what to install.  Then curl_easy_init() and curl_url() return NULL.
 */
NODISCARD int curl_late_load(struct err *err);
