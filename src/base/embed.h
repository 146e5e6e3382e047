#pragma once

#include <stddef.h>

/*
 * A file built into the program by tools/embed.py.  DATA is followed by a NUL that N_BYTES
 * does not count; SHA256 is of the bytes, in hexadecimal.  Arrays end with a NULL name.
 */
struct embedded {
	const char *name;
	const char *data;
	size_t n_bytes;
	const char *sha256;
};
