#pragma once

/* PATH with the user's home directory shown as ~ (A-41).  The caller frees it. */
char *propose_home_path(const char *path);
