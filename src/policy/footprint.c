#include "policy/footprint.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { ITEMS_MAX = 40, HINT_MAX = 300 };

/* What the latest verb says of the paths behind it. */
enum deed { CHANGES, READS, MAKES, DELETES, MOVES, APPENDS };

static const struct {
	enum deed deed;
	const char *words; /* separated by blanks, with one at each end */
} deeds[] = {
	{ READS,
	    " read reads reading review study analyse analyze inspect audit compare "
	    "investigate consult understand survey " },
	{ MAKES,
	    " create creates creating add adds adding new introduce generate write "
	    "make extract split copy port implement " },
	{ DELETES, " delete deletes deleting remove removes removing drop " },
	{ MOVES, " rename renames renaming move moves moving " },
	{ APPENDS, " append appends appending " },
	{ CHANGES, " fix fixes update updates change changes edit refactor rewrite "
		   "replace extend improve migrate convert clean simplify adjust bump "
		   "correct mend repair tidy " },
};

/* Words right in front of a path that is only looked at. */
static const char before_read[] =
    " from per like see using following follow against via than resembles mirrors ";
/* The same in two words: "according to", "described in". */
static const char before_read_two[] =
    " according based described documented defined specified shown similar modelled "
    "as listed explained ";
/* Words that may stand between a verb and its object. */
static const char filler[] =
    " the a an old unused obsolete legacy deprecated whole "
    "entire file files directory folder module script both and "
    "also or all dead new page ";

struct reader {
	struct tree *tree;
	struct footprint *out;
	bool is_reading;
	enum deed deed;
	bool is_object;           /* nothing but filler since the verb */
	char last[24], last2[24]; /* the words before this one, lower case */
	char *moved;              /* a file whose new name is still to come */
	char *hint;
	size_t n_hint;
	FILE *hints;
	size_t n_hints;
};

static bool
among(const char *word, const char *list)
{
	char padded[32];

	if (strlen(word) > 28 || *word == '\0')
		return false;
	snprintf(padded, sizeof(padded), " %s ", word);
	return strstr(list, padded) != NULL;
}

void
footprint_clear(struct footprint *footprint)
{
	for (size_t i = 0; i < footprint->n; i++) {
		free(footprint->item[i].path);
		free(footprint->item[i].to);
		free(footprint->item[i].evidence);
	}
	free(footprint->item);
	free(footprint->hint);
	*footprint = (struct footprint){ 0 };
}

/* The stronger word on a path wins: what is written need not be said to be read. */
static bool
is_said(struct footprint *footprint, enum touch touch, const char *path)
{
	for (size_t i = 0; i < footprint->n; i++) {
		struct footprint_item *item = &footprint->item[i];

		if (strcmp(item->path, path) != 0)
			continue;
		if (item->touch == TOUCH_READS)
			item->touch = touch;
		return true;
	}
	return false;
}

void
footprint_add(struct footprint *footprint, enum touch touch, const char *path,
    const char *to, const char *evidence)
{
	size_t at;

	if (footprint->n < ITEMS_MAX && !is_said(footprint, touch, path)) {
		GROW(footprint->item, footprint->n, footprint->cap);
		footprint->item[footprint->n++] = (struct footprint_item){ touch,
			xstrdup(path), xstrdup(to), xstrdup(evidence) };
	}
	/* Insertion keeps the order of the text within one kind. */
	for (size_t i = 1; i < footprint->n; i++) {
		struct footprint_item item = footprint->item[i];

		for (at = i; at > 0 && footprint->item[at - 1].touch > item.touch; at--)
			footprint->item[at] = footprint->item[at - 1];
		footprint->item[at] = item;
	}
}

static void PRINTF(2, 3) hint(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	if (r->n_hints++ >= 4)
		return;
	if (r->n_hints > 1)
		fputs("; ", r->hints);
	va_start(ap, fmt);
	vfprintf(r->hints, fmt, ap);
	va_end(ap);
}

