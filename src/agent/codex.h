#pragma once

#include "agent/agent.h"

/*
 * Codex speaks JSON-RPC (`codex app-server`); what it prints as events, and the answers to
 * what it asks.  Private to this room.  Source: recorded runs of 0.169.0 and its schema.
 *
 * Ids of our requests, by which their replies are known:
 */
#define CODEX_INITIALIZE "initialize"
#define CODEX_THREAD     "thread" /* thread/start */
#define CODEX_RESUME     "resume" /* thread/resume */
#define CODEX_NAME       "name"
#define CODEX_TURN       "turn"

/* Steps (AGENT_STEP) beside those of the same name: */
#define CODEX_INITIALIZED "initialized"
#define CODEX_ANEW        "anew" /* the thread could not be resumed */

struct rpc_out;
struct json_object;
/* The end of a command or another tool, as ITEM says it in either way of speaking. */
void codex_tool_ended(struct json_object *item, const struct rpc_out *out);
/* What `codex exec` shares with it: whether ID is one of a thread, how it is found. */
bool codex_is_thread(const char *id);
int codex_probe(const char *program, struct agent_probe *probe, struct err *err);
/* Tells it of our MCP server, whose tools it calls without asking; nothing without LAUNCH's. */
void codex_add_server(const struct agent_launch *launch, struct run_spec *spec);
extern const char *const codex_env[];
void codex_parse(const char *line, size_t n, agent_event_fn *fn, void *arg);
char *codex_answer(const char *key, const char *ask_id, const char *raw,
    const char *decision, const char *text);
