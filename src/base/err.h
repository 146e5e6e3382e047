#pragma once

#include <stddef.h>

#define NODISCARD    __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/*
 * What went wrong, in one word a program can act on.  The values are the exit
 * statuses of every divisi program (CONTRACTS 5) and err_table[] holds the HTTP status
 * beside them, so that the faces cannot drift apart.
 */
enum err_kind {
	ERR_NONE = 0,
	ERR_NO = 1,        /* the answer is no: lint errors, a sequential verdict */
	ERR_USAGE = 2,     /* the command line cannot be understood */
	ERR_REFUSED = 3,   /* a rule forbids it; code and rule say which */
	ERR_HUMAN = 4,     /* a person has to decide first */
	ERR_NOT_FOUND = 5, /* no such plan, phase, session, issue */
	ERR_CONFLICT = 6,  /* the world changed under us, or a merge conflict */
	ERR_INPUT = 7,     /* bytes that cannot be read as what they should be */
	ERR_SYSTEM = 8,    /* the operating system or git said no */
	ERR_NO_SERVER = 9, /* no server answers and none could be started */
	ERR_TIMEOUT = 10,
	ERR_N_KINDS,
};

enum { ERR_TEXT_SIZE = 512 };

/*
 * An error by value: it owns nothing, lives on the caller's stack, and truncates rather
 * than fail.  CODE and RULE are string literals or NULL.
 */
struct err {
	enum err_kind kind;
	int sys_errno;            /* 0 when the system was not asked */
	const char *code;         /* refusal or lint code such as "G07", or NULL */
	const char *rule;         /* rule tag such as "S-27", or NULL */
	char text[ERR_TEXT_SIZE]; /* what and why, one line, no trailing newline */
	char fix[384];            /* how to mend it, one line; may be empty */
};

#define ERR_INIT                 \
	{                        \
		.kind = ERR_NONE \
	}

/*
 * Fill ERR (which may be NULL) and return -1, so that failing is one statement.
 * err_sys() appends strerror(errno).  The format never ends in a newline.
 */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);
int err_sys(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* Puts context in front of what ERR says already: "context: text".  Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* Sets how to mend ERR, as one imperative line.  Returns -1. */
int err_fix(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* The exit status and the HTTP status of KIND, and its stable word ("refused"). */
int err_exit_status(enum err_kind kind);
int err_http_status(enum err_kind kind);
const char *err_kind_name(enum err_kind kind);

/* The kind whose stable word is NAME, or ERR_SYSTEM for a word nobody knows. */
enum err_kind err_kind_of(const char *name);