static enum touch
touch_of(const struct reader *r)
{
	bool is_from = strcmp(r->last, "from") == 0;

	if (r->is_reading)
		return TOUCH_READS;
	/* "remove x from a.c", "move x from a.c to b.c" change a.c. */
	if (is_from && (r->deed == DELETES || r->deed == MOVES || r->deed == MAKES))
		return TOUCH_WRITES;
	if (among(r->last, before_read) ||
	    (among(r->last, " to on in ") && among(r->last2, before_read_two)))
		return TOUCH_READS;
	switch (r->deed) {
	case READS: return TOUCH_READS;
	case DELETES: return r->is_object ? TOUCH_DELETES : TOUCH_WRITES;
	case APPENDS: return strcmp(r->last, "to") == 0 ? TOUCH_APPENDS : TOUCH_WRITES;
	case MAKES:
	case MOVES:
	case CHANGES: break;
	}
	return TOUCH_WRITES;
}

static char *
evidence_of(const struct tree_hit *hit)
{
	switch (hit->kind) {
	case TREE_FILE:
		return xstrdup(
		    hit->is_name ? "the only file of this name" : "is there");
	case TREE_DIR:
		return xasprintf(
		    "directory with %zu file%s", hit->n, hit->n == 1 ? "" : "s");
	case TREE_PATTERN:
		return xasprintf("matches %zu file%s", hit->n, hit->n == 1 ? "" : "s");
	case TREE_ABSENT: return xstrdup("to be created");
	case TREE_NOTHING:
	case TREE_AMBIGUOUS: break;
	}
	return xstrdup("");
}

static void
flush_moved(struct reader *r)
{
	if (r->moved)
		footprint_add(r->out, TOUCH_WRITES, r->moved, NULL, "is there");
	free(r->moved);
	r->moved = NULL;
}

/* "rename a.c to b.c": the second path completes the first. */
static bool
finish_move(struct reader *r, const struct tree_hit *hit)
{
	const char *name;

	if (!r->moved || !among(r->last, " to into -> as ") ||
	    (hit->kind != TREE_ABSENT && hit->kind != TREE_DIR))
		return false;
	name = strrchr(r->moved, '/');
	name = name ? name + 1 : r->moved;
	AUTO_FREE char *to = hit->path[strlen(hit->path) - 1] == '/'
				 ? xasprintf("%s%s", hit->path, name)
				 : xstrdup(hit->path);

	footprint_add(r->out, TOUCH_RENAMES, r->moved, to, "is there, gets a new name");
	free(r->moved);
	r->moved = NULL;
	return true;
}

static void
take_absent(struct reader *r, const struct tree_hit *hit)
{
	bool is_made = r->deed == MAKES || r->is_reading ||
		       (r->deed == MOVES && among(r->last, " to into ")) ||
		       among(r->last, " into ");

	if (is_made && !among(r->last, before_read))
		footprint_add(r->out, TOUCH_CREATES, hit->path, NULL, "to be created");
	else
		hint(r, "%s is not in the repository", hit->path);
}

/* WORD as a path; returns false when it is none. */
static bool
take_path(struct reader *r, const char *word, unsigned flags)
{
	struct tree_hit hit;
	bool is_path;

	if (among(r->last, " under below inside "))
		flags |= TREE_SAYS_DIR;
	hit = tree_find(r->tree, word, flags);
	is_path = hit.kind != TREE_NOTHING;
	if (hit.kind == TREE_AMBIGUOUS) {
		hint(r, "%s could be %s", word, hit.path);
	} else if (is_path && !finish_move(r, &hit)) {
		AUTO_FREE char *evidence = evidence_of(&hit);

		if (hit.kind == TREE_ABSENT) {
			take_absent(r, &hit);
		} else if (r->deed == MOVES && r->is_object && !r->is_reading &&
			   hit.kind == TREE_FILE) {
			flush_moved(r);
			r->moved = xstrdup(hit.path);
		} else {
			footprint_add(r->out, touch_of(r), hit.path, NULL, evidence);
		}
	}
	tree_hit_clear(&hit);
	return is_path;
}

/* An ordinary word: a verb starts over, anything but filler ends its object. */
static void
take_word(struct reader *r, const char *lower)
{
	for (size_t i = 0; i < N_ELEMS(deeds); i++) {
		if (!among(lower, deeds[i].words) || among(r->last, " the a an no "))
			continue;
		/* "make new", "write tests": the first verb tells more. */
		if (deeds[i].deed == MAKES && strcmp(lower, "new") == 0 &&
		    r->deed != CHANGES)
			break;
		r->deed = deeds[i].deed;
		r->is_object = true;
		return;
	}
	if (!among(lower, filler))
		r->is_object = false;
}

