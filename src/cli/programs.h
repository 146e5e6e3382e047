#pragma once

#include "base/err.h"

/* Our own executable, and the holder and the guard hook beside it.  The caller frees them; NULL with ERR. */
char *program_self(struct err *err);
char *program_holder(struct err *err);
char *program_hook(struct err *err);
