/*
 * The files of a run directory, with one and the same content: spec, begun and end.json are
 * read or refused, whatever a full disk or a stranger made of them.  Exercises
 * src/base/rundir*.c and proc.c.
 */
#include "base/rundir.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static void
remove_dir(void)
{
	(void)!file_remove_tree(dir, NULL);
}

/* In memory where that is possible: a disk would be the slowest part of it. */
static void
make_dir(void)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(dir, sizeof(dir), "%s/divisi-fuzz-XXXXXX", base);
	if (!mkdtemp(dir))
		__builtin_trap();
	atexit(remove_dir);
}

static void
put(const char *name, const uint8_t *data, size_t size)
{
	AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		__builtin_trap();
}

static void
check_end(const struct run_end *end)
{
	if (!memchr(end->reason, '\0', sizeof(end->reason)) ||
	    !memchr(end->text, '\0', sizeof(end->text)))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run_spec spec = { 0 };
	struct run_begun begun;
	struct run_end end;
	struct proc_id id;
	AUTO_FREE char *text = xstrndup((const char *)data, size);

	if (!dir[0])
		make_dir();
	put("spec", data, size);
	put("begun", data, size);
	put("end.json", data, size);
	if (rundir_read_spec(dir, &spec, NULL) == 0) {
		if (spec.n_args == 0 || spec.arg[spec.n_args])
			__builtin_trap();
		run_spec_clear(&spec);
	}
	if (rundir_read_begun(dir, &begun, NULL) == 0 && begun.holder.pid <= 0)
		__builtin_trap();
	if (rundir_read_end(dir, &end, NULL) == 0)
		check_end(&end);
	if (proc_parse(text, &id) && id.pid <= 0)
		__builtin_trap();
	return 0;
}
