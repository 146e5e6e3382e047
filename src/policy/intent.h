#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What a comment asks for (SPEC 2.21, R-216 to R-219): ten intents and their fallback.  Never
 * a guess: what is ambiguous, denied or asked is unknown.
 */
enum intent {
	INTENT_IMPLEMENT,
	INTENT_DISPATCH,
	INTENT_REVIEW,
	INTENT_SPIKE,
	INTENT_SPEC_AUTHOR,
	INTENT_CLOSE, /* those above act */
	INTENT_STATUS,
	INTENT_GATE2,
	INTENT_EXPAND,
	INTENT_HELP, /* and these read */
	INTENT_UNKNOWN,
	INTENT_N,
};

enum intent_flag {
	INTENT_URGENT = 1 << 0,
	INTENT_SKIP_TESTS = 1 << 1,
	INTENT_QUICK = 1 << 2,
	INTENT_THOROUGH = 1 << 3,
};

struct intent_parsed {
	enum intent intent;
	int confidence;   /* percent; 0 for unknown */
	const char *rule; /* the row that fitted, "" */
	char issue[64];   /* the one that is named, "" = that of the comment */
	char target[32];  /* dispatch: to whom, "" */
	unsigned flags;
	const char *warning; /* "" or what else it could have been */
};

const char *intent_name(enum intent intent); /* "implement" ... "unknown" */
int intent_of(const char *name);             /* -1 when unknown */
bool intent_acts(enum intent intent);   /* changes something, when a person lets it */
const char *intent_flag_name(size_t i); /* of bit I; NULL past the end */

/* One row of the table of words, in their order; NULL past the end. */
struct intent_row {
	const char *words; /* ID an issue, AGENT a name, * up to four words */
	enum intent intent;
	int confidence;
};
const struct intent_row *intent_row(size_t i);

/* Quoted lines and code are left out; only the first INTENT_WORDS words are read. */
#define INTENT_WORDS 200
void intent_parse(const char *text, struct intent_parsed *out);

/* Does TEXT speak to NAME ("@divisi")?  A whole word, outside of quotations and code. */
bool intent_mentions(const char *text, const char *name);

/*
 * May work of INTENT go to AGENT?  Claude takes all, Factory what is dispatched, the
 * others an implementation, and Copilot reviews pull requests only.  One that the method does
 * not know may implement.
 */
bool intent_eligible(enum intent intent, const char *agent);

/* What an issue is, for a delegation without words (R-219, in the order of A-87). */
struct intent_state {
	const char *type, *spec, *exec; /* values of its labels, "" none */
	bool has_findings, has_open_findings, has_criteria, is_merged, is_green;
};
enum intent intent_infer(const struct intent_state *state, int *confidence);

/* The table for people, as a comment in Markdown. */
const char *intent_help(void);
