#pragma once

#include "base/text.h"
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
	size_t n_input; /* bytes of INPUT; 0 = a string */
};

/* git_run() with our object store. */
NODISCARD int radar_git(const struct radar *radar, const struct radar_call *call,
    struct git_out *out, struct err *err);

/* A hunk as one side has it; IS_CHANGED of the lines that the other has not. */
struct diff_side {
	struct diff_line {
		struct span text;
		bool is_changed;
	} * line;
	size_t n, cap;
};

/* The next name of three letters or more in LINE from *P on, keywords passed over; false at
 * its end. */
bool radar_next_name(struct span line, const char **p, struct span *name);
