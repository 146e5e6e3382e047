#pragma once

#include "mcp/mcp.h"

#include <json-c/json_object.h>

/* The tools: one table, from which list, schemas and calls are made. */

/* The array of `tools/list`, always the same bytes.  The caller puts it. */
struct json_object *tools_list(void);

/*
 * What the tool NAME answers to ARGUMENTS (an object or NULL).  Returns the result's members
 * "content", "isError" and, where it is JSON, "structuredContent", which the caller puts; NULL
 * when there is no such tool.
 */
struct json_object *tools_call(
    struct mcp *mcp, const char *name, struct json_object *arguments);
