#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Command lines, read with the same table that the help, the completions and the manual
 * show: an option that is not documented does not exist.  `--name`, `--name VALUE`,
 * `--name=VALUE`, `-x`; options may follow words; `--` ends them.
 */
struct option_doc {
	const char *name;    /* without dashes; NULL ends the table */
	const char *value;   /* "TEXT", "PATTERN"; NULL for a flag */
	const char *summary; /* one line */
	char letter;         /* 0 when there is none */
};

#define OPTION_JSON                                                     \
	{                                                               \
		"json", NULL, "print one JSON value instead of text", 0 \
	}
#define OPTION_END                  \
	{                           \
		NULL, NULL, NULL, 0 \
	}

enum { ARGS_END = -1, ARGS_WORD = -2, ARGS_BAD = -3 };

struct args {
	const struct option_doc *options;
	int argc;
	char **argv;
	int at;
	bool only_words;   /* "--" was seen */
	const char *value; /* of the option or word just returned; NULL for a flag */
};

/* ARGV[0] is the verb and is skipped.  OPTIONS may be NULL. */
void args_init(
    struct args *args, const struct option_doc *options, int argc, char **argv);

/*
 * The next option's position in the table, ARGS_WORD, ARGS_END; or ARGS_BAD with
 * ERR_USAGE: unknown option (the fix names a near one), value missing or not wanted.
 */
int args_next(struct args *args, struct err *err);

/*
 * Reads a verb whose options are flags that may come once and whose words number between
 * MIN and MAX: sets FLAGS[position] and WORDS, whose rest is NULL.  -1 with ERR_USAGE.
 */
struct args_simple {
	const char *usage; /* for the message: "check PLAN" */
	bool *flags;       /* one per option, or NULL */
	const char **words;
	int min, max;
};
int args_simple(struct args *args, const struct args_simple *want, struct err *err);

/* The whole number that option NAME was given, at least MIN.  -1 with ERR_USAGE. */
int args_number(
    const char *name, const char *value, long min, long *number, struct err *err);

/* How many single-letter edits turn A into B, at most 9: for suggestions. */
unsigned args_distance(const char *a, const char *b);
