#include "policy/intent.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_BYTES 48

static const char *const names[INTENT_N] = { "implement", "dispatch", "review", "spike",
	"spec-author", "close", "status", "gate2", "expand", "help", "unknown" };

static const char *const flag_names[] = { "urgent", "skip-tests", "quick", "thorough" };

/* In order of priority: the first that fits is the intent. */
static const struct intent_row rows[] = {
	{ "implement id", INTENT_IMPLEMENT, 100 },
	{ "dispatch * to agent", INTENT_DISPATCH, 100 },
	{ "gate 2 check", INTENT_GATE2, 100 },
	{ "check gate 2", INTENT_GATE2, 100 },
	{ "review id", INTENT_REVIEW, 100 },
	{ "spike id", INTENT_SPIKE, 100 },
	{ "write spec for id", INTENT_SPEC_AUTHOR, 100 },
	{ "close id", INTENT_CLOSE, 100 },
	{ "status id", INTENT_STATUS, 100 },
	{ "status of id", INTENT_STATUS, 100 },
	{ "expand id", INTENT_EXPAND, 100 },
	{ "go id", INTENT_IMPLEMENT, 90 },
	{ "implement this", INTENT_IMPLEMENT, 90 },
	{ "assign * to agent", INTENT_DISPATCH, 90 },
	{ "review this", INTENT_REVIEW, 90 },
	{ "adversarial review", INTENT_REVIEW, 90 },
	{ "research id", INTENT_SPIKE, 90 },
	{ "investigate id", INTENT_SPIKE, 80 },
	{ "spec id", INTENT_SPEC_AUTHOR, 90 },
	{ "write the spec", INTENT_SPEC_AUTHOR, 90 },
	{ "write a spec", INTENT_SPEC_AUTHOR, 90 },
	{ "draft the spec", INTENT_SPEC_AUTHOR, 80 },
	{ "mark done", INTENT_CLOSE, 90 },
	{ "mark as done", INTENT_CLOSE, 90 },
	{ "mark id done", INTENT_CLOSE, 90 },
	{ "build id", INTENT_IMPLEMENT, 80 },
	{ "build this", INTENT_IMPLEMENT, 80 },
	{ "delegate id", INTENT_DISPATCH, 80 },
	{ "ship it", INTENT_CLOSE, 80 },
	{ "gate 2", INTENT_GATE2, 80 },
	{ "expand this", INTENT_EXPAND, 90 },
	{ "flesh out", INTENT_EXPAND, 80 },
	{ "status", INTENT_STATUS, 80 },
	{ "help", INTENT_HELP, 100 },
	{ "?", INTENT_HELP, 70 },
};

const char *
intent_name(enum intent intent)
{
	return names[intent];
}

int
intent_of(const char *name)
{
	for (int i = 0; i < INTENT_N; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

bool
intent_acts(enum intent intent)
{
	return intent <= INTENT_CLOSE;
}

const char *
intent_flag_name(size_t i)
{
	return i < N_ELEMS(flag_names) ? flag_names[i] : NULL;
}

const struct intent_row *
intent_row(size_t i)
{
	return i < N_ELEMS(rows) ? &rows[i] : NULL;
}

/* ---- words ----------------------------------------------------------------------------- */

struct words {
	char item[INTENT_WORDS][WORD_BYTES]; /* lower case; too long a word is "" */
	size_t n;
};

static bool
is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '\'' ||
	       c == '@' || c == '.' || (unsigned char)c >= 0x80;
}

static void
add_word(struct words *w, const char *at, size_t n)
{
	char *to;

	while (n > 0 && (at[n - 1] == '.' || at[n - 1] == '\'' || at[n - 1] == '-'))
		n--;
	while (n > 0 && (at[0] == '.' || at[0] == '\'')) {
		at++;
		n--;
	}
	if (n == 0 || w->n == INTENT_WORDS)
		return;
	to = w->item[w->n++];
	to[0] = '\0';
	if (n >= WORD_BYTES)
		return;
	for (size_t i = 0; i < n; i++)
		to[i] = (char)tolower((unsigned char)at[i]);
	to[n] = '\0';
}

/* The words of one line, code between backquotes left out. */
static void
words_of_line(struct words *w, const char *line, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t from = i;

		if (line[i] == '`') {
			for (i++; i < n && line[i] != '`';)
				i++;
			i++;
			add_word(w, "|", 1); /* what stands around code is apart */
			continue;
		}
		if (!is_of_word(line[i])) {
			if (strchr("?!;:,", line[i]))
				add_word(w, line + i, 1);
			i++;
			continue;
		}
		while (i < n && is_of_word(line[i]))
			i++;
		add_word(w, line + from, i - from);
		if (line[i - 1] == '.')
			add_word(w, "|", 1);
	}
	add_word(w, "|", 1);
}

static void
words_of(const char *text, struct words *w)
{
	bool in_code = false;

	w->n = 0;
	for (const char *line = text; *line && w->n < INTENT_WORDS;) {
		size_t n = strcspn(line, "\n"), blank = strspn(line, " \t");

		if (strncmp(line + blank, "```", 3) == 0)
			in_code = !in_code;
		else if (!in_code && line[blank] != '>')
			words_of_line(w, line, n);
		line += n + (line[n] != '\0');
	}
}

