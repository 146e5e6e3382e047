#include "git/history.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/history_read.h"

#include <stdio.h>
#include <string.h>

/* Contents are read in pieces, so that memory is bounded by one of them. */
enum { PIECE = 200, GRAPH_MAX = 100000 };
#define PIECE_MAX_BYTES ((size_t)48 << 20)

#define LOG_OPTIONS                                                            \
	"-c", "protocol.allow=never", "-c", "core.quotepath=off", "-c",        \
	    "core.bigFileThreshold=1m", "log", "--first-parent",               \
	    "--diff-merges=first-parent", "--no-renames", "--no-color",        \
	    "--no-ext-diff", "--no-textconv", "--ignore-submodules", "--root", \
	    "--src-prefix=a/", "--dst-prefix=b/", "--format=%x01%H %at %ct %P%x02%s"

void
history_clear(struct history *history)
{
	git_list_clear(&history->path);
	free(history->landing);
	free(history->change);
	free(history->hunk);
	free(history->word);
	*history = (struct history){ 0 };
}

int
history_add_landing(struct history *history, const char *line)
{
	struct history_landing landing = { .forked = -1 };
	const char *subject = strchr(line, '\2'), *parents, *open;
	size_t n = strspn(line + (line[0] == '\1'), "0123456789abcdef");
	char *at;

	if (line[0] != '\1' || !subject || n == 0 || n >= sizeof(landing.oid) ||
	    line[1 + n] != ' ')
		return -1;
	memcpy(landing.oid, line + 1, n);
	parents = line + 1 + n;
	landing.authored = strtoll(parents, &at, 10);
	if (at == parents)
		return -1;
	parents = at;
	landing.landed = strtoll(parents, &at, 10);
	if (at == parents)
		return -1;
	parents = at + strspn(at, " ");
	landing.is_merge = parents < subject &&
			   memchr(parents, ' ', (size_t)(subject - parents));
	open = strrchr(subject, '(');
	landing.is_squash = !landing.is_merge && open && open[1] == '#' &&
			    open[2 + strspn(open + 2, "0123456789")] == ')';
	landing.first = history->n_changes;
	GROW(history->landing, history->n, history->cap);
	history->landing[history->n++] = landing;
	return 0;
}

/* Drops the changes from FIRST on; each still has its own entry in the paths. */
static void
forget_changes(struct history *history, size_t first)
{
	for (size_t i = first; i < history->path.n; i++)
		free(history->path.item[i]);
	history->path.n = history->n_changes = first;
}

void
history_drop_last(struct history *history)
{
	if (history->n > 0)
		forget_changes(history, history->landing[--history->n].first);
}

struct history_change *
history_add_change(struct history *history, const char *path, char status)
{
	struct history_landing *landing = &history->landing[history->n - 1];

	if (landing->n == HISTORY_LARGE && !landing->is_large) {
		landing->is_large = true;
		forget_changes(history, landing->first);
		landing->n = 0;
	}
	if (landing->is_large)
		return NULL;
	/* Until everything is read, each change has an entry of its own in the paths. */
	git_list_add(&history->path, path);
	GROW(history->change, history->n_changes, history->cap_changes);
	history->change[history->n_changes] = (struct history_change){
		.path = (int)history->n_changes,
		.status = status,
		.first_hunk = history->n_hunks,
	};
	landing->n++;
	return &history->change[history->n_changes++];
}

struct entry {
	char *path;
	int change;
};

static int
compare_entries(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	return strcmp(a->path, b->path);
}

/* Gives every path one place, and every change that place. */
static void
index_paths(struct history *history)
{
	size_t n = history->n_changes;
	struct entry *entry = xcalloc(n, sizeof(*entry));
	struct git_list all = history->path;

	history->path = (struct git_list){ 0 };
	for (size_t i = 0; i < n; i++)
		entry[i] = (struct entry){ all.item[i], (int)i };
	if (n > 0)
		qsort(entry, n, sizeof(*entry), compare_entries);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(entry[i].path, entry[i - 1].path) != 0)
			git_list_add(&history->path, entry[i].path);
		history->change[entry[i].change].path = (int)history->path.n - 1;
	}
	free(entry);
	git_list_clear(&all);
}

int
history_find(const struct history *history, const char *path)
{
	size_t low = 0, high = history->path.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(history->path.item[mid], path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < history->path.n && strcmp(history->path.item[low], path) == 0
		   ? (int)low
		   : -1;
}

/* `git log -z --name-status`: a header, then status and path in turn. */
static void
read_names(struct history *history, struct git_out *out, bool is_cut)
{
	struct git_list token = { 0 };

	git_list_split(&token, out->text, out->n);
	for (size_t i = 0; i < token.n; i++) {
		const char *word = token.item[i] + strspn(token.item[i], "\n");

		if (*word == '\1') {
			/* What has no header can be given to no landing. */
			if (history_add_landing(history, word) < 0)
				break;
		} else if (history->n > 0 && i + 1 < token.n) {
			history_add_change(history, token.item[++i], *word);
		}
	}
	if (is_cut)
		history_drop_last(history);
	git_list_clear(&token);
}

/* Notes why the reading ended before its time; how far it came is told at the end. */
static void
set_word(struct history *history, const char *why)
{
	/* git_run() begins with the command, which nobody here typed. */
	const char *said = strncmp(why, "git ", 4) == 0 ? strstr(why, ": ") : NULL;

	if (!history->word)
		history->word = text_show(said ? said + 2 : why, true);
}

static void
finish_word(struct history *history)
{
	char *why = history->word;

	if (why)
		history->word = xasprintf(
		    "only %zu landings were read: %s", history->n, why);
	free(why);
}

static int
run_log(const struct repo *repo, const struct history_want *want, size_t skip,
    struct history *history, struct git_out *out)
{
	AUTO_FREE char *max = xasprintf(
	    "--max-count=%zu", want->edits ? (size_t)PIECE : want->max);
	AUTO_FREE char *from = xasprintf("--skip=%zu", skip);
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS(LOG_OPTIONS, max, from, want->edits ? "-p" : "-z",
		    want->edits ? "-U0" : "--name-status", "HEAD"),
		.env = GIT_ARGS("GIT_NO_LAZY_FETCH=1"),
		.truncate = true,
		.max_bytes = want->edits ? PIECE_MAX_BYTES : 0,
		.timeout_ms = want->timeout_ms };
	struct err why = ERR_INIT;
	int rc = git_try(&call, out, &why);

	if (rc != 0)
		set_word(history, why.text);
	if (out->is_truncated)
		set_word(history, "they are too large");
	return rc;
}

