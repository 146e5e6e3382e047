#include "plan/key.h"

#include "plan/source.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name;
	enum plan_key key;
} key_names[] = {
	/* clang-format off */
	{ "phase", KEY_PHASE },            { "phase id", KEY_PHASE },
	{ "id", KEY_ID },
	{ "focus", KEY_FOCUS },
	{ "issue", KEY_ISSUE },            { "linear issue", KEY_ISSUE },
	{ "mode", KEY_MODE },              { "exec", KEY_MODE },
	{ "exec mode", KEY_MODE },         { "execution mode", KEY_MODE },
	{ "agent", KEY_AGENT },
	{ "estimate", KEY_ESTIMATE },      { "est", KEY_ESTIMATE },
	{ "est cost", KEY_ESTIMATE },      { "cost", KEY_ESTIMATE },
	{ "point", KEY_POINTS },
	{ "risk", KEY_RISK },              { "type", KEY_TYPE },
	{ "review", KEY_REVIEW },          { "output", KEY_OUTPUT },
	{ "repo", KEY_REPO },              { "repository", KEY_REPO },
	{ "batch", KEY_BATCH },            { "status", KEY_STATUS },
	{ "read", KEY_TOUCH + TOUCH_READS },
	{ "write", KEY_TOUCH + TOUCH_WRITES },
	{ "create", KEY_TOUCH + TOUCH_CREATES },
	{ "delete", KEY_TOUCH + TOUCH_DELETES },
	{ "rename", KEY_TOUCH + TOUCH_RENAMES },
	{ "append", KEY_TOUCH + TOUCH_APPENDS },
	{ "produce", KEY_TOUCH + TOUCH_PRODUCES },
	{ "consume", KEY_TOUCH + TOUCH_CONSUMES },
	{ "use", KEY_TOUCH + TOUCH_USES },
	{ "extend", KEY_TOUCH + TOUCH_EXTENDS },
	{ "change", KEY_TOUCH + TOUCH_CHANGES },
	{ "remove", KEY_TOUCH + TOUCH_REMOVES },
	{ "renumber", KEY_TOUCH + TOUCH_RENUMBERS },
	{ "gate", KEY_TOUCH + TOUCH_GATES },
	{ "infra", KEY_TOUCH + TOUCH_INFRA },
	{ "infrastructure", KEY_TOUCH + TOUCH_INFRA },
	{ "dependency", KEY_DEPENDS },     { "dependencie", KEY_DEPENDS },
	{ "depends on", KEY_DEPENDS },     { "depend on", KEY_DEPENDS },
	{ "depend", KEY_DEPENDS },         { "blocked by", KEY_DEPENDS },
	{ "verify", KEY_VERIFY },          { "context", KEY_CONTEXT },
	{ "task", KEY_TASKS },             { "deliverable", KEY_DELIVERABLE },
	{ "acceptance", KEY_ACCEPTANCE },  { "acceptance criteria", KEY_ACCEPTANCE },
	{ "title", KEY_TITLE },
	{ "session", KEY_SESSION },        { "session name", KEY_SESSION },
	{ "worktree", KEY_WORKTREE },      { "branch", KEY_BRANCH },
	/* clang-format on */
};

/* What people call a key who think of another format; none of it is read as that key. */
static const struct {
	const char *name;
	enum plan_key key;
} meant_names[] = {
	/* clang-format off */
	{ "resource", KEY_TOUCH + TOUCH_INFRA },
	{ "shared resource", KEY_TOUCH + TOUCH_INFRA },
	{ "shared infrastructure", KEY_TOUCH + TOUCH_INFRA },
	{ "lock", KEY_TOUCH + TOUCH_INFRA },    { "port", KEY_TOUCH + TOUCH_INFRA },
	{ "service", KEY_TOUCH + TOUCH_INFRA },
	{ "move", KEY_TOUCH + TOUCH_RENAMES },
	{ "file", KEY_TOUCH + TOUCH_WRITES },   { "path", KEY_TOUCH + TOUCH_WRITES },
	{ "touche", KEY_TOUCH + TOUCH_WRITES }, { "touch", KEY_TOUCH + TOUCH_WRITES },
	{ "modifie", KEY_TOUCH + TOUCH_WRITES },
	{ "modify", KEY_TOUCH + TOUCH_WRITES }, { "edit", KEY_TOUCH + TOUCH_WRITES },
	{ "update", KEY_TOUCH + TOUCH_WRITES }, { "affect", KEY_TOUCH + TOUCH_WRITES },
	{ "write set", KEY_TOUCH + TOUCH_WRITES },
	{ "footprint", KEY_TOUCH + TOUCH_WRITES },
	{ "scope", KEY_TOUCH + TOUCH_WRITES },
	{ "input", KEY_TOUCH + TOUCH_READS },   { "read set", KEY_TOUCH + TOUCH_READS },
	{ "add", KEY_TOUCH + TOUCH_CREATES },   { "new file", KEY_TOUCH + TOUCH_CREATES },
	{ "drop", KEY_TOUCH + TOUCH_DELETES },
	{ "provide", KEY_TOUCH + TOUCH_PRODUCES },
	{ "export", KEY_TOUCH + TOUCH_PRODUCES },
	{ "import", KEY_TOUCH + TOUCH_CONSUMES },
	{ "number", KEY_TOUCH + TOUCH_RENUMBERS },
	{ "after", KEY_DEPENDS },               { "need", KEY_DEPENDS },
	{ "require", KEY_DEPENDS },             { "prerequisite", KEY_DEPENDS },
	{ "predecessor", KEY_DEPENDS },         { "wait for", KEY_DEPENDS },
	{ "waits for", KEY_DEPENDS },           { "depends upon", KEY_DEPENDS },
	{ "verification", KEY_VERIFY },         { "done when", KEY_ACCEPTANCE },
	{ "step", KEY_TASKS },                  { "budget", KEY_ESTIMATE },
	{ "size", KEY_ESTIMATE },
	/* clang-format on */
};

