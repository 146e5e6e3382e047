#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;
static enum fault_how how_now;
static int left, counted;

void
fault_arm(enum fault_how how, int after)
{
	how_now = how;
	left = after;
	counted = 0;
}

int
fault_count(void)
{
	return counted;
}

static int
strike(bool is_sync)
{
	counted++;
	if (how_now == FAULT_NEVER || --left > 0)
		return SQLITE_OK;
	switch (how_now) {
	case FAULT_FULL: return is_sync ? SQLITE_OK : SQLITE_FULL;
	case FAULT_IO: return is_sync ? SQLITE_OK : SQLITE_IOERR_WRITE;
	case FAULT_SYNC: return is_sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
	case FAULT_DIE: _exit(42);
	case FAULT_NEVER: break;
	}
	return SQLITE_OK;
}

#define REAL(f) (((struct fault_file *)(f))->real)

static int
f_close(sqlite3_file *f)
{
	int rc = REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;

	sqlite3_free(REAL(f));
	REAL(f) = NULL;
	return rc;
}

static int
f_read(sqlite3_file *f, void *buf, int n, sqlite3_int64 at)
{
	return REAL(f)->pMethods->xRead(REAL(f), buf, n, at);
}

static int
f_write(sqlite3_file *f, const void *buf, int n, sqlite3_int64 at)
{
	int rc = strike(false);

	/* What a full disk or a dying process leaves: half of it. */
	if (rc != SQLITE_OK) {
		REAL(f)->pMethods->xWrite(REAL(f), buf, n / 2, at);
		return rc;
	}
	return REAL(f)->pMethods->xWrite(REAL(f), buf, n, at);
}

static int
f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	int rc = strike(false);

	return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xTruncate(REAL(f), n);
}

static int
f_sync(sqlite3_file *f, int flags)
{
	/* The power stays on in a test, and a slow disk would make it a long one. */
	return strike(true);
}

static int
f_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), n);
}

static int
f_lock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xLock(REAL(f), level);
}

static int
f_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int
f_check_lock(sqlite3_file *f, int *out)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int
f_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int
f_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int
f_traits(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int
f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out);
}

static int
f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}

static void
f_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int
f_shm_unmap(sqlite3_file *f, int delete)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = f_close,
	.xRead = f_read,
	.xWrite = f_write,
	.xTruncate = f_truncate,
	.xSync = f_sync,
	.xFileSize = f_size,
	.xLock = f_lock,
	.xUnlock = f_unlock,
	.xCheckReservedLock = f_check_lock,
	.xFileControl = f_control,
	.xSectorSize = f_sector,
	.xDeviceCharacteristics = f_traits,
	.xShmMap = f_shm_map,
	.xShmLock = f_shm_lock,
	.xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

static int
v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int rc;

	f->pMethods = NULL;
	REAL(f) = sqlite3_malloc(real_vfs->szOsFile);
	if (!REAL(f))
		return SQLITE_NOMEM;
	memset(REAL(f), 0, (size_t)real_vfs->szOsFile);
	rc = real_vfs->xOpen(real_vfs, name, REAL(f), flags, out);
	if (rc != SQLITE_OK) {
		sqlite3_free(REAL(f));
		return rc;
	}
	f->pMethods = &methods;
	return SQLITE_OK;
}

void
fault_install(void)
{
	if (real_vfs)
		return;
	real_vfs = sqlite3_vfs_find(NULL);
	fault_vfs = *real_vfs;
	fault_vfs.pNext = NULL;
	fault_vfs.zName = "fault";
	fault_vfs.szOsFile = sizeof(struct fault_file);
	fault_vfs.xOpen = v_open;
	sqlite3_vfs_register(&fault_vfs, 1);
}
