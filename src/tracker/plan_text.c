#include "tracker/plan_text.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_ISSUES 500
#define MOST_LINES  40 /* of a kind, from one text */
#define MOST_BYTES  300

struct sheet {
	const struct tracker_issue *issue;
	struct tracker_list by; /* what blocks it */
	char id[16];            /* of its phase */
	size_t level;           /* 1: waits for nobody of the plan */
	bool is_reached;
};

struct book {
	const struct tracker *tracker;
	const struct tracker_link *link;
	struct arena *arena;
	struct tracker_issue master;
	struct sheet *sheet;
	size_t n;
};

/* A stranger's text on one line, and with nothing that ends a cell, a link or a comment. */
static void
put_plain(FILE *f, const char *text, size_t n, bool is_pattern)
{
	bool was_blank = true;

	for (size_t i = 0; i < n && text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7F)
			c = ' ';
		if (c == ' ' && was_blank)
			continue;
		was_blank = c == ' ';
		if (c == '|')
			fputs("\\|", f);
		else if (c == '[' || c == '<')
			fputc('(', f);
		else if (c == ']' || c == '>')
			fputc(')', f);
		else if ((c == '{' || c == '}') && !is_pattern)
			fputc(c == '{' ? '(' : ')', f); /* of a prompt's fields (P01) */
		else
			fputc(c, f);
	}
}

