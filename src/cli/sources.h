#pragma once

#include "git/repo.h"

/*
 * Sources of evidence that lead nowhere: files and commits are looked up in the
 * repository, addresses read for their form, and asked for only where a team allows that.
 */
struct sources {
	const struct repo *repo; /* NULL: none, and its files are not looked up */
	bool may_ask;            /* divisi.research.links = check */
	int n_asked;
	int64_t until; /* of all questions to the network */
	struct {
		char *url, *why; /* why: "" it is there */
	} * known;
	size_t n_known, cap_known;
};

void sources_clear(struct sources *s);

/*
 * Does SOURCE ("10.1000/x", "https://...", "file:PATH:LINE", "commit:ID") lead nowhere?  Then
 * WHY of N bytes says in what way.  What cannot be known is not dead.
 */
bool source_is_dead(struct sources *s, const char *source, char *why, size_t n);
