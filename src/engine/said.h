#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an agent says in parts, a line each, put together again: its words for people, and
 * "Session started" (S-70) wherever it was cut.  Of a long message the end is kept.
 */
#define SAID_BYTES 2048

struct said {
	char text[SAID_BYTES + 1]; /* "" between messages */
	size_t n;
	uint64_t from; /* offset of the line that the message began with */
};

/* Takes a PART of the line at FROM.  True when it completes "Session started". */
bool said_add(struct said *said, const char *part, uint64_t from);

/* The message is over. */
void said_end(struct said *said);
