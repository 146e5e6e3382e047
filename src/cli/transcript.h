#pragma once

#include "agent/agent.h"
#include "cli/screen.h"

/*
 * What the agent of a session wrote, run after run, as numbered events.  It reads the run
 * directories and nothing else, so that it goes on while no server runs.
 */
struct transcript;

struct transcript_event {
	long number; /* over all runs, from 1 */
	const char *run;
	const char *line; /* the agent's own, lent */
	const struct agent_event *event;
};

typedef void transcript_fn(const struct transcript_event *event, void *arg);

/* RUNS is the directory of all runs, SESSION the stable id.  The caller closes it. */
struct transcript *transcript_open(
    const char *runs, const char *session, const struct agent *agent);
void transcript_close(struct transcript *t);

/*
 * Tells FN everything that is new.  Returns 1 when the run it has come to is over and read
 * to its end, and no later one is there; 0 when that run lives or is not there yet; -1 with
 * ERR.
 */
int transcript_read(
    struct transcript *t, transcript_fn *fn, void *arg, struct err *err);

/* The directory of the run it has come to; lent. */
const char *transcript_dir(const struct transcript *t);
/* Its number, from 1. */
long transcript_run(const struct transcript *t);

/* One event for a person, harmless to the terminal; ends its line. */
void transcript_print(const struct screen *screen, const struct agent_event *event);

/* The same for a program: one line of JSON. */
void transcript_print_json(FILE *out, const struct transcript_event *event);
