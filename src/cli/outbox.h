#pragma once

#include <json-c/json_object.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The state of a tracker over the network and what it keeps waiting, on a line and, when
 * something is wrong, what and how to mend it.  TRACKER is status's member of that name.
 */
void outbox_print_state(FILE *out, const struct json_object *tracker, int64_t now);
