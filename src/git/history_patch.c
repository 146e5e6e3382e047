#include "git/history_read.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The state between the lines of one patch. */
struct patch {
	struct history *history;
	struct history_change *change; /* NULL before its path is known, or not kept */
	char status;
	bool is_opaque;
	uint32_t old_left, new_left; /* lines of the hunk still to come */
};

/* The path behind "--- a/" or "+++ b/"; NULL for /dev/null and what git had to quote. */
static const char *
path_of(char *line)
{
	char *tab = strchr(line + 4, '\t');

	if (line[4] == '"' || strcmp(line + 4, "/dev/null") == 0 || strlen(line) < 7)
		return NULL;
	if (tab)
		*tab = '\0';
	return line + 6;
}

static bool
read_count(const char **text, uint32_t *count)
{
	unsigned long number;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoul(*text, &end, 10);
	*text = end;
	*count = (uint32_t)number;
	return errno == 0 && number <= UINT32_MAX;
}

/* "@@ -3,0 +4,2 @@": counts of one are left out, and a count of 0 stands behind a line. */
static bool
read_range(const char **text, uint32_t *at, uint32_t *n)
{
	uint32_t first, count = 1;

	if (!read_count(text, &first))
		return false;
	if (**text == ',') {
		++*text;
		if (!read_count(text, &count))
			return false;
	}
	*at = count > 0 && first > 0 ? first - 1 : first;
	*n = count;
	return true;
}

static void
read_hunk(struct patch *p, const char *line)
{
	struct history_hunk hunk;
	const char *text = line + 4; /* behind "@@ -" */

	if (!read_range(&text, &hunk.old_at, &hunk.old_n) || text[0] != ' ' ||
	    text[1] != '+')
		return;
	text += 2;
	if (!read_range(&text, &hunk.new_at, &hunk.new_n))
		return;
	p->old_left = hunk.old_n;
	p->new_left = hunk.new_n;
	if (!p->change)
		return;
	GROW(p->history->hunk, p->history->n_hunks, p->history->cap_hunks);
	p->history->hunk[p->history->n_hunks++] = hunk;
	p->change->n_hunks++;
}

static void
take_path(struct patch *p, char *line)
{
	const char *path = path_of(line);

	if (path && !p->change) {
		p->change = history_add_change(p->history, path, p->status);
		if (p->change)
			p->change->is_opaque = p->is_opaque;
	}
}

/* "Binary files a/x and b/x differ": the path is the one behind " and b/", or a/. */
static void
take_binary(struct patch *p, char *line)
{
	char *and = strstr(line, " and "), *end = strstr(line, " differ");
	const char *path = NULL;

	p->is_opaque = true;
	if (!and || !end || strlen(line) < 16)
		return;
	*and = *end = '\0';
	if (strncmp(and+5, "b/", 2) == 0)
		path = and+7;
	else if (strncmp(line + 13, "a/", 2) == 0)
		path = line + 15;
	if (!path || p->change)
		return;
	p->change = history_add_change(p->history, path, p->status);
	if (p->change)
		p->change->is_opaque = true;
}

static void
read_line(struct patch *p, char *line)
{
	if (p->old_left > 0 && line[0] == '-') {
		p->old_left--;
	} else if (p->new_left > 0 && line[0] == '+') {
		p->new_left--;
	} else if (line[0] == '\1') {
		p->change = NULL;
		(void)history_add_landing(p->history, line);
	} else if (p->history->n == 0) {
		return;
	} else if (strncmp(line, "diff --git ", 11) == 0) {
		p->change = NULL;
		p->status = 'M';
		p->is_opaque = false;
	} else if (strncmp(line, "new file ", 9) == 0) {
		p->status = 'A';
	} else if (strncmp(line, "deleted file ", 13) == 0) {
		p->status = 'D';
	} else if (strncmp(line, "--- ", 4) == 0 || strncmp(line, "+++ ", 4) == 0) {
		take_path(p, line);
	} else if (strncmp(line, "Binary files ", 13) == 0) {
		take_binary(p, line);
	} else if (strncmp(line, "@@ -", 4) == 0) {
		read_hunk(p, line);
	}
}

void
history_read_patch(struct history *history, struct git_out *out, bool is_cut)
{
	struct patch patch = { .history = history, .status = 'M' };
	size_t n_before = history->n;
	char *rest = out->text, *line;

	/* Far inside, a file that counts as text may hold NUL bytes. */
	for (char *p = out->text;
	     (p = memchr(p, '\0', out->n - (size_t)(p - out->text)));)
		*p = ' ';
	while ((line = strsep(&rest, "\n")))
		read_line(&patch, line);
	if (is_cut && history->n > n_before)
		history_drop_last(history);
}
