#pragma once

#include "radar/radar.h"

/* Shared by the files of radar/ only. */
struct radar {
	struct repo repo; /* a copy that borrows; its git writes to our store */
	char *dir, *objects;
	const char *env[2]; /* OBJECTS, NULL */
	int lock_fd;
};

struct radar_call {
	const char *dir;   /* NULL = the repository */
	const char *index; /* GIT_INDEX_FILE=...; NULL = none */
	const char *const *argv;
	const char *input;
};

/* git_run() with our object store. */
NODISCARD int radar_git(const struct radar *radar, const struct radar_call *call,
    struct git_out *out, struct err *err);
