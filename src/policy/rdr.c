#include "base/mem.h"
#include "base/text.h"
#include "policy/findings.h"

#include <string.h>

/*
 * The review decision record as Markdown.  What reviewers wrote is a stranger's: in a cell it
 * is one bounded line without markup, and no word of it calls anybody.
 */
enum { CELL_MAX = 400, TITLE_MAX = 80 };

static void
put_plain(FILE *out, const char *text, size_t max)
{
	AUTO_FREE char *shown = text_show(text, true);
	size_t n = 0;

	for (const char *p = shown; *p; p++) {
		/* Not in the middle of a character. */
		if (n >= max && ((unsigned char)*p & 0xC0) != 0x80) {
			fputs("...", out);
			return;
		}
		n++;
		if (*p == '@')
			fputs("(at)", out);
		else if (strchr("|<>[]`*_#\\", *p))
			fprintf(out, "\\%c", *p);
		else
			fputc(*p, out);
	}
}

static void
put_row(FILE *out, const struct finding *row)
{
	fprintf(out, "| %s | %s", row->id, severity_title(row->severity));
	if (row->is_escalated)
		fprintf(out, " (%s; called critical by %lld of %lld)",
		    standing_name(row->standing), (long long)row->n_critical,
		    (long long)row->n);
	else if (row->standing == STANDING_MINORITY ||
		 row->standing == STANDING_CONFIRMED)
		fprintf(out, " (%s)", standing_name(row->standing));
	fputs(" | ", out);
	put_plain(out, row->text, CELL_MAX);
	if (row->where[0]) {
		fputs(" (", out);
		put_plain(out, row->where, 120);
		fputc(')', out);
	}
	fputs(" | ", out);
	put_plain(out, row->reviewers, 200);
	fprintf(out, " | %s | ", decision_name(row->decision));
	put_plain(out, row->response, CELL_MAX);
	fputs(" |\n", out);
}

static const char *
work_status(const struct finding *row)
{
	if (strcmp(row->state, "resolved") == 0)
		return "Done";
	return row->decision == DECISION_AGREED ? "open" : "-";
}

/* what became of what was decided. */
static void
put_tracking(FILE *out, const struct findings *rows)
{
	size_t n = 0, n_open = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += rows->item[i].sub_issue[0] != '\0';
	if (n == 0)
		return;
	fputs("\n| Finding | Severity | Decision | Sub-Issue | Status |\n"
	      "|---|---|---|---|---|\n",
	    out);
	for (size_t i = 0; i < rows->n; i++) {
		const struct finding *row = &rows->item[i];

		if (row->decision == DECISION_NONE)
			continue;
		fprintf(out, "| %s | %s | %s | ", row->id,
		    severity_title(row->severity), decision_name(row->decision));
		if (row->decision == DECISION_DEFERRED)
			put_plain(out, row->response, 120);
		else
			put_plain(out, row->sub_issue[0] ? row->sub_issue : "-", 120);
		fprintf(out, " | %s |\n", work_status(row));
		n_open += row->decision == DECISION_AGREED &&
			  strcmp(row->state, "resolved") != 0;
	}
	if (n_open == 0)
		fputs("\nThe review cycle is complete: every agreed finding is done.\n",
		    out);
}

/* what became of every finding, so that none is silently dropped. */
static void
put_forward(FILE *out, const struct findings *rows)
{
	size_t n[5] = { 0 };

	for (size_t i = 0; i < rows->n; i++) {
		const struct finding *row = &rows->item[i];
		bool is_done = strcmp(row->state, "resolved") == 0;

		n[row->decision == DECISION_AGREED       ? (is_done ? 0 : 1)
		    : row->decision == DECISION_DEFERRED ? 1
		    : row->decision == DECISION_OVERRIDE ? 2
		    : row->decision == DECISION_REJECTED ? 3
							 : 4]++;
	}
	if (n[4] == rows->n)
		return;
	fprintf(out,
	    "\n**Fix-forward:** %zu resolved, %zu carried forward, %zu accepted risk, %zu "
	    "dismissed, %zu undecided\n",
	    n[0], n[1], n[2], n[3], n[4]);
}

void
rdr_print(FILE *out, const struct rdr *head, const struct findings *rows)
{
	fputs("## Review Decision Record\n\n", out);
	fputs("**Issue:** ", out);
	put_plain(out, head->issue, 120);
	fprintf(out, "  \n**Review date:** %s  \n**Option:** %s  \n**Reviewers:** ",
	    head->date, head->option[0] ? head->option : "-");
	put_plain(out, head->reviewers, 200);
	fprintf(out, "  \n**Recommendation:** %s  \n**Gate 2:** ",
	    head->recommendation[0] ? head->recommendation : "-");
	put_plain(out, head->gate, 300);
	fputs("\n\n| ID | Severity | Finding | Reviewer | Decision | Response |\n"
	      "|---|---|---|---|---|---|\n",
	    out);
	for (enum severity s = SEVERITY_CRITICAL; s < SEVERITY_N; s++) {
		for (size_t i = 0; i < rows->n; i++) {
			if (rows->item[i].severity == s)
				put_row(out, &rows->item[i]);
		}
	}
	if (rows->n == 0)
		fputs("| - | - | no findings | - | - | - |\n", out);
	put_tracking(out, rows);
	put_forward(out, rows);
}

bool
finding_is_small(const struct finding *row)
{
	return strcmp(row->effort, "trivial") == 0 || strcmp(row->effort, "small") == 0;
}

int
finding_points(const struct finding *row)
{
	if (!finding_is_small(row))
		return 5;
	return strcmp(row->effort, "trivial") == 0 ? 1 : 2;
}

char *
finding_title(const struct finding *row)
{
	AUTO_FREE char *line = text_show(row->text, true);
	size_t n = strlen(line);

	if (n > TITLE_MAX) {
		n = TITLE_MAX;
		while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++) {
		if (strchr("@|[]<>`", line[i]))
			line[i] = ' ';
	}
	return xasprintf("Review finding %s: %.*s", row->id, (int)n, line);
}

static void
put_part(FILE *out, const char *title, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(out, "%s: ", title);
	put_plain(out, text, 4000);
	fputs("\n\n", out);
}

char *
finding_body(const struct finding *row, const char *about)
{
	/* the severity is said once, here; priority stays a person's. */
	static const char *const urgency[SEVERITY_N] = { "P1, Urgent", "P2, High",
		"P3, Low" };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	fprintf(out, "Severity: %s (%s)\n\n", severity_title(row->severity),
	    urgency[row->severity]);
	put_part(out, "Finding", row->text);
	put_part(out, "Where", row->where);
	put_part(out, "Recommendation", row->advice);
	put_part(out, "Related criterion", row->spec);
	put_part(out, "Effort", row->effort);
	put_part(out, "Reviewers", row->reviewers);
	put_part(out, "Decision", row->response);
	put_part(out, "Found in the review of", about);
	fclose(out);
	return text;
}
