#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a whole regular file of at most MAX_BYTES.  Returns a NUL-terminated buffer the
 * caller frees, its length in *N_BYTES when that is not NULL; or NULL with ERR_NOT_FOUND,
 * ERR_INPUT when it is too large or no regular file, ERR_SYSTEM.
 */
char *file_read(const char *path, size_t max_bytes, size_t *n_bytes, struct err *err);

/*
 * The last MAX_BYTES at most of a file, such as a log, as a string the caller frees; NULL
 * when it cannot be read.
 */
char *file_read_tail(const char *path, size_t max_bytes);

/*
 * Writes all or nothing: temporary file beside PATH, fsync, rename, fsync of the
 * directory.  The mode (and where allowed the owner) of an existing file is
 * kept, a new one gets MODE.  When PATH is a symbolic link its target is written.
 * After a failure PATH is as it was and no temporary is left; what a writer that was killed
 * has left (PATH.divisi-XXXXXX) is removed by the next.  A PATH that is no regular file, such
 * as /dev/null or a pipe, is written to as it is; ERR_SYSTEM for a directory.
 */
NODISCARD int file_write_atomic(
    const char *path, const void *data, size_t n_bytes, mode_t mode, struct err *err);

/*
 * Removes what killed writers have left in DIR, of whichever file: for a directory in which
 * every name is written once, so that no next writer comes by.  One that is at work keeps its.
 */
void file_clear_dead(const char *dir);

/* Creates PATH and its parents with MODE.  An existing directory is success. */
NODISCARD int file_mkdirs(const char *path, mode_t mode, struct err *err);

/* Removes a tree below PATH without following symbolic links or mount points. */
NODISCARD int file_remove_tree(const char *path, struct err *err);

/* Removes what killed processes have left in DIR under the names PREFIX.PID.anything. */
void file_remove_dead_trees(const char *dir, const char *prefix);

bool file_exists(const char *path);
bool file_is_dir(const char *path);

/* fsync of the directory that holds PATH. */
NODISCARD int file_sync_parent(const char *path, struct err *err);

/* Writes all N_BYTES to FD, through interruptions.  0, or -1 with errno set. */
int file_write_all(int fd, const void *data, size_t n_bytes);

/*
 * Where this person's programs keep what divisi must find again: $XDG_STATE_HOME/divisi,
 * else ~/.local/state/divisi.  It may not exist.  The caller frees it.
 */
char *file_state_dir(void);

/*
 * Takes an exclusive flock on PATH (created 0600 when absent).  Returns a close-on-exec
 * descriptor that holds the lock until closed; or -1 with ERR_CONFLICT when another
 * process holds it and WAIT is false, or ERR_SYSTEM.
 */
int file_lock(const char *path, bool wait, struct err *err);

/* dir/name, the caller frees it. */
char *path_join(const char *dir, const char *name);

/* True when the file system that holds PATH is local (not NFS, CIFS, 9p, FUSE...). */
bool file_is_local_fs(const char *path);
