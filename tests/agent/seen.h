#pragma once

#include "agent/agent.h"

#include <stdio.h>

/*
 * Collects the events of an adapter as text, one per line, so that a test can compare a
 * whole conversation: "say: text", "ask permission id: text | detail".
 */
struct seen {
	char text[1 << 16];
	size_t n;
	int n_events;
	int n_of[AGENT_N_EVENTS];
	char raw[1 << 14];    /* of the last ask */
	char step[1 << 14];   /* what was learnt for the last step */
	char id[256];         /* of the last ask or acceptance */
	char detail[1 << 14]; /* of the last ask that had one */
};

void seen_event(const struct agent_event *event, void *seen);
void seen_line(struct seen *seen, const struct agent *agent, const char *line);
void seen_bytes(
    struct seen *seen, const struct agent *agent, const char *line, size_t n);
void seen_clear(struct seen *seen);
