#pragma once

#include "base/err.h"

/*
 * Binds `sock` in the home open as HOME_FD, mode 0600, in the place of one that a dead server
 * left, and listens.  The descriptor, which the caller closes; -1 with ERR_REFUSED when
 * something else lies there, ERR_SYSTEM.
 */
NODISCARD int listen_on(int home_fd, struct err *err);