/* As much of TEXT's N bytes as MOST_BYTES hold, at the end of a character. */
static size_t
bounded(const char *text, size_t n)
{
	if (n <= MOST_BYTES)
		return n;
	for (n = MOST_BYTES; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
		n--;
	return n;
}

static void
put_title(FILE *f, const char *title)
{
	put_plain(f, title, bounded(title, strlen(title)), false);
}

/* Length of "CIA" in front of "-12", or 0 where TEXT does not begin with an id. */
static size_t
key_length(const char *text, size_t n, size_t *n_id)
{
	size_t key = 0, end;

	while (key < n && (isupper((unsigned char)text[key]) ||
			      (key > 0 && isdigit((unsigned char)text[key]))))
		key++;
	for (end = key + 1; end < n && isdigit((unsigned char)text[end]);)
		end++;
	*n_id = end;
	return key > 0 && key < n && text[key] == '-' && end > key + 1 ? key : 0;
}

/* Is an issue of the plan named with this key? */
static bool
is_key(const struct book *b, const char *key, size_t n)
{
	if (strncmp(b->master.id, key, n) == 0 && b->master.id[n] == '-')
		return true;
	for (size_t i = 0; i < b->n; i++) {
		const char *id = b->sheet[i].issue->id;

		if (strncmp(id, key, n) == 0 && id[n] == '-')
			return true;
	}
	return false;
}

/*
 * N bytes of a stranger's prose.  An issue that it names in passing is put as code: bare it
 * would be one that a prompt names without its address (P02).
 */
static void
put_prose(FILE *f, const struct book *b, const char *text, size_t n)
{
	char *coded = NULL;
	size_t size = 0, i = 0, n_id;
	FILE *to = open_memstream(&coded, &size);

	while (i < n && text[i]) {
		const char *end = text[i] == '`' ? memchr(text + i + 1, '`', n - i - 1)
						 : NULL;
		bool is_start = i == 0 || !isalnum((unsigned char)text[i - 1]);
		size_t key = is_start ? key_length(text + i, n - i, &n_id) : 0;
		size_t step = end ? (size_t)(end + 1 - text) - i : 1;

		if (key > 0 && is_key(b, text + i, key)) {
			fprintf(to, "`%.*s`", (int)n_id, text + i);
			step = n_id;
		} else
			fwrite(text + i, 1, step, to);
		i += step;
	}
	fclose(to);
	put_plain(f, coded, strlen(coded), false);
	free(coded);
}

static void
put_focus(FILE *f, const struct book *b, const struct tracker_issue *issue)
{
	put_prose(f, b, issue->title, bounded(issue->title, strlen(issue->title)));
}

/* "[#12: Title](address)". */
static void
put_link(FILE *f, const struct tracker_issue *issue)
{
	fprintf(f, "[%s: ", issue->id);
	put_title(f, issue->title[0] ? issue->title : issue->id);
	if (issue->url[0] && !strpbrk(issue->url, " ()<>|"))
		fprintf(f, "](%s)", issue->url);
	else
		fprintf(f, "](local:%s)", issue->id);
}

static struct sheet *
find_sheet(struct book *b, const char *id)
{
	for (size_t i = 0; i < b->n; i++) {
		if (strcmp(b->sheet[i].issue->id, id) == 0)
			return &b->sheet[i];
	}
	return NULL;
}

/* "Batch 1A: ..." is what divisi files itself. */
static bool
is_ours(const struct tracker_issue *issue)
{
	const char *at = issue->title;

	if (strncmp(at, "Batch ", 6) != 0 || !isdigit((unsigned char)at[6]))
		return false;
	at += 6 + strspn(at + 6, "0123456789");
	return isupper((unsigned char)*at) && at[1] == ':';
}

/*
 * Levels by the longest chain of blockers, round by round; who stands in a circle, or waits
 * for one who does, is left at the last level, and the plan's own check names the circle.
 */
static void
set_levels(struct book *b)
{
	for (size_t round = 1; round <= b->n + 1; round++) {
		bool more = false;

		for (size_t i = 0; i < b->n; i++) {
			struct sheet *s = &b->sheet[i];

			if (s->level != round - 1)
				continue;
			for (size_t k = 0; k < s->by.n && s->level < round; k++) {
				const struct sheet *o = find_sheet(b, s->by.item[k].id);

				if (o && o != s && o->level == round - 1)
					s->is_reached = true;
			}
		}
		for (size_t i = 0; i < b->n; i++) {
			if (!b->sheet[i].is_reached)
				continue;
			b->sheet[i].is_reached = false;
			b->sheet[i].level = round;
			more = true;
		}
		if (!more)
			return;
	}
}

/* 1A 1B .. 1Z 1AA: the level, and the place in it. */
static void
name_phases(struct book *b)
{
	AUTO_FREE size_t *n = xcalloc(b->n + 2, sizeof(*n));

	set_levels(b);
	for (size_t i = 0; i < b->n; i++) {
		struct sheet *s = &b->sheet[i];
		size_t at = n[s->level]++;
		char letters[4] = { 0 };

		if (at < 26)
			letters[0] = (char)('A' + at);
		else {
			letters[0] = (char)('A' + at / 26 - 1);
			letters[1] = (char)('A' + at % 26);
		}
		snprintf(s->id, sizeof(s->id), "%zu%s", s->level + 1, letters);
	}
}

static int
read_all(struct book *b, const char *master, struct err *err)
{
	struct tracker_list list;

	if (b->tracker->read(b->link, master, b->arena, &b->master, err) < 0)
		return -1;
	if (b->master.is_archived) {
		err_set(err, ERR_REFUSED,
		    "%s is archived: nothing can be filed below it", b->master.id);
		return err_fix(err, "restore it there, or name another issue");
	}
	if (b->tracker->children(
		b->link, b->master.id, MOST_ISSUES, b->arena, &list, err) < 0)
		return -1;
	if (list.has_more)
		return err_set(err, ERR_REFUSED,
		    "%s has more than %d sub-issues, and a plan from issues has no more",
		    b->master.id, MOST_ISSUES);
	b->sheet = xcalloc(list.n + 1, sizeof(*b->sheet));
	for (size_t i = 0; i < list.n; i++) {
		struct sheet *s = &b->sheet[b->n];

		if (is_ours(&list.item[i]) || list.item[i].is_archived)
			continue;
		s->issue = &list.item[i];
		if (b->tracker->linked && b->tracker->linked(b->link, s->issue->id,
					      "blocked-by", b->arena, &s->by, err) < 0)
			return -1;
		if (s->by.has_more)
			return err_set(err, ERR_REFUSED,
			    "%s waits for more than %zu issues, and some of them would "
			    "be lost",
			    s->issue->id, s->by.n);
		b->n++;
	}
	if (b->n > 0)
		return 0;
	err_set(err, ERR_NOT_FOUND, "%s has no sub-issues to be phases", b->master.id);
	return err_fix(err, "make them below it, one for each part of the work");
}

/* The word behind "exec:" among the labels of S, as far as it is a mode. */
static const char *
mode_of(const struct sheet *s)
{
	static const char *const modes[] = { "quick", "tdd", "pair", "checkpoint",
		"swarm", "spike" };

	for (size_t i = 0; i < s->issue->labels.n; i++) {
		const char *label = s->issue->labels.word[i];

		for (size_t k = 0; k < N_ELEMS(modes); k++) {
			if (strncmp(label, "exec:", 5) == 0 &&
			    strcmp(label + 5, modes[k]) == 0)
				return modes[k];
		}
	}
	return "pair"; /* in doubt */
}

static void
put_depends(FILE *f, struct book *b, const struct sheet *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->by.n; i++) {
		const struct sheet *o = find_sheet(b, s->by.item[i].id);

		if (o)
			fprintf(f, "%s%s", n++ ? ", " : "", o->id);
	}
	if (n == 0)
		fputs("None", f);
}

