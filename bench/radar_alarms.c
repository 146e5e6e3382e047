#include "radar/radar.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * usage: radar_alarms REPO DIR < MERGES: what the program's rules say of merges that really
 * happened, for bench/conflicts.  A line of MERGES is `BASE PARENT PARENT`; printed is a line
 * for each alarm of the two, either way round, and then one with a dot.
 */
static int
say(struct radar *radar, const char *base, const char *const side[2], struct err *err)
{
	struct radar_facts *facts[2] = { NULL, NULL };
	int rc = -1;

	facts[0] = radar_facts(radar, base, side[0], err);
	facts[1] = facts[0] ? radar_facts(radar, base, side[1], err) : NULL;
	for (size_t i = 0; i < 2 && facts[1]; i++) {
		char *text = radar_alarms(radar, facts[i], side[i], facts[1 - i]);

		fputs(text, stdout);
		free(text);
		rc = 0;
	}
	puts(".");
	radar_facts_free(facts[0]);
	radar_facts_free(facts[1]);
	return rc;
}

int
main(int argc, char **argv)
{
	char base[GIT_OID_SIZE], a[GIT_OID_SIZE], b[GIT_OID_SIZE],
	    line[4 * GIT_OID_SIZE];
	struct err err = ERR_INIT;
	struct repo repo = { 0 };
	struct radar *radar = NULL;
	int rc = -1;

	if (argc != 3)
		return fprintf(stderr, "usage: radar_alarms REPO DIR < MERGES\n"), 2;
	if (repo_open(argv[1], &repo, &err) == 0)
		radar = radar_open(&repo, argv[2], &err);
	for (rc = radar ? 0 : -1; rc == 0 && fgets(line, sizeof(line), stdin);) {
		/* One byte less than GIT_OID_SIZE of each. */
		if (sscanf(line, "%64s %64s %64s", base, a, b) != 3)
			rc = err_set(&err, ERR_INPUT, "bad row: %s", line);
		else
			rc = say(radar, base, (const char *const[]){ a, b }, &err);
	}
	if (rc < 0)
		fprintf(stderr, "radar_alarms: %s\n", err.text);
	radar_close(radar);
	repo_close(&repo);
	return rc < 0;
}
