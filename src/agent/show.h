#pragma once

#include <json-c/json.h>
#include <stdio.h>

/*
 * What a person approves is shown in full, and nothing in it passes for words of ours.
 * Private to this room.
 */

/* Writes TEXT with its further lines indented. */
void show_indented(FILE *buf, const char *text);

/* Writes every member of the object INPUT by name, one after the other. */
void show_members(FILE *buf, struct json_object *input);

/* The member of INPUT that says most about what a tool would do, borrowed; or NULL. */
const char *show_gist(struct json_object *input);
