#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The Model Context Protocol over standard input and output, in both of its eras: 2026-07-28
 * (each request carries its version, nothing is remembered) and the four before it (a handshake
 * first).  Each tool is a verb of ours with --json, so that it says what the command says, under
 * the same rules and as the same caller.  No tool approves, answers or merges anything: these
 * are a person's.
 * Source: modelcontextprotocol.io/specification, revisions 2024-11-05 to 2026-07-28.
 */
#define MCP_LINE_BYTES ((size_t)16 << 20)  /* a longer message is refused and skipped */
#define MCP_TEXT_BYTES ((size_t)128 << 10) /* of a tool's answer; the rest is cut */
#define MCP_DEPTH      64                  /* deeper nesting is no message */

/*
 * Runs the verb ARGV (without the program's own name).  Returns its exit status, or -1 when it
 * could not be run; *TEXT gets what it printed, or why not, which the caller frees.
 */
typedef int mcp_run_fn(void *arg, char *const *argv, char **text);

struct mcp {
	const char *version; /* of divisi */
	const char *session; /* the one we work in: "" outside, where a person calls */
	mcp_run_fn *run;
	void *arg;
	char protocol[16]; /* that a handshake agreed on, "" before it */
};

/*
 * The answer to one message of N bytes: one line without its end, which the caller frees.
 * NULL when none is due.  Any bytes will do.
 */
char *mcp_answer(struct mcp *mcp, const char *line, size_t n);

/*
 * Answers what comes on IN with lines on OUT until IN ends or OUT is closed.  0; -1 when OUT
 * cannot be written.
 */
int mcp_serve(struct mcp *mcp, int in, int out);

/* The mcp_run_fn of the program at ARG: waits at most MCP_RUN_MS, then ends it. */
#define MCP_RUN_MS 120000
int mcp_run(void *arg, char *const *argv, char **text);
