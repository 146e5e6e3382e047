#pragma once

#include "core/happening.h"

#include <stdbool.h>

/*
 * What divisi-events(5) says of each kind of event and of each field, as tables: the
 * manual is written from them, and `divisi replay` holds the journal against them.
 */
struct event_doc {
	const char *words; /* what happened, one plain line */
	const char
	    *fields; /* names, blank-separated; "sN.x" is x of the N-th session */
};

/* Of every kind there is; never NULL. */
const struct event_doc *events_doc(enum hap kind);

struct event_field {
	const char *name;
	bool is_number;
	const char *words;
};

/* The I-th field there is; NULL past the end. */
const struct event_field *events_field(size_t i);

/* The first of FIELDS that the documentation of KIND does not name; NULL when none. */
const char *events_unknown_field(enum hap kind, const struct fields *fields);
