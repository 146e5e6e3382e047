#pragma once

#include "base/err.h"

/*
 * Opens the person's own editor on the file PATH and waits until it has ended: the one that
 * git would take (git-var(1): GIT_EDITOR, core.editor, VISUAL, EDITOR, vi), whether git is
 * there or not.  It may replace the file.  ERR_HUMAN when it cannot be started or fails.
 */
NODISCARD int editor_run(const char *path, struct err *err);