static void
read_edits(
    const struct repo *repo, const struct history_want *want, struct history *history)
{
	for (size_t skip = 0; skip < want->max && !history->word; skip += PIECE) {
		size_t n_before = history->n;
		struct git_out out = { 0 };
		int rc = run_log(repo, want, skip, history, &out);

		if (out.text)
			history_read_patch(history, &out, rc != 0 || out.is_truncated);
		git_out_clear(&out);
		if (history->n < n_before + PIECE)
			return;
	}
}

struct commit {
	char oid[GIT_OID_SIZE], parent[GIT_OID_SIZE], second[GIT_OID_SIZE];
	int landing; /* position, -1 when it is none */
};

static int
compare_commits(const void *pa, const void *pb)
{
	const struct commit *a = pa, *b = pb;

	return strcmp(a->oid, b->oid);
}

static const struct commit *
find_commit(const struct commit *commit, size_t n, const char *oid)
{
	struct commit want = { .landing = -1 };

	memcpy(want.oid, oid, sizeof(want.oid));
	return n > 0 ? bsearch(&want, commit, n, sizeof(*commit), compare_commits)
		     : NULL;
}

static void
mark_landings(struct commit *commit, size_t n, const struct history *history)
{
	for (size_t i = 0; i < history->n; i++) {
		const struct commit *found = find_commit(
		    commit, n, history->landing[i].oid);

		if (found)
			commit[found - commit].landing = (int)i;
	}
}

/* Follows the first parents of each merged branch down to the landing it began after. */
static void
find_forks(struct commit *commit, size_t n, struct history *history)
{
	for (size_t i = 0; i < history->n; i++) {
		struct history_landing *landing = &history->landing[i];
		const struct commit *at = find_commit(commit, n, landing->oid);

		if (!landing->is_merge || !at)
			continue;
		at = find_commit(commit, n, at->second);
		for (int steps = 0; at && at->landing < 0 && steps < 1000; steps++)
			at = find_commit(commit, n, at->parent);
		if (at && at->landing > (int)i)
			landing->forked = at->landing;
	}
}

static void
read_forks(const struct repo *repo, struct history *history)
{
	AUTO_FREE char *max = xasprintf("--max-count=%d", GRAPH_MAX);
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS(
		    "-c", "protocol.allow=never", "rev-list", "--parents", max, "HEAD"),
		.truncate = true };
	struct err why = ERR_INIT;
	struct git_out out = { 0 };
	struct commit *commit = NULL;
	size_t n = 0, cap = 0;
	struct span rest, line;

	if (git_try(&call, &out, &why) < 0 || !out.text)
		return;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line) && line.n > 0) {
		struct commit c = { .landing = -1 };
		AUTO_FREE char *text = xstrndup(line.p, line.n);

		if (sscanf(text, "%64s %64s %64s", c.oid, c.parent, c.second) < 1)
			break;
		GROW(commit, n, cap);
		commit[n++] = c;
	}
	git_out_clear(&out);
	if (n > 0)
		qsort(commit, n, sizeof(*commit), compare_commits);
	mark_landings(commit, n, history);
	find_forks(commit, n, history);
	free(commit);
}

int
history_read(const struct repo *repo, const struct history_want *want,
    struct history *history, struct err *err)
{
	*history = (struct history){ 0 };
	if (repo->is_empty || want->max == 0)
		return 0;
	if (git_version(NULL, 0, err) < 0)
		return -1;
	if (want->edits) {
		read_edits(repo, want, history);
		read_forks(repo, history);
	} else {
		struct git_out out = { 0 };

		int rc = run_log(repo, want, 0, history, &out);

		if (out.text)
			read_names(history, &out, rc != 0 || out.is_truncated);
		git_out_clear(&out);
	}
	index_paths(history);
	if (repo->is_shallow && history->n < want->max && !history->word)
		set_word(history, "the clone is shallow");
	finish_word(history);
	return 0;
}

int
history_files_of(
    const struct repo *repo, const char *oid, struct git_list *files, struct err *err)
{
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("-c", "protocol.allow=never", "diff-tree", "-r", "-z",
		    "-m", "--first-parent", "--root", "--no-commit-id", "--name-only",
		    "--no-renames", "--end-of-options", oid) };
	struct git_out out = { 0 };

	*files = (struct git_list){ 0 };
	if (git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(files, out.text, out.n);
	git_out_clear(&out);
	return 0;
}