/* "cia-386": letters, a hyphen, digits; or "#12". */
static bool
is_issue(const char *word)
{
	size_t letters = 0;

	while (isalnum((unsigned char)word[letters]))
		letters++;
	return letters > 0 && isalpha((unsigned char)word[0]) && word[letters] == '-' &&
	       isdigit((unsigned char)word[letters + 1]) &&
	       word[letters + 1 + strspn(word + letters + 1, "0123456789")] == '\0';
}

static bool
is_agent(const char *word)
{
	static const char *const agents[] = { "claude", "factory", "cursor", "codex",
		"copilot", "amp", "cto.new", "warp", "oz", "gemini", "opencode" };

	word += word[0] == '@';
	for (size_t i = 0; i < N_ELEMS(agents); i++) {
		if (strcmp(agents[i], word) == 0)
			return true;
	}
	return false;
}

static bool
is_break(const char *word)
{
	return strlen(word) == 1 && strchr("|?!;:,", word[0]);
}

static bool
word_fits(const char *want, const char *word)
{
	if (strcmp(want, "id") == 0)
		return is_issue(word);
	if (strcmp(want, "agent") == 0)
		return is_agent(word);
	return strcmp(want, word) == 0;
}

/* How many words from AT the pattern takes; 0 when it does not fit there. */
static size_t
pattern_fits(const char *pattern, const struct words *w, size_t at)
{
	size_t i = at;
	int skip = 0;

	while (*pattern) {
		size_t n = strcspn(pattern, " ");
		char want[WORD_BYTES];

		snprintf(want, sizeof(want), "%.*s", (int)n, pattern);
		pattern += n + (pattern[n] == ' ');
		if (strcmp(want, "*") == 0) {
			skip = 4;
			continue;
		}
		while (i < w->n && skip > 0 && !word_fits(want, w->item[i]) &&
		       !is_break(w->item[i])) {
			i++;
			skip--;
		}
		if (i >= w->n || !word_fits(want, w->item[i]))
			return 0;
		skip = 0;
		i++;
	}
	return i - at;
}

struct hit {
	const struct intent_row *row;
	size_t at, n;
};

static bool
is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], word) == 0)
			return true;
	}
	return false;
}

static bool
ends_sentence(const char *word)
{
	return strlen(word) == 1 && strchr("|?!;", word[0]);
}

/* Is what stands at AT denied, or only said under a condition, in its sentence? */
static bool
is_denied(const struct words *w, const struct hit *hit)
{
	static const char *const no[] = { "not", "don't", "dont", "never", "no",
		"won't", "can't", "cannot", "shouldn't", "isn't", "without", "stop",
		"wait" };
	static const char *const only[] = { "if", "when", "unless", "until", "once",
		"after", "before", "but", "except" };

	for (size_t i = hit->at, k = 0; i-- > 0 && k < 10; k++) {
		if (ends_sentence(w->item[i]))
			break;
		if (is_one_of(w->item[i], no, N_ELEMS(no)) ||
		    is_one_of(w->item[i], only, N_ELEMS(only)))
			return true;
	}
	for (size_t i = hit->at + hit->n; i < w->n && !ends_sentence(w->item[i]); i++) {
		if (is_one_of(w->item[i], only, N_ELEMS(only)))
			return true;
	}
	return false;
}

/* Does the sentence of AT end in a question mark? */
static bool
is_asked(const struct words *w, size_t at)
{
	while (at < w->n && strcmp(w->item[at], "|") != 0 &&
	       strcmp(w->item[at], "!") != 0 && strcmp(w->item[at], ";") != 0) {
		if (strcmp(w->item[at], "?") == 0)
			return true;
		at++;
	}
	return false;
}

/* ---- who may have it --- */

bool
intent_eligible(enum intent intent, const char *agent)
{
	if (strcasecmp(agent, "claude") == 0)
		return true;
	if (strcasecmp(agent, "copilot") == 0)
		return intent == INTENT_REVIEW;
	if (strcasecmp(agent, "factory") == 0)
		return intent == INTENT_IMPLEMENT || intent == INTENT_DISPATCH ||
		       intent == INTENT_SPIKE;
	return intent == INTENT_IMPLEMENT;
}

/* ---- the intent ------------------------------------------------------------------------ */

static bool
find_hit(const struct words *w, const struct intent_row *row, struct hit *hit)
{
	for (size_t at = 0; at < w->n; at++) {
		size_t n = pattern_fits(row->words, w, at);

		if (n == 0)
			continue;
		*hit = (struct hit){ row, at, n };
		return true;
	}
	return false;
}

static void
take_words(const struct words *w, const struct hit *hit, struct intent_parsed *out)
{
	for (size_t i = hit->at; i < hit->at + hit->n; i++) {
		const char *word = w->item[i];

		if (is_issue(word)) {
			for (size_t k = 0; k <= strlen(word); k++)
				out->issue[k] = (char)toupper((unsigned char)word[k]);
		} else if (hit->row->intent == INTENT_DISPATCH && is_agent(word)) {
			snprintf(out->target, sizeof(out->target), "%.31s",
			    word + (word[0] == '@'));
		}
	}
}