static void
remember(struct reader *r, const char *word)
{
	memcpy(r->last2, r->last, sizeof(r->last));
	snprintf(r->last, sizeof(r->last), "%s", strlen(word) < 20 ? word : "");
}

/* Cuts what belongs to the sentence and not to the word, and ":12:3" behind a file. */
static struct span
strip(struct span word)
{
	while (word.n > 0 && strchr("(\"'<,;:|", word.p[0])) {
		word.p++;
		word.n--;
	}
	while (word.n > 0 && strchr(".,;:!?)\"'>|", word.p[word.n - 1]))
		word.n--;
	if (word.n > 2 && word.p[word.n - 1] == 's' && word.p[word.n - 2] == '\'')
		word.n -= 2;
	for (int i = 0; i < 2; i++) {
		size_t n = word.n;

		while (n > 0 && isdigit((unsigned char)word.p[n - 1]))
			n--;
		if (n > 1 && n < word.n && word.p[n - 1] == ':')
			word.n = n - 1;
	}
	return word;
}

/* One word of the text, or what stood in backquotes. */
static void
take(struct reader *r, struct span raw, unsigned flags)
{
	bool is_quoted = flags & TREE_QUOTED;
	struct span word = is_quoted ? span_trim(raw) : strip(raw);
	AUTO_FREE char *text = xstrndup(word.p, word.n);
	AUTO_FREE char *lower = xstrdup(text);
	char end = '\0';

	if (raw.n > 0)
		end = raw.p[raw.n - 1];
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (*text == '\0') {
		/* an arrow or a dash alone */
	} else if (take_path(r, text, flags)) {
		remember(r, "");
	} else {
		take_word(r, lower);
		remember(r, lower);
	}
	if (!is_quoted && (end == '.' || end == ';' || end == '!' || end == '?')) {
		flush_moved(r);
		r->deed = CHANGES;
		r->is_object = false;
		remember(r, "");
		remember(r, "");
	}
}

/* TREE_SAYS_DIR when the next word is "directory" or "folder". */
static unsigned
next_says(const char *p)
{
	p += strspn(p, " \t");
	return strncasecmp(p, "director", 8) == 0 || strncasecmp(p, "folder", 6) == 0
		   ? TREE_SAYS_DIR
		   : 0;
}

void
footprint_propose(
    struct tree *tree, const char *text, bool is_reading, struct footprint *footprint)
{
	struct reader r = { .tree = tree, .out = footprint, .is_reading = is_reading };
	const char *p = text, *end;

	*footprint = (struct footprint){ 0 };
	r.hints = open_memstream(&r.hint, &r.n_hint);
	while (*p) {
		if (*p == ' ' || *p == '\t' || *p == '\n') {
			p++;
			continue;
		}
		end = *p == '`' ? strchr(p + 1, '`') : NULL;
		if (end) {
			take(&r, (struct span){ p + 1, (size_t)(end - p) - 1 },
			    TREE_QUOTED);
			p = end + 1;
			continue;
		}
		end = p + (*p == '`') + strcspn(p + (*p == '`'), " \t\n`");
		take(&r, (struct span){ p, (size_t)(end - p) }, next_says(end));
		p = end;
	}
	flush_moved(&r);
	fclose(r.hints);
	if (r.n_hint > HINT_MAX)
		r.hint[HINT_MAX] = '\0';
	if (r.n_hint > 0)
		footprint->hint = text_show(r.hint, true);
	free(r.hint);
}

bool
footprint_is_enough(const struct footprint *footprint, bool is_reading)
{
	if (is_reading)
		return footprint->n > 0;
	for (size_t i = 0; i < footprint->n; i++) {
		if (footprint->item[i].touch != TOUCH_READS)
			return true;
	}
	return false;
}

char *
footprint_bullets(const struct footprint *footprint)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < footprint->n; i++) {
		const struct footprint_item *item = &footprint->item[i];
		bool is_first = i == 0 || item->touch != item[-1].touch;

		if (is_first)
			fprintf(
			    out, "%s- %s: ", i ? "\n" : "", touch_name(item->touch));
		else
			fputs(", ", out);
		fprintf(out, "`%s`", item->path);
		if (item->to)
			fprintf(out, " -> `%s`", item->to);
	}
	if (footprint->n > 0)
		fputc('\n', out);
	fclose(out);
	return text;
}