static const char *const shown_names[KEY_N] = {
	[KEY_FOCUS] = "Focus",
	[KEY_ISSUE] = "Issue",
	[KEY_MODE] = "Mode",
	[KEY_AGENT] = "Agent",
	[KEY_ESTIMATE] = "Estimate",
	[KEY_POINTS] = "Points",
	[KEY_RISK] = "Risk",
	[KEY_TYPE] = "Type",
	[KEY_REVIEW] = "Review",
	[KEY_OUTPUT] = "Output",
	[KEY_REPO] = "Repo",
	[KEY_BATCH] = "Batch",
	[KEY_STATUS] = "Status",
	[KEY_DEPENDS] = "Depends on",
	[KEY_VERIFY] = "Verify",
	[KEY_CONTEXT] = "Context",
	[KEY_TASKS] = "Tasks",
	[KEY_DELIVERABLE] = "Deliverable",
	[KEY_ACCEPTANCE] = "Acceptance",
};

/* Longest known name with room for a plural and decoration. */
#define MAX_NAME 32

/* NAME in lower case, one blank between words, without marks and plural, into BUF. */
static bool
normalise(struct span name, char buf[MAX_NAME])
{
	size_t n = 0;

	name = source_trim(name);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (strchr("*_`.:", c))
			continue;
		if (c == ' ' || c == '\t' || c == '-')
			c = ' ';
		if (c == ' ' && (n == 0 || buf[n - 1] == ' '))
			continue;
		if (n + 1 >= MAX_NAME)
			return false;
		buf[n++] = (char)tolower((unsigned char)c);
	}
	while (n > 0 && buf[n - 1] == ' ')
		n--;
	buf[n] = '\0';
	return n > 0;
}

static enum plan_key
lookup(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(key_names); i++) {
		if (key_names[i].name[0] == name[0] &&
		    strcmp(key_names[i].name, name) == 0)
			return key_names[i].key;
	}
	return KEY_NONE;
}

enum plan_key
plan_key_of(struct span name)
{
	char buf[MAX_NAME];
	enum plan_key key;
	size_t n;

	if (!normalise(name, buf))
		return KEY_NONE;
	key = lookup(buf);
	n = strlen(buf);
	if (key != KEY_NONE || buf[n - 1] != 's')
		return key;
	buf[n - 1] = '\0';
	return lookup(buf);
}

const char *
plan_key_name(enum plan_key key)
{
	if (key >= KEY_TOUCH && key <= KEY_TOUCH_LAST)
		return touch_name((enum touch)(key - KEY_TOUCH));
	return shown_names[key] ? shown_names[key] : "";
}

bool
plan_key_in_section(enum plan_key key)
{
	return key >= KEY_FOCUS && key <= KEY_ACCEPTANCE;
}

/* Edit distance where a swap of neighbours counts one; both at most MAX_NAME long. */
static int
distance(const char *a, const char *b)
{
	int n = (int)strlen(a), m = (int)strlen(b);
	int d[MAX_NAME + 1][MAX_NAME + 1];

	for (int i = 0; i <= n; i++) {
		for (int j = 0; j <= m; j++) {
			int best;

			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}

enum plan_key
plan_key_near(struct span name)
{
	char buf[MAX_NAME];

	if (!normalise(name, buf) || strlen(buf) < 4)
		return KEY_NONE;
	for (int key = KEY_FOCUS; key <= KEY_ACCEPTANCE; key++) {
		char known[MAX_NAME];

		normalise(span_of(plan_key_name(key)), known);
		if (strlen(known) >= 4 && distance(buf, known) == 1)
			return key;
	}
	return KEY_NONE;
}

enum plan_key
plan_key_meant(struct span name)
{
	char buf[MAX_NAME];

	if (!normalise(name, buf))
		return KEY_NONE;
	for (int plural = 0; plural < 2; plural++) {
		size_t n = strlen(buf);

		for (size_t i = 0; i < N_ELEMS(meant_names); i++) {
			if (strcmp(meant_names[i].name, buf) == 0)
				return meant_names[i].key;
		}
		if (n > 1 && buf[n - 1] == 's')
			buf[n - 1] = '\0';
	}
	return KEY_NONE;
}