static unsigned
flags_of(const struct words *w)
{
	unsigned flags = 0;

	for (size_t i = 0; i < w->n; i++) {
		const char *word = w->item[i];

		if (strcmp(word, "urgent") == 0 || strcmp(word, "asap") == 0)
			flags |= INTENT_URGENT;
		else if (strcmp(word, "skip-tests") == 0 ||
			 (strcmp(word, "skip") == 0 && i + 1 < w->n &&
			     strcmp(w->item[i + 1], "tests") == 0))
			flags |= INTENT_SKIP_TESTS;
		else if (strcmp(word, "quick") == 0 || strcmp(word, "quickly") == 0)
			flags |= INTENT_QUICK;
		else if (strcmp(word, "thorough") == 0 ||
			 strcmp(word, "thoroughly") == 0)
			flags |= INTENT_THOROUGH;
	}
	return flags;
}

static void
give_up(struct intent_parsed *out, const char *why)
{
	out->intent = INTENT_UNKNOWN;
	out->confidence = 0;
	out->rule = "";
	out->issue[0] = out->target[0] = '\0';
	out->warning = why;
}

/* Another intent that acts, elsewhere in the text, denies that this one is meant. */
static void
weigh(struct intent_parsed *out, const struct words *w, const struct hit *first)
{
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct hit other;

		if (rows[i].intent == out->intent || rows[i].intent == INTENT_HELP ||
		    !find_hit(w, &rows[i], &other))
			continue;
		if (other.at < first->at + first->n && first->at < other.at + other.n)
			continue; /* the same words, read otherwise */
		if (intent_acts(out->intent) && intent_acts(rows[i].intent)) {
			give_up(out, "it asks for two different things");
			return;
		}
		out->warning = "it asks for something else as well";
	}
}

void
intent_parse(const char *text, struct intent_parsed *out)
{
	struct words *w = xmalloc(sizeof(*w));
	struct hit hit = { 0 };

	*out = (struct intent_parsed){
		.intent = INTENT_UNKNOWN, .rule = "", .warning = ""
	};
	words_of(text, w);
	out->flags = flags_of(w);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (find_hit(w, &rows[i], &hit))
			break;
	}
	if (hit.row) {
		out->intent = hit.row->intent;
		out->confidence = hit.row->confidence;
		out->rule = hit.row->words;
		take_words(w, &hit, out);
		if (intent_acts(out->intent) && is_denied(w, &hit))
			give_up(out, "it says not to, or only then");
		else if (intent_acts(out->intent) && is_asked(w, hit.at))
			give_up(out, "it is a question");
		else
			weigh(out, w, &hit);
		/* Who is given something by name implements it. */
		if (out->intent == INTENT_DISPATCH && out->target[0] &&
		    !intent_eligible(INTENT_IMPLEMENT, out->target))
			give_up(out, "its agent reviews pull requests only (R-222)");
	}
	free(w);
}

bool
intent_mentions(const char *text, const char *name)
{
	struct words *w = xmalloc(sizeof(*w));
	bool found = false;

	words_of(text, w);
	for (size_t i = 0; i < w->n && !found; i++)
		found = w->item[i][0] == '@' && strcasecmp(w->item[i] + 1, name) == 0;
	free(w);
	return found;
}

enum intent
intent_infer(const struct intent_state *s, int *confidence)
{
	*confidence = 80;
	if (s->is_merged && s->is_green && strcmp(s->spec, "implementing") == 0)
		return INTENT_CLOSE;
	if (strcmp(s->type, "spike") == 0)
		return INTENT_SPIKE;
	if (strcmp(s->spec, "draft") == 0 && strcmp(s->type, "feature") == 0)
		return INTENT_SPEC_AUTHOR;
	if (strcmp(s->spec, "ready") == 0 && !s->has_findings)
		return INTENT_REVIEW;
	if (strcmp(s->spec, "review") == 0 && s->has_open_findings)
		return INTENT_GATE2;
	if (strcmp(s->spec, "implementing") == 0 && s->exec[0] && s->has_criteria) {
		*confidence = 90;
		return INTENT_IMPLEMENT;
	}
	*confidence = 0;
	return INTENT_UNKNOWN;
}

const char *
intent_help(void)
{
	return "I did not act. What I understand, in a comment of a trusted author:\n\n"
	       "| Say | and |\n|---|---|\n"
	       "| `status` | I tell where this stands |\n"
	       "| `gate 2 check` | what is undecided |\n"
	       "| `expand ISSUE` | a person is asked to write it out |\n"
	       "| `help` | this table |\n"
	       "| `implement ISSUE`, `dispatch ISSUE to AGENT`, `review ISSUE`, "
	       "`spike ISSUE`, `write spec for ISSUE`, `close ISSUE` | a person is asked; "
	       "nothing starts by itself |\n";
}