static bool
is_footprint(struct span line, size_t *skip)
{
	static const char *const keys[] = { "Reads:", "Writes:", "Creates:", "Deletes:",
		"Renames:", "Appends:", "Produces:", "Consumes:", "Infra:", "Uses:",
		"Extends:", "Changes:", "Removes:", "Estimate:", "Risk:", "Repo:" };

	*skip = 0;
	for (size_t i = 0; i < N_ELEMS(keys); i++) {
		size_t n = strlen(keys[i]);

		if (line.n > n + 2 && strncmp(line.p, "- ", 2) == 0 &&
		    strncmp(line.p + 2, keys[i], n) == 0)
			return true;
	}
	return false;
}

/* "owner/name" in front of the number, nothing where an id has none. */
static struct span
repo_of(const char *id)
{
	const char *hash = strrchr(id, '#'), *slash = strchr(id, '/');

	return hash && slash && slash < hash ? (struct span){ id, (size_t)(hash - id) }
					     : (struct span){ id, 0 };
}

/* An issue in another repository than the plan's is work there, under that one's name. */
static void
put_repo(FILE *f, const struct book *b, const struct sheet *s)
{
	struct span home = repo_of(b->master.id), repo = repo_of(s->issue->id);
	const char *name = memchr(repo.p, '/', repo.n);

	if (!name || (home.n == repo.n && strncasecmp(home.p, repo.p, repo.n) == 0) ||
	    strstr(s->issue->body, "- Repo: "))
		return;
	fprintf(f, "- Repo: %.*s\n", (int)(repo.p + repo.n - name - 1), name + 1);
}

static bool
is_box(struct span line, size_t *skip)
{
	*skip = 6;
	return line.n > 6 && (line.p[0] == '-' || line.p[0] == '*') &&
	       (strncmp(line.p + 1, " [ ] ", 5) == 0 ||
		   strncmp(line.p + 1, " [x] ", 5) == 0 ||
		   strncmp(line.p + 1, " [X] ", 5) == 0);
}

static bool
is_step(struct span line, size_t *skip)
{
	size_t n = 0;

	while (n < line.n && isdigit((unsigned char)line.p[n]))
		n++;
	*skip = n + 2;
	return n > 0 && n < 3 && line.n > n + 2 && strncmp(line.p + n, ". ", 2) == 0;
}

/* The lines of the text of S that KEEPS wants, behind PREFIX or (NULL) numbered; how many. */
static size_t
put_lines(FILE *f, const struct book *b, const struct sheet *s,
    bool (*keeps)(struct span line, size_t *skip), const char *prefix)
{
	struct span rest = span_of(s->issue->body), line;
	bool is_quoted = false;
	size_t n = 0, skip;

	while (n < MOST_LINES && span_next(&rest, '\n', &line)) {
		line = span_trim(line);
		/* What is quoted or code is nobody's order. */
		if (line.n >= 3 && strncmp(line.p, "```", 3) == 0)
			is_quoted = !is_quoted;
		if (is_quoted || line.n == 0 || line.p[0] == '>' || !keeps(line, &skip))
			continue;
		n++;
		if (prefix)
			fputs(prefix, f);
		else
			fprintf(f, "  %zu. ", n);
		line.p += skip;
		line.n = bounded(line.p, line.n - skip);
		if (keeps == is_footprint)
			put_plain(f, line.p, line.n, true);
		else
			put_prose(f, b, line.p, line.n);
		fputc('\n', f);
	}
	return n;
}

static void
put_context(FILE *f, struct book *b, const struct sheet *s)
{
	size_t n = 2;

	fputs("- Context:\n  - ", f);
	put_link(f, s->issue);
	fputs(
	    " says what is wanted; read it and its comments first.\n  - It is part of ",
	    f);
	put_link(f, &b->master);
	fputs(".\n", f);
	for (size_t i = 0; i < s->by.n && n < 4; i++) {
		if (find_sheet(b, s->by.item[i].id) ||
		    strcmp(s->by.item[i].status, "Done") == 0)
			continue;
		fputs("  - It is blocked by ", f);
		put_link(f, &s->by.item[i]);
		fputs(", which is not part of this plan.\n", f);
		n++;
	}
	if (n < 3)
		fputs("  - Nothing of it is known to be done yet.\n", f);
}

static void
put_section(FILE *f, struct book *b, const struct sheet *s)
{
	fprintf(f, "\n### %s: ", s->id);
	put_focus(f, b, s->issue);
	fputs("\n\n- Issue: ", f);
	put_link(f, s->issue);
	fprintf(f, "\n- Mode: %s\n", mode_of(s));
	if (s->issue->estimate > 0)
		fprintf(f, "- Estimate: %dpt\n", s->issue->estimate);
	fputs("- Depends on: ", f);
	put_depends(f, b, s);
	fputc('\n', f);
	put_repo(f, b, s);
	(void)put_lines(f, b, s, is_footprint, "");
	put_context(f, b, s);
	fputs("- Tasks:\n", f);
	if (put_lines(f, b, s, is_step, NULL) == 0) {
		fputs("  1. Do what ", f);
		put_link(f, s->issue);
		fputs(" asks for.\n", f);
	}
	fputs("- Deliverable: ", f);
	put_focus(f, b, s->issue);
	fputs(" is done. Update ", f);
	put_link(f, s->issue);
	fputs(" with results.\n- Acceptance:\n", f);
	if (put_lines(f, b, s, is_box, "  - [ ] ") == 0)
		fputs("  - [ ] what the issue asks for is there\n", f);
}

static void
put_tables(FILE *f, struct book *b)
{
	fputs("## Issue Registry\n\n"
	      "| ID | Title | Status | Exec | Est | Depends On |\n"
	      "|----|-------|--------|------|-----|------------|\n",
	    f);
	for (size_t i = 0; i < b->n; i++) {
		const struct sheet *s = &b->sheet[i];

		fprintf(f, "| [%s](%s%s) | ", s->issue->id,
		    s->issue->url[0] ? "" : "local:",
		    s->issue->url[0] ? s->issue->url : s->issue->id);
		put_title(f, s->issue->title);
		fprintf(f, " | %s | %s | ", s->issue->status, mode_of(s));
		if (s->issue->estimate > 0)
			fprintf(f, "%dpt | ", s->issue->estimate);
		else
			fputs("-- | ", f);
		put_depends(f, b, s);
		fputs(" |\n", f);
	}
	fputs("\n## Phase Map\n\n"
	      "| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
	      "|-------|--------|-------|-------|--------------|--------|\n",
	    f);
	for (size_t i = 0; i < b->n; i++) {
		const struct sheet *s = &b->sheet[i];

		fprintf(f, "| %s | [%s](%s%s) | ", s->id, s->issue->id,
		    s->issue->url[0] ? "" : "local:",
		    s->issue->url[0] ? s->issue->url : s->issue->id);
		put_focus(f, b, s->issue);
		fprintf(f, " | %zu | ", s->level + 1);
		put_depends(f, b, s);
		fprintf(f, " | %s |\n", s->issue->status);
	}
}

static int
write_plan(
    struct book *b, const char *master, const char *date, FILE *f, struct err *err)
{
	if (read_all(b, master, err) < 0)
		return -1;
	name_phases(b);
	fputs("# Master Plan: ", f);
	put_title(f, b->master.title);
	fputs("\n\n**Parent issue:** ", f);
	put_link(f, &b->master);
	fprintf(f, "\n**Date:** %s\n**Supersedes:** none\n\n", date);
	put_tables(f, b);
	for (size_t i = 0; i < b->n; i++)
		put_section(f, b, &b->sheet[i]);
	fputs("\n## Verification\n\n- [ ] everything is on the target branch\n\n"
	      "## Session Registry\n\n"
	      "| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
	      "|---|---|---|---|---|---|---|\n",
	    f);
	return 0;
}

int
plan_text_from(const struct tracker *tracker, const struct tracker_link *link,
    const char *master, const char *date, FILE *f, struct err *err)
{
	struct book b = { .tracker = tracker, .link = link, .arena = arena_new() };
	int rc = write_plan(&b, master, date, f, err);

	free(b.sheet);
	arena_free(b.arena);
	return rc;
}
